package dev.switchboard.examples.quickstart;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * Shows the main job of Switchboard on SQLite files in a temporary folder; with {@code --servers} also on a real PostgreSQL
 * and a real MySQL. {@link Shop} is the code of a user, {@link Tour} is what happens to it.
 */
public final class Quickstart {

    private static final String SERVERS = "--servers";

    private Quickstart() {}

    /**
     * Runs the tour.
     *
     * @param arguments nothing, or {@code --servers}
     */
    public static void main(String... arguments) throws IOException {
        int status = run(List.of(arguments), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) throws IOException {
        for (String argument : arguments) {
            if (!argument.equals(SERVERS)) {
                err.println(
                        "Unknown argument \"" + argument + "\". Allowed is " + SERVERS
                                + ", which also starts a PostgreSQL and a MySQL; without it the program uses SQLite files only.");
                return 2;
            }
        }
        out.println("Switchboard quickstart: one chain, many databases");
        if (arguments.contains(SERVERS)) {
            return runWithServers(out, err);
        }
        run(out, null);
        return 0;
    }

    private static int runWithServers(PrintStream out, PrintStream err) throws IOException {
        Servers servers;
        try {
            servers = Servers.start();
        } catch (IllegalStateException | TestAbortedException unavailable) {
            err.println("The servers cannot be started here (with Maven, -Dquickstart=servers brings them): "
                    + unavailable.getMessage());
            return 1;
        }
        try (servers) {
            run(out, servers);
        }
        return 0;
    }

    private static void run(PrintStream out, @Nullable Servers servers) throws IOException {
        Path folder = Files.createTempDirectory("switchboard-quickstart");
        Tour tour = new Tour(folder, new Page(out));
        try {
            tour.run();
            if (servers != null) {
                tour.acrossProducts(servers);
            }
        } finally {
            tour.end();
            delete(folder);
        }
        out.println();
        out.println("All connections closed, all files deleted.");
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
