package dev.switchboard.examples.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The table, for a terminal and for a page, on which it replaces the one of the run before. */
final class Report {
    static final String BEGIN = "<!-- benchmarks: sqlite -->";
    static final String END = "<!-- end -->";

    private final List<Row> rows = new ArrayList<>(List.of(Row.HEAD));

    void add(Row row) {
        rows.add(row);
    }

    void print(PrintStream out) {
        for (Row row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.cells().size(); column++) {
                String cell = row.cells().get(column);
                line.append(cell).append(" ".repeat(width(column) - cell.length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }

    private int width(int column) {
        return rows.stream()
                .mapToInt(row -> row.cells().get(column).length())
                .max()
                .orElse(0);
    }

    private String markdown() {
        List<String> lines = new ArrayList<>();
        for (Row row : rows) {
            lines.add(row.cells().stream().collect(Collectors.joining(" | ", "| ", " |")));
        }
        lines.add(1, "|---".repeat(Row.HEAD.cells().size()) + "|");
        return String.join("\n", lines);
    }

    /** Puts the table between its two marks; a page without them gets it at its end. */
    void write(Path page) throws IOException {
        String text = Files.exists(page) ? Files.readString(page) : "";
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END, Math.max(0, begin));
        String table = BEGIN + "\n" + markdown() + "\n" + END;
        String changed = begin < 0 || end < 0
                ? text + table + "\n"
                : text.substring(0, begin) + table + text.substring(end + END.length());
        Files.writeString(page, changed);
    }
}
