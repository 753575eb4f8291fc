package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** A preparation that the user wrote: it sees the route and the Context of the borrower whose session it prepares. */
@Tag("once")
class OwnPreparationTests {

    private static final Duration LONG = Duration.ofSeconds(15);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @Test
    void aPreparationOfTheUsersOwnSeesTheRouteAndTheContextOfTheBorrower() {
        try (Database database = Databases.create(Product.POSTGRESQL)) {
            registry.register(
                    ConnectionDefinition.of("own", database.url()).withPreparation(new SettingFromTheContext()));
            for (String tenant : List.of("a'b", "c", "c")) {
                StepVerifier.create(Flux.usingWhen(
                                        registry.connectionFactory("own").create(),
                                        connection -> Sql.query(connection, "SELECT current_setting('app.tenant')"),
                                        Connection::close)
                                .contextWrite(Context.of("tenant", tenant)))
                        .expectNext(tenant)
                        .expectComplete()
                        .verify(LONG);
            }
            Borrowing.close(registry);
        }
    }

    private static final class SettingFromTheContext implements SessionPreparation {

        @Override
        public Object wanted(Route route, ContextView context) {
            return context.get("tenant");
        }

        @Override
        public Publisher<Void> prepare(Connection connection, Object wanted) {
            return Flux.from(connection
                            .createStatement("SELECT set_config('app.tenant', $1, false)")
                            .bind(0, wanted)
                            .execute())
                    .flatMap(Result::getRowsUpdated)
                    .then();
        }
    }

    private Mono<Object> tagOf(String tenant) {
        return Borrowing.query(registry, "orders", "SELECT tag FROM me").contextWrite(Context.of("tenant", tenant));
    }

    @Test
    void interleavedBorrowersOfAFewConnectionsEachFindTheirOwnSession() {
        try (Database database = Databases.create(Product.H2)) {
            PreparationTests.schema(database, "t1");
            PreparationTests.schema(database, "t2");
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPreparation(new SchemaFromTheContext(Mono.empty()))
                    .withPool(pool -> pool.maxSize(4)));
            int reads = TestSize.of(5_000, 20_000);
            Long right = Flux.range(0, reads)
                    .map(i -> i % 2 == 0 ? "t1" : "t2")
                    .flatMap(tenant -> tagOf(tenant).filter(tenant::equals), 64)
                    .count()
                    .block(Duration.ofSeconds(TestSize.of(30, 120)));
            assertThat(right).isEqualTo(reads);
            Borrowing.close(registry);
        }
    }

    @Test
    void whoLeavesWhileItsSessionIsPreparedLosesNoConnectionAndLeavesNoSession() {
        try (Database database = Databases.create(Product.H2)) {
            PreparationTests.schema(database, "t1");
            PreparationTests.schema(database, "t2");
            Sinks.Empty<Void> gate = Sinks.empty();
            SchemaFromTheContext preparation = new SchemaFromTheContext(gate.asMono());
            CountingFactory factory = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPreparation(preparation)
                    .withPool(pool -> pool.maxSize(1)));
            StepVerifier.create(tagOf("t1"))
                    .then(() -> Waiting.until("preparing", () -> preparation.begun.get() == 1))
                    .thenCancel()
                    .verify(LONG);
            gate.tryEmitEmpty();
            assertThat(tagOf("t2").block(LONG)).isEqualTo("t2");
            assertThat(tagOf("t1").block(LONG)).isEqualTo("t1");
            registry.quiescent().block(LONG);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
            assertThat(factory.open()).isEqualTo(1);
            Borrowing.close(registry);
        }
    }

    /** The schema of the Context's tenant; each is set once the gate has completed. */
    private static final class SchemaFromTheContext implements SessionPreparation {

        private final AtomicInteger begun = new AtomicInteger();
        private final Mono<Void> gate;

        SchemaFromTheContext(Mono<Void> gate) {
            this.gate = gate;
        }

        @Override
        public Object wanted(Route route, ContextView context) {
            return context.get("tenant");
        }

        @Override
        public Publisher<Void> prepare(Connection connection, Object wanted) {
            begun.incrementAndGet();
            return gate.then(Borrowing.update(connection, "SET SCHEMA \"" + wanted + '"'))
                    .then();
        }
    }
}
