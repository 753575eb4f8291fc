package dev.switchboard.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a newcomer reads. */
class QuickstartTests {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void theSameChainAnswersFromEveryConnection() throws IOException {
        assertThat(run()).isZero();
        assertThat(lines())
                .containsSubsequence(
                        "   berlin   SQLite      not opened yet",
                        "   SELECT id, name, age FROM customer WHERE age >= :age ORDER BY id",
                        "   berlin   SQLite      Ada 36, Kurt 71",
                        "   madrid   SQLite      Santiago 82",
                        "   paris    SQLite      Marie 66, Blaise 39",
                        "   NoRouteException",
                        "   registry.defaultConnection(\"berlin\")",
                        "   default  SQLite      Ada 36, Kurt 71",
                        "   vienna   SQLite      Lise 89, Erwin 73",
                        "   before",
                        "   paris    SQLite      Marie 66, Blaise 39",
                        "   after registry.replace(..)",
                        "   paris    SQLite      Sophie 55, Henri 58");
    }

    @Test
    void aTransactionCommitsWholeAndRollsBackWhole() throws IOException {
        assertThat(run()).isZero();
        assertThat(lines())
                .containsSubsequence(
                        "   two customers added in one transaction",
                        "   paris    SQLite      Sophie 55, Henri 58, Emmy 53, Leonhard 76",
                        "   one customer added, then the transaction fails",
                        "   IllegalStateException",
                        "   paris    SQLite      Sophie 55, Henri 58, Emmy 53, Leonhard 76",
                        "   RouteConflictException",
                        "   paris    SQLite      Sophie 55, Henri 58, Emmy 53, Leonhard 76",
                        "   berlin   SQLite      Ada 36, Kurt 71");
    }

    @Test
    void anUnknownNameIsAnsweredWithTheNameThatLooksLikeIt() throws IOException {
        assertThat(run()).isZero();
        assertThat(text())
                .contains("Connection 'pariss' is not registered. Registered names that look like it: 'paris'.")
                .doesNotContain("\tat ", "WARN", "ERROR");
        assertThat(lines()).last().isEqualTo("All connections closed, all files deleted.");
    }

    @Test
    void severalDatabasesAnswerAsOne() throws IOException {
        assertThat(run()).isZero();
        assertThat(lines())
                .containsSubsequence(
                        "   ordered  [Ada 36, Santiago 82, Lise 89, Kurt 71, Erwin 73]",
                        "   page 1   [Ada 36, Santiago 82, Lise 89]",
                        "   page 2   [Kurt 71, Erwin 73]",
                        "   InvalidCursorException");
    }

    @Test
    void withServersTheSameChainAnswersFromThreeProducts() throws IOException {
        assumeThat(Databases.available()).contains(Product.POSTGRESQL, Product.MYSQL);
        assertThat(run("--servers")).as(err()).isZero();
        assertThat(lines())
                .containsSubsequence(
                        "   berlin   SQLite      Ada 36, Kurt 71",
                        "   oslo     PostgreSQL  Niels 26, Sophus 56",
                        "   lima     MySQL       Paulet 71",
                        "   berlin   SQLite      Ada 36, Kurt 71, Emmy 53, Leonhard 76",
                        "   oslo     PostgreSQL  Niels 26, Sophus 56, Emmy 53, Leonhard 76",
                        "   lima     MySQL       Paulet 71, Emmy 53, Leonhard 76",
                        "   IllegalStateException",
                        "   oslo     PostgreSQL  Niels 26, Sophus 56, Emmy 53, Leonhard 76",
                        "All connections closed, all files deleted.");
    }

    @Test
    void anUnknownArgumentIsRefusedBeforeAnythingRuns() throws IOException {
        assertThat(run("--servers", "--server")).isEqualTo(2);
        assertThat(err())
                .isEqualToIgnoringNewLines("Unknown argument \"--server\". Allowed is --servers, which also starts a"
                        + " PostgreSQL and a MySQL; without it the program uses SQLite files only.");
        assertThat(text()).isEmpty();
    }

    @Test
    void nothingIsLeftInTheTemporaryFolder() throws IOException {
        long before = folders();
        assertThat(run()).isZero();
        assertThat(folders()).isEqualTo(before);
    }

    private static long folders() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("switchboard-quickstart"))
                    .count();
        }
    }

    private int run(String... arguments) throws IOException {
        try (PrintStream toOut = new PrintStream(out, true, StandardCharsets.UTF_8);
                PrintStream toErr = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            return Quickstart.run(List.of(arguments), toOut, toErr);
        }
    }

    private List<String> lines() {
        return text().lines().toList();
    }

    private String text() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
