package dev.switchboard.core;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

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

    /** What changes a session from inside of a query. */
    private static final Pattern CHANGING_CALLS = Pattern.compile(
            "\\bset_config\\s*\\(|\\bpg_(try_)?advisory_lock|\\bget_lock\\s*\\(|@\\w+\\s*:=|\\b(create|into)\\s+((global|local)\\s+)?temp",
            Pattern.CASE_INSENSITIVE);

    private boolean isolation;
    private boolean autoCommit;
    private boolean timeouts;
    private boolean unknown;

    /** Looks at a statement before it is sent. A false alarm costs a reset; a function's inside cannot be seen. */
    void sent(String sql) {
        if (!unknown) {
            unknown = CHANGING_WORDS.contains(firstWord(sql))
                    || CHANGING_CALLS.matcher(sql).find();
        }
    }

    private static String firstWord(String sql) {
        int start = afterComments(sql);
        int end = start;
        while (end < sql.length() && Character.isLetter(sql.charAt(end))) {
            end++;
        }
        return sql.substring(start, end).toUpperCase(Locale.ROOT);
    }

    private static int afterComments(String sql) {
        int at = 0;
        while (at < sql.length()) {
            if (Character.isWhitespace(sql.charAt(at)) || sql.charAt(at) == ';' || sql.charAt(at) == '(') {
                at++;
            } else if (sql.startsWith("--", at)) {
                int end = sql.indexOf('\n', at);
                at = end < 0 ? sql.length() : end;
            } else if (sql.startsWith("/*", at)) {
                int end = sql.indexOf("*/", at);
                at = end < 0 ? sql.length() : end + 2;
            } else {
                return at;
            }
        }
        return at;
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

    /** Whether only a reset of the whole session, or closing it, can undo what was done. */
    boolean needsReset() {
        return unknown || timeouts;
    }

    boolean any() {
        return isolation || autoCommit || needsReset();
    }
}
