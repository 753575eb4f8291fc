package dev.switchboard.examples.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Measures the SQLite bridge against the same work on sqlite-jdbc itself, in one JVM and in turns. */
public final class Benchmarks {

    private Benchmarks() {}

    /**
     * Runs the measurements and prints a table.
     *
     * @param arguments {@code sqlite}, then options; a wrong one is answered with those that are allowed
     */
    public static void main(String... arguments) throws Exception {
        int status = run(List.of(arguments), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) throws Exception {
        Plan plan;
        try {
            plan = Plan.of(arguments);
        } catch (IllegalArgumentException wrong) {
            err.println(wrong.getMessage());
            return 2;
        }
        Path folder = Files.createTempDirectory("switchboard-benchmarks");
        try {
            run(plan, folder, out);
        } finally {
            delete(folder);
        }
        return 0;
    }

    private static void run(Plan plan, Path folder, PrintStream out) throws Exception {
        Report report = new Report();
        out.println("SQLite bridge against sqlite-jdbc, in turns; " + plan.rounds() + " rounds, "
                + Runtime.getRuntime().availableProcessors() + " cores, Java " + Runtime.version());
        try (SqliteWork work = new SqliteWork(plan, folder)) {
            for (Measurement measurement : plan.chosen(work.measurements())) {
                Pairs pairs = Pairs.measure(measurement, plan.rounds(), work::open);
                out.println(String.join("  ", pairs.row().cells()));
                report.add(pairs.row());
            }
            if ("64 writers".contains(plan.only())) {
                for (Row row : new WriterStorm(plan, folder).rows()) {
                    report.add(row);
                }
            }
        }
        out.println();
        report.print(out);
        if (plan.page() != null) {
            report.write(plan.page());
            out.println("Written to " + plan.page().toAbsolutePath());
        }
    }

    private static void delete(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(folder)) {
            files = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
