package dev.switchboard.routing;

/**
 * Finds the ends of those parts of SQL in which a colon is only a colon: strings, quoted names and comments. What MySQL and
 * MariaDB execute of a comment counts as comment here, since their drivers see no parameter in it.
 */
final class SqlSkipper {

    private final String sql;
    private final SqlDialect dialect;

    SqlSkipper(String sql, SqlDialect dialect) {
        this.sql = sql;
        this.dialect = dialect;
    }

    /** The end of the part that begins here, or {@code at} where none does; an unfinished part goes to the end. */
    int skipFrom(int at) {
        return switch (sql.charAt(at)) {
            case '\'' -> isEscapeString(at) ? escapeString(at) : quoted(at, '\'', dialect.escapesWithBackslash());
            case '"' -> quoted(at, '"', dialect.escapesWithBackslash());
            case '`' -> dialect.quotesWithBackticks() ? quoted(at, '`', false) : at;
            case '[' -> dialect.quotesWithBrackets() ? quoted(at, ']', false) : at;
            case '$' -> dollarQuoted(at);
            case '-', '#', '/' -> comment(at);
            default -> at;
        };
    }

    private int quoted(int at, char close, boolean backslash) {
        int next = at + 1;
        while (next < sql.length()) {
            char here = sql.charAt(next);
            if (here == '\\' && backslash) {
                next += 2;
            } else if (here != close) {
                next++;
            } else if (charAt(next + 1) == close && !(close == ']' && dialect == SqlDialect.SQLITE)) {
                next += 2;
            } else {
                return next + 1;
            }
        }
        return sql.length();
    }

    /** PostgreSQL's {@code E'..'}. */
    boolean isEscapeString(int quote) {
        char prefix = charAt(quote - 1);
        return dialect == SqlDialect.POSTGRESQL && (prefix == 'e' || prefix == 'E') && !isNamePart(charAt(quote - 2));
    }

    /** Goes on in the next string when only a line break is between them, with backslashes in it as in the first one. */
    private int escapeString(int at) {
        int end = quoted(at, '\'', true);
        while (true) {
            int next = end;
            boolean breaksLine = false;
            while (next < sql.length() && Character.isWhitespace(sql.charAt(next))) {
                breaksLine |= sql.charAt(next) == '\n' || sql.charAt(next) == '\r';
                next++;
            }
            if (!breaksLine || charAt(next) != '\'') {
                return end;
            }
            end = quoted(next, '\'', true);
        }
    }

    /** {@code $$..$$}, and PostgreSQL's {@code $tag$..$tag$}. */
    private int dollarQuoted(int at) {
        if (!mayBeginDollarQuote(charAt(at - 1))) {
            return at;
        }
        int tagEnd = at + 1;
        if (dialect == SqlDialect.POSTGRESQL && isNameStart(charAt(tagEnd))) {
            while (isNamePart(charAt(tagEnd)) && charAt(tagEnd) != '$') {
                tagEnd++;
            }
        }
        if (charAt(tagEnd) != '$') {
            return at;
        }
        String tag = sql.substring(at, tagEnd + 1);
        int close = sql.indexOf(tag, tagEnd + 1);
        return close < 0 ? sql.length() : close + tag.length();
    }

    private boolean mayBeginDollarQuote(char before) {
        return switch (dialect) {
            case POSTGRESQL -> !isNamePart(before);
            case H2 -> before <= ' ';
            default -> false;
        };
    }

    private int comment(int at) {
        char second = charAt(at + 1);
        return switch (sql.charAt(at)) {
            case '-' -> second == '-' && isLineComment(at) ? lineEnd(at) : at;
            case '#' -> dialect.isMysql() ? lineEnd(at) : at;
            default -> {
                if (second == '/' && dialect == SqlDialect.H2) {
                    yield lineEnd(at);
                }
                yield second == '*' ? blockComment(at) : at;
            }
        };
    }

    /** MySQL and MariaDB take two dashes for a comment only before a space. */
    private boolean isLineComment(int at) {
        return !dialect.isMysql() || charAt(at + 2) <= ' ';
    }

    private int lineEnd(int at) {
        int end = at;
        while (end < sql.length()
                && sql.charAt(end) != '\n'
                && !(sql.charAt(end) == '\r' && dialect.endsCommentsAtReturn())) {
            end++;
        }
        return end;
    }

    private int blockComment(int at) {
        int depth = 1;
        int next = at + 2;
        while (next < sql.length()) {
            if (sql.startsWith("*/", next)) {
                depth--;
                next += 2;
            } else if (dialect.nestsComments() && sql.startsWith("/*", next)) {
                depth++;
                next += 2;
            } else {
                next++;
            }
            if (depth == 0) {
                return next;
            }
        }
        return sql.length();
    }

    /** The character there, or a blank outside of the text. */
    char charAt(int index) {
        return index >= 0 && index < sql.length() ? sql.charAt(index) : ' ';
    }

    static boolean isNameStart(char character) {
        return Character.isLetter(character) || character == '_';
    }

    static boolean isNamePart(char character) {
        return Character.isLetterOrDigit(character) || character == '_' || character == '$';
    }
}
