package dev.switchboard.core;

import java.util.List;
import java.util.regex.Pattern;
import reactor.util.context.Context;

/**
 * What a borrower did to its session. What went through the handle's setters is known and can be undone; what it did in
 * SQL is only known to have happened.
 */
final class SessionChanges {

    /** First words of statements that outlive their transaction in the session, on one product or another. */
    private static final List<String> CHANGING_WORDS = List.of(
            "SET",
            "RESET",
            "USE",
            "LISTEN",
            "UNLISTEN",
            "BEGIN",
            "START",
            "COMMIT",
            "ROLLBACK",
            "END",
            "ABORT",
            "SAVEPOINT",
            "LOCK",
            "UNLOCK",
            "PREPARE",
            "DEALLOCATE",
            "DISCARD",
            "DECLARE",
            "CALL",
            "DO",
            "EXECUTE",
            "PRAGMA",
            "ATTACH",
            "DETACH",
            "LOAD",
            "HANDLER",
            "FLUSH",
            "XA");

    /** What changes a session from inside of a statement. */
    private static final Pattern CHANGING_PARTS = Pattern.compile(
            "\\bset_config\\b|\\bpg_(try_)?advisory_lock|\\bget_lock\\b|\\binto\\s*@|\\bdiagnostics\\b|\\balter\\s+session\\b"
                    + "|\\binto\\s+((global|local)\\s+)?temp|\\bcreate\\b[^;(]{0,200}\\b(pg_)?temp(orary)?\\b",
            Pattern.CASE_INSENSITIVE);

    /** First words of statements that read on every product, though {@code WITH} may go on to write. */
    private static final List<String> READING_WORDS = List.of("SELECT", "VALUES", "WITH");

    private boolean isolation;
    private boolean autoCommit;
    private boolean timeouts;
    private boolean unknown;

    /** Looks at a text before it is sent. A false alarm costs a reset; a function's inside cannot be seen. */
    void sent(String sql) {
        unknown = unknown
                || setsVariable(sql)
                || CHANGING_PARTS.matcher(sql).find()
                || !FirstWords.allMatch(sql, word -> word != null && !CHANGING_WORDS.contains(word));
    }

    /** However its name is written: in quotes, with blanks or comments behind it. */
    private static boolean setsVariable(String sql) {
        int at = sql.indexOf('@');
        return at >= 0 && sql.indexOf(":=", at) >= 0;
    }

    /** Whether every statement of a text begins like one that reads. What does may write all the same, the rest may not. */
    static boolean beginsReading(String sql) {
        return FirstWords.allMatch(
                sql, word -> word != null && (READING_WORDS.contains(word) || word.equals(FirstWords.END)));
    }

    void isolation() {
        isolation = true;
    }

    void autoCommit() {
        autoCommit = true;
    }

    void timeouts() {
        timeouts = true;
    }

    void unknown() {
        unknown = true;
    }

    /** Whether something was done to the session of which nobody knows what it was. */
    boolean areUntracked() {
        return unknown;
    }

    /** Somebody holds the driver's own connection: whatever that does counts as a change of the session, and as a write. */
    void unwrapped(HandleSession session) {
        session.binding().sending(Context.empty(), session.isReadOnlyTransaction());
        unknown();
    }

    boolean isolationChanged() {
        return isolation;
    }

    boolean autoCommitChanged() {
        return autoCommit;
    }

    /**
     * Whether only a reset of the whole session, or closing it, can undo what was done.
     *
     * @param undoesTimeouts whether the driver takes time-outs back itself
     */
    boolean needsReset(boolean undoesTimeouts) {
        return unknown || (timeouts && !undoesTimeouts);
    }

    boolean any() {
        return isolation || autoCommit || timeouts || unknown;
    }
}
