package dev.switchboard.routing;

/**
 * Writes strings, quoted names and comments so that a driver's own parser sees what the product sees.
 *
 * <p>The H2 driver cuts every text at its semicolons, quoted ones too, and runs the parts one by one. The drivers for MySQL and
 * MariaDB look for their question marks with parsers that do not agree with their servers about where a comment ends.
 */
final class DriverText {

    private DriverText() {}

    /**
     * The same piece of SQL in other words, where that is needed.
     *
     * @param piece a string, a quoted name or a comment
     * @param before the character before it
     * @param dialect whose driver gets it
     */
    static String of(String piece, char before, SqlDialect dialect) {
        if (dialect == SqlDialect.H2 && piece.indexOf(';') >= 0) {
            return before == '&' ? piece.replace(";", "\\003b") : withoutSemicolon(piece);
        }
        return dialect.isMysql() ? withPlainQuotes(piece) : piece;
    }

    private static String withoutSemicolon(String piece) {
        return switch (piece.charAt(0)) {
            case '\'' -> "U&" + escaped(piece);
            case '"' -> "U&" + escaped(piece);
            case '$' -> {
                int end = piece.length() - (piece.endsWith("$$") && piece.length() > 3 ? 2 : 0);
                yield "U&'" + escaped(piece.substring(2, end).replace("'", "''")) + "'";
            }
            case '`' -> piece;
            default -> piece.replace(';', ',');
        };
    }

    private static String escaped(String quoted) {
        return quoted.replace("\\", "\\\\").replace(";", "\\003b");
    }

    private static String withPlainQuotes(String piece) {
        return switch (piece.charAt(0)) {
            case '#' -> "-- " + harmless(piece.substring(1));
            case '-' -> harmless(piece);
            case '/' -> isExecuted(piece) ? piece : harmless(piece);
            case '\'', '"' -> withDoubledQuotes(piece);
            default -> piece;
        };
    }

    /** The drivers for MySQL and PostgreSQL take no backslash for an escape when they look for the end of a string. */
    static String withDoubledQuotes(String string) {
        if (!string.contains("\\'") && !string.contains("\\\"")) {
            return string;
        }
        char quote = string.charAt(0);
        StringBuilder written = new StringBuilder(string.length());
        int at = 0;
        while (at < string.length()) {
            char here = string.charAt(at);
            char next = at + 1 < string.length() ? string.charAt(at + 1) : ' ';
            if (here != '\\') {
                written.append(here);
                at++;
            } else {
                written.append(next == quote ? quote : next == '\'' || next == '"' ? "" : here)
                        .append(next);
                at += 2;
            }
        }
        return written.toString();
    }

    private static boolean isExecuted(String comment) {
        return comment.startsWith("/*!") || comment.startsWith("/*M!") || comment.startsWith("/*+");
    }

    private static String harmless(String comment) {
        return comment.replace('?', ' ')
                .replace('\'', ' ')
                .replace('"', ' ')
                .replace('`', ' ')
                .replace('\r', ' ');
    }
}
