package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcBadGrammarException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;

/**
 * A pragma, known by its name. SQLite sets some of them while it prepares a statement, even one that begins with {@code
 * EXPLAIN}, so nothing may be prepared to find out what a pragma does.
 *
 * @param name the name in lower case, without that of a schema
 * @param hasArgument whether it is given a value
 */
record SqlitePragma(String name, boolean hasArgument) {
    /** Change the file with a value, and read it without. */
    private static final Set<String> WRITE_THEIR_VALUE = Set.of(
            "application_id",
            "auto_vacuum",
            "default_cache_size",
            "journal_mode",
            "locking_mode",
            "schema_version",
            "user_version");

    /** Change the file whether they are given a value or not. */
    private static final Set<String> ALWAYS_WRITE = Set.of("incremental_vacuum", "optimize", "wal_checkpoint");

    private static final String LOCK_WAIT = "busy_timeout";
    private static final String QUERY_ONLY = "query_only";

    /** The pragma that a statement is, behind an {@code EXPLAIN} too; null if it is none. */
    static @Nullable SqlitePragma of(String sql) {
        SqliteTokenizer words = new SqliteTokenizer(sql);
        words.next();
        if (words.isWord("EXPLAIN")) {
            words.next();
            if (words.isWord("QUERY")) {
                words.next();
                words.next();
            }
        }
        if (!words.isWord("PRAGMA")) {
            return null;
        }
        words.next();
        String name = words.text();
        words.next();
        if (words.kind() == SqliteTokenizer.Kind.OTHER && words.text().equals(".")) {
            words.next();
            name = words.text();
            words.next();
        }
        boolean hasArgument = words.kind() == SqliteTokenizer.Kind.OPEN
                || (words.kind() == SqliteTokenizer.Kind.OTHER && words.text().startsWith("="));
        return new SqlitePragma(unquoted(name).toLowerCase(Locale.ROOT), hasArgument);
    }

    /** To explain a pragma is to carry it out, behind the back of whoever reads the first word of a text. */
    static void requireNotExplained(String sql) {
        SqliteTokenizer words = new SqliteTokenizer(sql);
        words.next();
        if (words.isWord("EXPLAIN") && of(sql) != null) {
            throw new R2dbcBadGrammarException(
                    "EXPLAIN of a PRAGMA is refused: SQLite carries out most of them while it prepares the statement. Run"
                            + " the PRAGMA itself.",
                    "0A000",
                    SQLiteErrorCode.SQLITE_ERROR.code,
                    sql);
        }
    }

    private static String unquoted(String name) {
        boolean quoted = name.length() > 1 && "\"'`[".indexOf(name.charAt(0)) >= 0;
        return quoted ? name.substring(1, name.length() - 1) : name;
    }

    /** Whether it takes the lock that only one writer can have. */
    boolean takesLock() {
        return ALWAYS_WRITE.contains(name) || (hasArgument && WRITE_THEIR_VALUE.contains(name));
    }

    /** Whether it decides if the connection may write. */
    boolean setsQueryOnly() {
        return hasArgument && name.equals(QUERY_ONLY);
    }

    /** Whether it puts SQLite's own wait for locks in place of the bridge's. */
    boolean setsLockWait() {
        return hasArgument && name.equals(LOCK_WAIT);
    }
}
