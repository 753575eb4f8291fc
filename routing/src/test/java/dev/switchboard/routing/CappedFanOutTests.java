package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.CapTooLowException;
import dev.switchboard.core.ConnectionBudget;
import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Many shards on one server below a cap: each name is a part of one table. */
@Tag("once")
class CappedFanOutTests {

    private static final Duration PATIENCE = Duration.ofMinutes(TestSize.of(1, 10));
    private static final int SHARDS = TestSize.of(20, 600);
    private static final int CAP = TestSize.of(6, 50);
    private static final int EACH = 12;
    private static final List<String> NAMES = IntStream.range(0, SHARDS)
            .mapToObj(shard -> String.format("shard%03d", shard))
            .toList();

    private final Database database = Databases.create(Product.POSTGRESQL);
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().perHost(CAP).build())
            .build());
    private final SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry));
    private final AtomicInteger most = new AtomicInteger();

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
        database.close();
    }

    private void fill() {
        NAMES.forEach(name -> registry.register(ConnectionDefinition.of(name, database.url())
                .withPool(pool -> pool.maxSize(2).acquireTimeout(PATIENCE))));
        db.sql("CREATE TABLE part AS SELECT id, 'shard' || LPAD(CAST(id % " + SHARDS + " AS TEXT), 3, '0') AS shard"
                        + " FROM GENERATE_SERIES(1, " + SHARDS * EACH + ") AS id")
                .rowsUpdated()
                .contextWrite(Routing.usingConnection(NAMES.get(0)))
                .block(PATIENCE);
        registry.disposeAll().block(PATIENCE);
    }

    private Flux<Integer> page(@Nullable Integer after, int rows) {
        return Flux.deferContextual(context -> {
            most.accumulateAndGet(registry.budget().total().open(), Math::max);
            return db.sql("SELECT id FROM part WHERE shard = :shard AND id > :after ORDER BY id LIMIT :rows")
                    .bind(
                            "shard",
                            Objects.requireNonNull(RouteHints.from(context).connectionName()))
                    .bind("after", after == null ? 0 : after)
                    .bind("rows", rows)
                    .map(Integer.class)
                    .all();
        });
    }

    @Test
    void whatTheCapCannotHoldAtOnceIsReadInPages() {
        fill();
        StepVerifier.create(FanOut.over(NAMES).mergeOrdered(page(null, EACH), Comparator.naturalOrder()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(CapTooLowException.class)
                        .hasMessageStartingWith(SHARDS + " connections were asked for at the same time"))
                .verify(PATIENCE);
        Waiting.until("nobody waits", () -> registry.budget().total().counts().waiting() == 0);
        assertThat(registry.budget().total().open()).isZero();
        // As many as borrowers may have go.
        StepVerifier.create(FanOut.over(NAMES.subList(0, CAP - 2))
                        .mergeOrdered(page(null, EACH), Comparator.naturalOrder())
                        .count())
                .expectNext((long) EACH * (CAP - 2))
                .expectComplete()
                .verify(PATIENCE);
        Keyset<Integer, Integer> byId =
                Keyset.<Integer, Integer>of(id -> id, this::page).withPageSize(8);
        StepVerifier.create(FanOut.over(NAMES).pages(byId).all().collectList())
                .expectNext(IntStream.rangeClosed(1, SHARDS * EACH).boxed().toList())
                .expectComplete()
                .verify(PATIENCE);
        assertThat(most.get()).isBetween(1, CAP);
    }
}
