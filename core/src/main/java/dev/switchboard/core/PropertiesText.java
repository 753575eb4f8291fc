package dev.switchboard.core;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * The entries of a properties file with their lines. {@link Properties} reads each entry; it is handed one at a time, since on
 * its own it tells neither lines nor keys that come twice.
 */
final class PropertiesText {

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private PropertiesText() {}

    /**
     * One entry.
     *
     * @param line the number of its first line, from 1
     * @param key its key
     * @param value its value, which may hold a secret
     */
    record Entry(int line, String key, String value) {}

    static List<Entry> entries(String text, String file, ConfigurationProblems problems) {
        String[] lines = (text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text).split("\r\n|\r|\n", -1);
        List<Entry> entries = new ArrayList<>();
        int next = 0;
        while (next < lines.length) {
            int first = next;
            StringBuilder entry = new StringBuilder(lines[next++]);
            if (isComment(lines[first])) {
                continue;
            }
            while (goesOn(lines[next - 1]) && next < lines.length) {
                entry.append('\n').append(lines[next++]);
            }
            problems.during(file + ", line " + (first + 1), () -> read(first + 1, entry.toString(), entries));
        }
        return entries;
    }

    private static boolean isComment(String line) {
        String text = line.stripLeading();
        return text.isEmpty() || text.startsWith("#") || text.startsWith("!");
    }

    private static boolean goesOn(String line) {
        int end = line.length();
        while (end > 0 && line.charAt(end - 1) == '\\') {
            end--;
        }
        return (line.length() - end) % 2 == 1;
    }

    private static void read(int line, String text, List<Entry> entries) {
        Properties one = new Properties();
        try {
            one.load(new StringReader(text));
        } catch (IllegalArgumentException quotesNothing) {
            throw ConfigurationProblems.refused(
                    "a \\u is not followed by four hexadecimal digits",
                    "\\u and four hexadecimal digits, as in \\u00e4",
                    "Write a backslash itself as \\\\");
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        one.stringPropertyNames().forEach(key -> entries.add(new Entry(line, key, one.getProperty(key))));
    }
}
