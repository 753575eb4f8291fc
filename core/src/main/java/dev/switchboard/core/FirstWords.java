package dev.switchboard.core;

import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The first words of the statements in a text. One begins after each semicolon, quoted ones and those in comments included:
 * products disagree on where a quoted text ends, and whoever takes code for a text misses a statement.
 *
 * <p>Goes from the end of the text to its beginning, since what follows a comment is known by then: one pass, however many
 * semicolons stand in front of the same comments.
 */
final class FirstWords {
    /** What stands for the first word where there is none, since nothing but spaces and comments comes any more. */
    static final String END = ";";

    /** Longer than any word that somebody asks for. */
    private static final int LONGEST = 32;

    private static final int NONE = -1;

    /** No place in the text, since that depends on who reads it. */
    private static final int UNKNOWN = -2;

    private final String sql;

    /** Where the first word is of what begins at a position, for this and the last few positions. */
    private final int[] words = new int[8];

    private int opens = NONE;
    private int closes = NONE;
    private int afterClose = NONE;
    private int atNewline;

    private FirstWords(String sql) {
        this.sql = sql;
        this.atNewline = sql.length();
    }

    /**
     * Asks about each statement, the last one first.
     *
     * @param sql the text
     * @param asked hears the first word in upper case: empty where something else than a letter comes first, {@link #END} or null
     *     where products read it differently
     * @return whether the answer was always yes
     */
    static boolean allMatch(String sql, Predicate<@Nullable String> asked) {
        int semicolon = sql.indexOf(';');
        boolean isPlain = !sql.isEmpty() && Character.isLetter(sql.charAt(0));
        if (isPlain && (semicolon < 0 || semicolon == sql.length() - 1)) {
            return (semicolon < 0 || asked.test(END)) && asked.test(word(sql, 0));
        }
        return new FirstWords(sql).allMatch(asked);
    }

    private boolean allMatch(Predicate<@Nullable String> asked) {
        for (int at = sql.length(); at >= 0; at--) {
            int first = find(at);
            words[at & 7] = first;
            boolean begins = at == 0 || sql.charAt(at - 1) == ';';
            if (begins && !asked.test(first == UNKNOWN ? null : word(sql, first))) {
                return false;
            }
        }
        return true;
    }

    private static String word(String sql, int from) {
        if (from == sql.length()) {
            return END;
        }
        int end = from;
        while (end < sql.length() && end - from < LONGEST && Character.isLetter(sql.charAt(end))) {
            end++;
        }
        return sql.substring(from, end).toUpperCase(Locale.ROOT);
    }

    private int find(int at) {
        if (at == sql.length()) {
            return at;
        }
        // The end of a comment that begins here is behind both of its first characters.
        if (sql.startsWith("*/", at + 2)) {
            closes = at + 2;
            afterClose = words[(at + 4) & 7];
        } else if (sql.startsWith("/*", at + 2)) {
            opens = at + 2;
        }
        char first = sql.charAt(at);
        if (Character.isWhitespace(first) || first == '(') {
            int next = words[(at + 1) & 7];
            atNewline = first == '\n' ? next : atNewline;
            return next;
        }
        if (first == '#' || sql.startsWith("--", at)) {
            return atNewline;
        }
        return sql.startsWith("/*", at) ? afterComment(at + 2) : at;
    }

    /** Past a comment that every product takes for one: MySQL runs some of them, and PostgreSQL nests them. */
    private int afterComment(int from) {
        boolean isPlain = closes != NONE
                && (opens == NONE || opens > closes)
                && !sql.startsWith("!", from)
                && !sql.startsWith("M!", from);
        return isPlain ? afterClose : UNKNOWN;
    }
}
