package dev.switchboard.jdbc;

import java.time.Duration;

/**
 * What a task of a connection needs before it runs.
 *
 * @param need whether it writes
 * @param patience how long it is ready to wait for the right to write
 * @param name the name of the transaction that it begins, empty if it has none
 * @param ofStatement whether the patience is that of the statement, and not the one for locks
 */
record WriteAccess(Need need, Duration patience, String name, boolean ofStatement) {
    static final WriteAccess NONE = new WriteAccess(Need.NONE, Duration.ZERO, "");

    WriteAccess(Need need, Duration patience, String name) {
        this(need, patience, name, false);
    }

    /** Writes inside a transaction that began without the right: waiting could be for somebody who waits for it. */
    static final WriteAccess IF_FREE = new WriteAccess(Need.IF_FREE, Duration.ZERO, "");

    static WriteAccess within(Duration patience) {
        return new WriteAccess(Need.TURN, patience, "");
    }

    /** The same for a statement that has so much time in all; zero is no limit. */
    WriteAccess noLongerThan(Duration statementTimeout) {
        boolean limits = !statementTimeout.isZero() && statementTimeout.compareTo(patience) < 0;
        return limits ? new WriteAccess(need, statementTimeout, name, true) : this;
    }

    /** The kinds of need. */
    enum Need {
        NONE,
        IF_FREE,
        TURN
    }
}
