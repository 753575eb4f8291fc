package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;

/**
 * Rows of sixteen shards in one order, against the same rows of one table in that order, in turns. The ratio is printed and not
 * asserted, since a busy machine makes single figures worthless; that all rows come in order, and that memory stays flat, is.
 */
@Tag("once")
@EnabledIf("isFull")
class FanOutSpeedTests {

    private static final Duration PATIENCE = Duration.ofMinutes(30);
    private static final int SHARDS = 16;
    private static final int ROWS = 1_000_000;
    private static final int ROUNDS = 7;
    private static final List<String> NAMES = IntStream.range(0, SHARDS)
            .mapToObj(shard -> String.format("shard%02d", shard))
            .toList();

    static boolean isFull() {
        return TestSize.isFull();
    }

    record Row(int id, String name) {}

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "SQLITE"})
    void rowsOfSixteenShardsInOneOrder(Product product) {
        try (Fleet fleet = new Fleet()) {
            NAMES.forEach(name -> fleet.add(product, name, 1));
            fleet.add(product, "whole", 1);
            for (int shard = 0; shard < SHARDS; shard++) {
                fill(fleet, NAMES.get(shard), shard + 1, SHARDS);
            }
            fill(fleet, "whole", 1, 1);
            Flux<Row> query = fleet.db()
                    .sql("SELECT id, body AS name FROM note ORDER BY id")
                    .fetchSize(1_000)
                    .map(Row.class)
                    .all();
            Flux<Row> whole = query.contextWrite(usingConnection("whole"));
            Flux<Row> merged = FanOut.over(NAMES).mergeOrdered(query, Comparator.comparingInt(Row::id));
            double[] ratios = new double[ROUNDS];
            for (int round = -1; round < ROUNDS; round++) {
                long limit = nanos(whole);
                long ours = nanos(merged);
                if (round >= 0) {
                    ratios[round] = (double) limit / ours;
                }
            }
            Arrays.sort(ratios);
            System.out.printf(
                    Locale.ROOT,
                    "%s: %d rows of %d shards in order at %.2f of the speed of one (%.2f to %.2f)%n",
                    product,
                    ROWS,
                    SHARDS,
                    ratios[ROUNDS / 2],
                    ratios[0],
                    ratios[ROUNDS - 1]);
        }
    }

    private static void fill(Fleet fleet, String name, int first, int step) {
        fleet.execute(
                name,
                "INSERT INTO note WITH RECURSIVE series (id) AS (SELECT " + first + " UNION ALL SELECT id + " + step
                        + " FROM series WHERE id + " + step + " <= " + ROWS
                        + ") SELECT id, 'a name of some length' FROM series");
    }

    private static long nanos(Flux<Row> rows) {
        AtomicLong next = new AtomicLong();
        AtomicLong heap = new AtomicLong();
        long begin = System.nanoTime();
        rows.doOnNext(row -> {
                    if (row.id() != next.incrementAndGet()) {
                        throw new AssertionError("row " + row.id() + " came as the one with the number " + next.get());
                    }
                    if (row.id() % 100_000 == 0) {
                        heap.accumulateAndGet(used(), Math::max);
                    }
                })
                .then()
                .block(PATIENCE);
        long took = System.nanoTime() - begin;
        assertThat(next).hasValue(ROWS);
        assertThat(heap.get()).isLessThan(512L * 1024 * 1024);
        return took;
    }

    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
