package dev.switchboard.examples.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The program at a small size: what its table says is what the servers counted. */
@Tag("once")
class FleetTests {

    private static final int CAP = 6;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... words) {
        List<String> all =
                new ArrayList<>(List.of("servers=2", "databases=40", "connections=" + CAP, "chains=60", "seconds=2"));
        all.addAll(List.of(words));
        return Fleet.run(
                all,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private String text() {
        return out.toString(StandardCharsets.UTF_8);
    }

    /** The cells of the table: server, cap, peak, high-water, refused, reclaimed and so on. */
    private List<List<String>> rows() {
        return text().lines()
                .filter(line -> line.matches("  [^ ]+:\\d+ .*"))
                .map(line -> List.of(line.replace(",", "").trim().split(" +")))
                .toList();
    }

    private static void needs(Product product) {
        assumeThat(Databases.available()).contains(product);
    }

    @Test
    void withABudgetNoServerIsFullAndNobodyIsRefused() {
        needs(Product.MARIADB);
        assertThat(run()).as(err.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(text()).contains("0 of them from the wrong database, 0 errors; 40 databases; ");
        assertThat(rows()).hasSize(2).allSatisfy(row -> {
            assertThat(Integer.parseInt(row.get(3)))
                    .as("the most connections by the server's own account")
                    .isBetween(CAP / 2, ShardHost.most(CAP) - 1);
            assertThat(row.get(4)).as("refused").isEqualTo("0");
            assertThat(Integer.parseInt(row.get(5))).as("reclaimed").isPositive();
        });
    }

    /** A session that has made tables stays where it is, and is closed where room is needed. */
    @Test
    void whereConnectionsMoveFewAreClosedToMakeRoom() {
        needs(Product.MARIADB);
        assertThat(run("moving", "servers=1"))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        assertThat(text()).contains("0 of them from the wrong database, 0 errors; 40 databases; ");
        Matcher moved = Pattern.compile("\\n([0-9,]+) idle connections went to another database")
                .matcher(text());
        assertThat(moved.find()).isTrue();
        assertThat(rows()).singleElement().satisfies(row -> {
            assertThat(Integer.parseInt(row.get(3))).isLessThan(ShardHost.most(CAP));
            assertThat(Integer.parseInt(row.get(5)))
                    .as("reclaimed")
                    .isLessThan(Integer.parseInt(moved.group(1).replace(",", "")));
        });
    }

    @Test
    void withAPoolForEachDatabaseTheServersAreFullAndQueriesFail() {
        needs(Product.MYSQL);
        assertThat(run("naive", "mysql", "seconds=1", "databases=24"))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        assertThat(text()).contains(": Too many connections");
        assertThat(rows()).hasSize(2).allSatisfy(row -> {
            assertThat(Integer.parseInt(row.get(3))).isGreaterThanOrEqualTo(ShardHost.most(CAP));
            assertThat(Integer.parseInt(row.get(4))).as("refused").isPositive();
        });
    }

    @Test
    void anUnknownWordIsRefusedBeforeAnythingRuns() {
        assertThat(run("database=7")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("Unknown word \"database=7\". Allowed are mariadb")
                .contains("databases=600");
        assertThat(text()).isEmpty();
    }
}
