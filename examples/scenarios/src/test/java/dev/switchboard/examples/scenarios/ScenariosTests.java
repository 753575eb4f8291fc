package dev.switchboard.examples.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the scenarios print. */
@Tag("once")
class ScenariosTests {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) throws IOException {
        try (PrintStream toOut = new PrintStream(out, true, StandardCharsets.UTF_8);
                PrintStream toErr = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            return Scenarios.run(List.of(arguments), toOut, toErr);
        }
    }

    /** Without the width of the columns. */
    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.strip().replaceAll(" {2,}", " | "))
                .toList();
    }

    @Test
    void ordersAreWrittenToOneDatabaseAndReadFromAnother() throws IOException {
        assertThat(run("cqrs")).as(err.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(lines())
                .containsSubsequence(
                        "Ada orders for 1,200 and 800 | -> writing | 1, 1",
                        "Kurt orders for 4,200 | -> writing | 1",
                        "all orders, before the projection | -> reading",
                        "orders carried over | -> reading, writing | 3",
                        "orders carried over | -> writing | 0",
                        "all orders | -> reading | Order[id=1, customer=Ada, cents=1200], Order[id=2, customer=Ada, cents=800],"
                                + " Order[id=3, customer=Kurt, cents=4200]",
                        "what Ada has spent | -> reading | 2000",
                        "Ada orders for 300 | -> writing | 1",
                        "what Ada has spent | -> reading | 2000",
                        "the same with readWrite() | -> writing | 2300");
    }

    @Test
    void ordersStayInTheirRegion() throws IOException {
        assertThat(run("regions")).isZero();
        assertThat(lines())
                .containsSubsequence(
                        "Ada, France, 1,200 | -> europe | 1",
                        "Kurt, Germany, 800 | -> europe | 1",
                        "Emmy, United States, 4,200 | -> america | 1",
                        "Hideki, Japan, 300 | -> asia | 1",
                        "customers of the region of Spain | -> europe | Ada, Kurt")
                .anyMatch(line -> line.startsWith("a country that nobody serves | -> nowhere | NoShardException"))
                .anyMatch(line -> line.startsWith("the database of Europe, by its name | -> nowhere | RouteConflict"))
                .anyMatch(line -> line.startsWith("sold everywhere | -> nowhere | ScatterRefusedException"))
                .contains("sold everywhere, with allowScatter | -> america, asia, europe | 6500");
    }

    @Test
    void anUnknownScenarioIsRefused() throws IOException {
        assertThat(run("tenants")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("[tenants]", "Allowed are cqrs", "regions");
    }
}
