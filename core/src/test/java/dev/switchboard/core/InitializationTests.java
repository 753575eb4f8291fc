package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Opening connections before the first borrower comes: a few at a time, each name for itself. */
class InitializationTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @AfterEach
    void close() {
        Borrowing.close(registry);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aNameIsReadyWithItsFirstConnections(Product product) {
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("one", database.url()))
                    .register(ConnectionDefinition.of("three", database.url()).withPool(pool -> pool.minIdle(3)));
            StepVerifier.create(registry.initialize("one"))
                    .assertNext(ready -> {
                        assertThat(ready.isReady()).isTrue();
                        assertThat(ready.connections()).isEqualTo(1);
                        assertThat(ready.done()).isEqualTo(ready.total()).isEqualTo(1);
                    })
                    .expectComplete()
                    .verify(PATIENCE);
            assertThat(registry.initialize("three")
                            .map(Initialization::connections)
                            .block(PATIENCE))
                    .isEqualTo(3);
            assertThat(registry.status("one").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 10));
            assertThat(Borrowing.query(registry, "one", "SELECT 1").block(PATIENCE))
                    .hasToString("1");
            assertThat(registry.status("one").counts().idle()).isEqualTo(1);
            registry.disposeAll().block(PATIENCE);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aNameThatCannotConnectFailsAloneAndTellsTheOthersNothing(Product product) {
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("good", database.url()))
                    .register(ConnectionDefinition.of("fine", database.url()))
                    .register(ConnectionDefinition.of("bad", "r2dbc:postgresql://app:hunter2@127.0.0.1:1/none"));
            List<Initialization> ended = registry.initializeAll()
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            assertThat(ended).extracting(Initialization::name).containsExactlyInAnyOrder("good", "fine", "bad");
            assertThat(ended).extracting(Initialization::done).containsExactly(1, 2, 3);
            assertThat(ended).extracting(Initialization::total).containsOnly(3);
            assertThat(ended).filteredOn(Initialization::isReady).hasSize(2);
            assertThat(ended).filteredOn(one -> !one.isReady()).singleElement().satisfies(bad -> {
                assertThat(bad.failure()).isInstanceOf(CannotConnectException.class);
                assertThat(bad.toString()).doesNotContain("hunter2");
            });
            StepVerifier.create(registry.initialize("bad"))
                    .expectError(CannotConnectException.class)
                    .verify(PATIENCE);
            StepVerifier.create(registry.initialize("unheard-of"))
                    .expectError(UnknownConnectionException.class)
                    .verify(PATIENCE);
            registry.disposeAll().block(PATIENCE);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void noMoreThanSoManyOpenAtTheSameTimeAndACancelBeginsNoOthers(Product product) {
        try (Database database = Databases.create(product)) {
            Sinks.Empty<Void> gate = Sinks.empty();
            List<CountingFactory> factories = IntStream.range(0, 10)
                    .mapToObj(i -> new CountingFactory(database.url()).gate(gate.asMono()))
                    .toList();
            for (int i = 0; i < factories.size(); i++) {
                registry.register(ConnectionDefinition.of("shard" + i, factories.get(i)));
            }
            Disposable cancelled = registry.initializeAll(3).subscribe();
            Waiting.until("three", () -> asked(factories) == 3);
            cancelled.dispose();
            gate.tryEmitEmpty();
            registry.quiescent().block(PATIENCE);
            assertThat(asked(factories)).isEqualTo(3);
            assertThat(registry.initializeAll(3)
                            .filter(Initialization::isReady)
                            .count()
                            .block(PATIENCE))
                    .isEqualTo(10);
            assertThat(asked(factories)).as("what was ready stayed as it was").isEqualTo(10);
        }
    }

    private static int asked(List<CountingFactory> factories) {
        return factories.stream().mapToInt(CountingFactory::asked).sum();
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aPoolWhoseConnectionsAreAllTakenIsReady(Product product) {
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("busy", database.url()).withPool(pool -> pool.maxSize(1)));
            var holder = Borrowing.borrowed(registry, "busy");
            assertThat(registry.initialize("busy")
                            .map(Initialization::connections)
                            .block(PATIENCE))
                    .isEqualTo(1);
            Borrowing.close(holder);
        }
    }

    @Test
    void atLeastOneAtATime() {
        assertThatThrownBy(() -> registry.initializeAll(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parallelism must be at least 1, was 0");
        assertThat(Mono.from(registry.initializeAll()).blockOptional(PATIENCE)).isEmpty();
    }
}
