package dev.switchboard.examples.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program runs at a tiny size, and its table says what it should. */
class BenchmarksTests {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) throws Exception {
        return Benchmarks.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @Test
    void everyMeasurementGetsItsLineOnThePage(@TempDir Path folder) throws Exception {
        Path page = folder.resolve("performance.md");
        Files.writeString(page, "before\n" + Report.BEGIN + "\nold\n" + Report.END + "\nafter\n");

        assertThat(run("sqlite", "rounds=1", "scale=1", "write=" + page)).isZero();

        assertThat(Files.readAllLines(page))
                .startsWith("before", Report.BEGIN)
                .endsWith(Report.END, "after")
                .doesNotContain("old")
                .anyMatch(line -> line.matches("\\| point select by key, one chain \\| \\d\\.\\d\\d .*/s \\|"))
                .anyMatch(line -> line.matches("\\| streaming 10000 rows \\| .* \\| 0\\.80 \\| .*rows/s \\|"))
                .anyMatch(line -> line.matches("\\| 64 writers of one file against one \\| .*"))
                .anyMatch(line -> line.matches("\\| 64 writers of one name against one \\| .*"))
                .anyMatch(line ->
                        line.matches("\\| a reader of the same file, while 64 write .*p50 \\d+ us, p99 \\d+ us \\|"));
    }

    @Test
    void waysThatDoNotDoTheSameAreNotCompared() {
        Measurement wrong = new Measurement("nothing", 0, 1, "times", () -> 1L, () -> 2L);

        assertThatThrownBy(() -> Pairs.measure(wrong, 1, () -> {}))
                .hasMessageContaining("nothing: the two ways do not do the same");
    }

    @Test
    void theMedianIsTheOneInTheMiddle() {
        assertThat(Pairs.median(new double[] {3, 1, 2})).isEqualTo(2);
        assertThat(Pairs.median(new double[] {4, 1, 2, 3})).isEqualTo(2.5);
    }

    @Test
    void anUnknownArgumentIsAnsweredWithTheAllowedOnes() throws Exception {
        assertThat(run("sqlite", "round=3")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("\"round=3\"", "rounds=N", "write=FILE");
    }
}
