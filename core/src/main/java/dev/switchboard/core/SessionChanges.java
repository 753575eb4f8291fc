package dev.switchboard.core;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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
            "\\bset_config\\b|\\bpg_(try_)?advisory_lock|\\bget_lock\\b|@[\\w.$`]+\\s*:=|\\binto\\s+@|\\balter\\s+session\\b"
                    + "|\\binto\\s+((global|local)\\s+)?temp|\\bcreate\\b[^;(]{0,200}\\b(pg_)?temp(orary)?\\b",
            Pattern.CASE_INSENSITIVE);

    /** First words of statements that read on every product, though {@code WITH} may go on to write. */
    private static final List<String> READING_WORDS = List.of("SELECT", "VALUES", "WITH");

    private boolean isolation;
    private boolean autoCommit;
    private boolean timeouts;
    private boolean unknown;

    /**
     * Looks at a text before it is sent. A false alarm costs a reset; a function's inside cannot be seen.
     *
     * <p>A statement begins after each semicolon, quoted ones included: products disagree on where a quoted text ends, and
     * whoever takes code for a text misses a change.
     */
    void sent(String sql) {
        boolean changes = CHANGING_PARTS.matcher(sql).find();
        for (int at = 0; at >= 0 && !changes && !unknown; at = next(sql, at)) {
            changes = begins(sql, at);
        }
        unknown |= changes;
    }

    /** Where the next statement begins, or a negative number where none does. */
    private static int next(String sql, int at) {
        int end = sql.indexOf(';', at);
        return end < 0 ? end : end + 1;
    }

    /** Whether a statement that begins here is one that changes the session, or one that cannot be read. */
    private static boolean begins(String sql, int at) {
        String word = firstWord(sql, at);
        return word == null || CHANGING_WORDS.contains(word);
    }

    /** The first word of what begins here, in upper case; null where it cannot be told. */
    private static @Nullable String firstWord(String sql, int at) {
        int start = afterComments(sql, at);
        int end = start;
        while (end >= 0 && end < sql.length() && Character.isLetter(sql.charAt(end))) {
            end++;
        }
        return start < 0 ? null : sql.substring(start, end).toUpperCase(Locale.ROOT);
    }

    /** Whether every statement of a text begins like one that reads. What does may write all the same, the rest may not. */
    static boolean beginsReading(String sql) {
        boolean reads = true;
        for (int at = 0; at >= 0 && reads; at = next(sql, at)) {
            String word = firstWord(sql, at);
            reads = word != null && (READING_WORDS.contains(word) || afterComments(sql, at) == sql.length());
        }
        return reads;
    }

    /** Where the first word is, or a negative number where that depends on who reads it. */
    private static int afterComments(String sql, int from) {
        int at = from;
        while (at >= 0 && at < sql.length()) {
            if (Character.isWhitespace(sql.charAt(at)) || sql.charAt(at) == '(') {
                at++;
            } else if (sql.charAt(at) == '#' || sql.startsWith("--", at)) {
                int end = sql.indexOf('\n', at);
                at = end < 0 ? sql.length() : end;
            } else if (sql.startsWith("/*", at)) {
                at = afterComment(sql, at + 2);
            } else {
                return at;
            }
        }
        return at;
    }

    /** Past a comment that every product takes for one: MySQL runs some of them, and PostgreSQL nests them. */
    private static int afterComment(String sql, int from) {
        int end = sql.indexOf("*/", from);
        int inner = sql.indexOf("/*", from);
        boolean isPlain =
                end >= 0 && (inner < 0 || inner > end) && !sql.startsWith("!", from) && !sql.startsWith("M!", from);
        return isPlain ? end + 2 : -1;
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
