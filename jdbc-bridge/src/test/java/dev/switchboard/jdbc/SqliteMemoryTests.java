package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.column;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However long a result is, it is never in memory. */
@Tag("once")
class SqliteMemoryTests {
    private static final boolean FULL = "full".equals(System.getProperty("switchboard.test.size"));
    private static final int ROWS = FULL ? 10_000_000 : 1_000_000;

    @TempDir
    Path directory;

    /** The process with little memory: reads that many rows, in parts, and tells how many there were. */
    static final class Reader {
        private Reader() {}

        public static void main(String[] arguments) {
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            Connection connection = TestDatabase.in(Path.of(arguments[0])).open();
            String rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + arguments[1]
                    + ") SELECT i, 'a text of some length that is another one in each row: ' || i FROM n";
            out.println(column(connection, rows).limitRate(256).count().block(Duration.ofMinutes(10)));
        }
    }

    @Test
    void allRowsOfALongResultPassThroughLittleMemory() throws IOException, InterruptedException {
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx48m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Reader.class.getName(),
                        directory.toString(),
                        Integer.toString(ROWS))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader lines = reader.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine()).isEqualTo(Integer.toString(ROWS));
        }
        assertThat(reader.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
}
