package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What is committed stays, whatever becomes of the process. */
@Tag("once")
class SqliteCrashTests {
    private static final int ROWS = 10;

    @TempDir
    Path directory;

    /** The process that is killed: tells after each commit how many there were, and in the middle of each transaction. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) {
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            Connection connection = TestDatabase.in(Path.of(arguments[0])).open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            for (int commits = 1; true; commits++) {
                await(connection.beginTransaction());
                for (int row = 0; row < ROWS; row++) {
                    run(connection, "INSERT INTO t VALUES (" + commits + ")");
                    if (row == ROWS / 2) {
                        out.println("middle");
                    }
                }
                await(connection.commitTransaction());
                out.println(commits);
            }
        }
    }

    /** A process that holds the write lock until it is told to commit. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            Connection connection = TestDatabase.in(Path.of(arguments[0])).open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            await(connection.beginTransaction());
            run(connection, "INSERT INTO t VALUES (0)");
            out.println("holds");
            System.in.read();
            await(connection.commitTransaction());
        }
    }

    @Test
    void aWriterOfAnotherProcessIsWaitedForAndThenItIsATransientError() throws IOException, InterruptedException {
        Process holder = start(Holder.class);
        try (BufferedReader lines = holder.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine()).isEqualTo("holds");
            Connection connection = TestDatabase.in(directory).open();
            await(connection.setLockWaitTimeout(Duration.ofMillis(80)));
            long before = System.nanoTime();
            StepVerifier.create(connection
                            .createStatement("INSERT INTO t VALUES (1)")
                            .execute())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcTimeoutException.class)
                            .hasMessageContaining("PT0.08S"))
                    .verify(TestDatabase.PATIENCE);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(80));
            await(connection.setLockWaitTimeout(TestDatabase.PATIENCE));
            StepVerifier.create(Flux.from(connection
                                    .createStatement("INSERT INTO t VALUES (2)")
                                    .execute())
                            .concatMap(Result::getRowsUpdated))
                    .expectSubscription()
                    .then(() -> commit(holder))
                    .expectNext(1L)
                    .verifyComplete();
            assertThat(values(connection, "SELECT v FROM t")).containsExactly(0, 2);
            await(connection.close());
        }
        assertThat(holder.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }

    private static void commit(Process holder) {
        try {
            holder.getOutputStream().write('\n');
            holder.getOutputStream().flush();
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    private Process start(Class<?> program) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        program.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 40})
    void aProcessThatIsKilledInATransactionLosesNoCommittedRow(int commits) throws IOException, InterruptedException {
        Process writer = start(Writer.class);
        int committed = 0;
        try (BufferedReader lines = writer.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null && !(committed >= commits && line.equals("middle"))) {
                committed = line.equals("middle") ? committed : Integer.parseInt(line);
                line = lines.readLine();
            }
            assertThat(line).as("the writer was alive").isEqualTo("middle");
            // SIGKILL on Linux and macOS; by the handle, which leaves the stream open for what was still written.
            writer.toHandle().destroyForcibly();
            line = lines.readLine();
            while (line != null) {
                committed = line.matches("\\d+") ? Integer.parseInt(line) : committed;
                line = lines.readLine();
            }
        }
        assertThat(writer.waitFor(20, TimeUnit.SECONDS)).isTrue();
        Connection survivor = TestDatabase.in(directory).open();
        assertThat(values(survivor, "PRAGMA integrity_check")).containsExactly("ok");
        assertThat(values(
                        survivor, "SELECT count(*) FROM (SELECT v FROM t GROUP BY v HAVING count(*) <> " + ROWS + ")"))
                .containsExactly(0);
        assertThat((int) values(survivor, "SELECT count(DISTINCT v) FROM t").get(0))
                .isBetween(committed, committed + 1);
        await(survivor.close());
    }
}
