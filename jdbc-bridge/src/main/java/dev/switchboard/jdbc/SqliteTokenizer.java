package dev.switchboard.jdbc;

/**
 * Cuts SQL into tokens as SQLite's own tokenizer does: literals, quoted identifiers and comments hide what is in them,
 * and a parameter is {@code ?}, {@code ?12} or one of {@code : @ $ #} with a name.
 */
final class SqliteTokenizer {

    /** The kinds of token that matter for parameters and statement borders. */
    enum Kind {
        WORD,
        PARAMETER,
        SEMICOLON,
        OPEN,
        CLOSE,
        OTHER,
        END
    }

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final String sql;
    private int start;
    private int end;
    private Kind kind = Kind.OTHER;

    SqliteTokenizer(String sql) {
        this.sql = sql;
    }

    int start() {
        return start;
    }

    int end() {
        return end;
    }

    Kind kind() {
        return kind;
    }

    String text() {
        return sql.substring(start, end);
    }

    boolean isWord(String word) {
        return kind == Kind.WORD
                && end - start == word.length()
                && sql.regionMatches(true, start, word, 0, word.length());
    }

    /** Moves to the next token that is neither white space nor comment; answers its kind. */
    Kind next() {
        skipSpace();
        start = end;
        if (end >= sql.length()) {
            kind = Kind.END;
            return kind;
        }
        char c = sql.charAt(end);
        switch (c) {
            case ';' -> single(Kind.SEMICOLON);
            case '(' -> single(Kind.OPEN);
            case ')' -> single(Kind.CLOSE);
            case '\'', '"', '`' -> quoted(c);
            case '[' -> bracketed();
            case '?' -> number();
            case ':', '@', '$', '#' -> variable();
            default -> wordOrOther(c);
        }
        return kind;
    }

    private void skipSpace() {
        while (end < sql.length()) {
            char c = sql.charAt(end);
            if (isSpace(c) || c == BYTE_ORDER_MARK) {
                end++;
            } else if (c == '-' && at(end + 1) == '-') {
                skipTo(sql.indexOf('\n', end), 1);
            } else if (c == '/' && at(end + 1) == '*' && end + 2 < sql.length()) {
                skipTo(sql.indexOf("*/", end + 2), 2);
            } else {
                return;
            }
        }
    }

    private void skipTo(int found, int length) {
        end = found < 0 ? sql.length() : found + length;
    }

    private void single(Kind found) {
        end++;
        kind = found;
    }

    private void quoted(char quote) {
        end++;
        while (end < sql.length()) {
            if (sql.charAt(end) != quote) {
                end++;
            } else if (at(end + 1) == quote) {
                end += 2;
            } else {
                break;
            }
        }
        end = Math.min(end + 1, sql.length());
        kind = Kind.OTHER;
    }

    private void bracketed() {
        skipTo(sql.indexOf(']', end), 1);
        kind = Kind.OTHER;
    }

    private void number() {
        end++;
        while (isDigit(at(end))) {
            end++;
        }
        kind = Kind.PARAMETER;
    }

    /** A name may hold {@code ::} and end in a bracket, as the Tcl binding of SQLite writes array elements. */
    private void variable() {
        boolean register = sql.charAt(end) == '#' && isDigit(at(end + 1));
        int named = 0;
        end++;
        kind = Kind.PARAMETER;
        while (end < sql.length()) {
            char c = sql.charAt(end);
            if (isIdentifier(c)) {
                named++;
                end++;
            } else if (c == '(' && named > 0) {
                bracketOfVariable();
                break;
            } else if (c == ':' && at(end + 1) == ':') {
                end += 2;
            } else {
                break;
            }
        }
        if (named == 0 || register) {
            kind = Kind.OTHER;
        }
    }

    private void bracketOfVariable() {
        do {
            end++;
        } while (end < sql.length() && !isSpace(sql.charAt(end)) && sql.charAt(end) != ')');
        if (at(end) == ')') {
            end++;
        } else {
            kind = Kind.OTHER;
        }
    }

    private void wordOrOther(char c) {
        if (!isIdentifier(c)) {
            single(Kind.OTHER);
            return;
        }
        boolean blob = (c == 'x' || c == 'X') && at(end + 1) == '\'';
        if (blob) {
            end++;
            quoted('\'');
            return;
        }
        while (end < sql.length() && isIdentifier(sql.charAt(end))) {
            end++;
        }
        kind = isDigit(c) ? Kind.OTHER : Kind.WORD;
    }

    private char at(int index) {
        return index < sql.length() ? sql.charAt(index) : '\0';
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isIdentifier(char c) {
        return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
