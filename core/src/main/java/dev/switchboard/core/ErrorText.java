package dev.switchboard.core;

import java.time.Duration;
import java.util.Collection;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How names, SQL and durations are written in messages: short, on one line and with nothing hidden, since names and SQL may
 * come from a request.
 */
final class ErrorText {

    private static final int LONGEST_NAME = 60;
    private static final int LONGEST_SQL = 120;
    private static final int LONGEST_WORDS = 300;

    private ErrorText() {}

    /** {@code Connection 'orders'}, or {@code The connection} where the name is not known. */
    static String connection(@Nullable String name) {
        return name == null ? "The connection" : "Connection " + quoted(name);
    }

    static String quoted(String name) {
        return "'" + name(name) + "'";
    }

    static String quoted(Collection<String> names) {
        return names.stream().map(ErrorText::quoted).collect(Collectors.joining(", "));
    }

    static String name(String name) {
        return shortened(name, LONGEST_NAME);
    }

    /** What somebody else has to say, on one line. */
    static String words(String words) {
        return shortened(words, LONGEST_WORDS);
    }

    /** SQL on one line of at most 120 characters. */
    static String sql(String sql) {
        return sql(sql, LONGEST_SQL);
    }

    static String sql(String sql, int longest) {
        String head = sql.substring(0, Math.min(sql.length(), 4 * longest));
        String line = visible(head.strip().replaceAll("\\s+", " "));
        boolean cut = line.length() > longest || head.length() < sql.length();
        return cut ? cutAt(line, longest - 3) + "..." : line;
    }

    /** A place without user and password, even where a whole URL was handed in; an at sign in a file's path stays. */
    static String where(String where) {
        int scheme = where.indexOf("://");
        int at = where.lastIndexOf('@');
        boolean isFile = scheme < 0 && (where.startsWith("/") || where.startsWith("."));
        int start = isFile ? 0 : Math.max(at + 1, scheme < 0 ? 0 : scheme + 3);
        return shortened(where.substring(start), LONGEST_SQL);
    }

    /** {@code 300 ms}, {@code 1.5 s}, {@code 10 min}, {@code 24 h}, {@code 365 days}. */
    static String duration(Duration duration) {
        if (Math.abs(duration.toDays()) > 1) {
            return duration.toDays() + " days";
        }
        long millis = duration.toMillis();
        if (Math.abs(millis) < 1000) {
            return millis + " ms";
        }
        if (millis % 3_600_000 == 0) {
            return millis / 3_600_000 + " h";
        }
        if (millis % 60_000 == 0) {
            return millis / 60_000 + " min";
        }
        return seconds(millis);
    }

    private static String seconds(long millis) {
        String seconds = millis / 1000 + "." + String.format("%03d", Math.abs(millis % 1000));
        return seconds.replaceAll("\\.?0+$", "") + " s";
    }

    static String shortened(String text, int longest) {
        if (text.length() <= longest) {
            return visible(text);
        }
        return visible(cutAt(text, longest)) + "... (" + text.length() + " characters)";
    }

    private static String cutAt(String text, int end) {
        if (text.length() <= end) {
            return text;
        }
        boolean splitsPair = Character.isHighSurrogate(text.charAt(end - 1));
        return text.substring(0, splitsPair ? end - 1 : end);
    }

    private static String visible(String text) {
        if (text.codePoints().noneMatch(ErrorText::isHidden)) {
            return text;
        }
        StringBuilder shown = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(point -> append(shown, point));
        return shown.toString();
    }

    private static void append(StringBuilder shown, int point) {
        if (isHidden(point)) {
            shown.append(String.format(point > 0xFFFF ? "\\u{%X}" : "\\u%04X", point));
        } else {
            shown.appendCodePoint(point);
        }
    }

    /** Control and format characters (line breaks, terminal escapes, text direction) and halves of characters. */
    static boolean isHidden(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }
}
