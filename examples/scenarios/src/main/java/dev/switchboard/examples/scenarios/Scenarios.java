package dev.switchboard.examples.scenarios;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.opentest4j.TestAbortedException;

/** Runs one of the scenarios and prints what happens. */
public final class Scenarios {

    private Scenarios() {}

    /**
     * Runs a scenario.
     *
     * @param arguments {@code cqrs} or {@code regions}
     */
    public static void main(String... arguments) throws IOException {
        int status = run(List.of(arguments), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) throws IOException {
        try {
            if (arguments.equals(List.of("cqrs"))) {
                Cqrs.run(out);
                return 0;
            }
            if (arguments.equals(List.of("regions"))) {
                Regions.run(out);
                return 0;
            }
        } catch (TestAbortedException | IllegalStateException unavailable) {
            err.println("The servers cannot be started here: " + unavailable.getMessage());
            return 1;
        }
        err.println(
                "Unknown scenario " + arguments + ". Allowed are cqrs (a PostgreSQL that is written and a MySQL that is"
                        + " read) and regions (orders in SQLite files by region).");
        return 2;
    }
}
