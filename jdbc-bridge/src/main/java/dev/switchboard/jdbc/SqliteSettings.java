package dev.switchboard.jdbc;

import java.time.Duration;

/**
 * How a SQLite connection is set up.
 *
 * @param durability what is promised after a crash
 * @param foreignKeys whether foreign keys are enforced
 * @param writing when a transaction takes the write lock
 * @param attach whether other files may be attached
 * @param lockWaitTimeout how long a statement waits for another connection's lock
 * @param file how the file is opened
 */
record SqliteSettings(
        Durability durability,
        boolean foreignKeys,
        Writing writing,
        boolean attach,
        Duration lockWaitTimeout,
        SqliteFileMode file) {

    /**
     * What is promised after a crash.
     *
     * @param journalMode the journal of a file, {@code WAL} unless asked otherwise
     * @param synchronous how often SQLite waits for the disk: unless asked otherwise {@code NORMAL} with WAL, where no
     *     crash can damage the file, and {@code FULL} with the others
     */
    record Durability(String journalMode, String synchronous) {}

    /**
     * How values are stored.
     *
     * @param epochMillis whether points in time are numbers
     * @param checkedDecimals whether decimal numbers are numbers, refused where one would lose digits, and not text
     */
    record Values(boolean epochMillis, boolean checkedDecimals) {}

    /** When a transaction that is not read-only takes the write lock. */
    enum Writing {
        /** When it begins. */
        IMMEDIATE,
        /** When it first writes. */
        DEFERRED,
        /** Never, since nothing may write. */
        NEVER
    }

    boolean readOnly() {
        return file.readOnly();
    }

    /** Whether connections refuse to write although the file could be written. */
    boolean queryOnly() {
        return writing == Writing.NEVER;
    }

    boolean mayWrite() {
        return !readOnly() && !queryOnly();
    }
}
