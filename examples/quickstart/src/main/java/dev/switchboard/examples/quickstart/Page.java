package dev.switchboard.examples.quickstart;

import java.io.PrintStream;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prints the tour: numbered headings, aligned rows, long sentences in short lines. */
final class Page {

    private static final Pattern LINE = Pattern.compile("(\\S.{0,99})(?:\\s+|$)");
    private static final String INDENT = "   ";

    private final PrintStream out;
    private int steps;

    Page(PrintStream out) {
        this.out = out;
    }

    void heading(String text) {
        steps++;
        out.println();
        out.println(steps + ". " + text);
    }

    void line(String text) {
        out.println(INDENT + text);
    }

    void row(String connection, String product, List<?> values) {
        String joined = String.join(", ", values.stream().map(Object::toString).toList());
        line(String.format("%-8s %-11s %s", connection, product, joined).stripTrailing());
    }

    void error(Throwable error) {
        line(error.getClass().getSimpleName());
        Matcher lines = LINE.matcher(String.valueOf(error.getMessage()));
        while (lines.find()) {
            line("  " + lines.group(1));
        }
    }
}
