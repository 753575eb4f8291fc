package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A pool opens on first use, once, however many come at the same moment; a name that nobody uses costs its definition. */
@Tag("once")
class PoolOpeningTests {

    @Test
    void aHundredFirstUsesAtTheSameMomentOpenOnePool() {
        try (Database database = Databases.create(Product.H2)) {
            for (int round = 0; round < TestSize.of(20, 500); round++) {
                CountingFactory factory = new CountingFactory(database.url());
                ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                        .register(ConnectionDefinition.of("orders", factory).withPool(pool -> pool.maxSize(1)));
                List<Object> answers = Flux.range(0, 100)
                        .flatMap(
                                i -> Borrowing.query(registry, "orders", "SELECT 1")
                                        .subscribeOn(Schedulers.parallel()),
                                100)
                        .collectList()
                        .block(Borrowing.PATIENCE);
                assertThat(answers).hasSize(100);
                assertThat(factory.opened()).as("one pool of one connection").isEqualTo(1);
                assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
                Borrowing.close(registry);
            }
        }
    }

    @Test
    void whoseConnectionIsStillBeingOpenedMovesOnAtOnceWhenTheNameIsReplaced() {
        try (Database database = Databases.create(Product.H2)) {
            Sinks.Empty<Void> gate = Sinks.empty();
            CountingFactory held = new CountingFactory(database.url()).gate(gate.asMono());
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register(ConnectionDefinition.of("orders", held));
            Mono<Void> replaced = registry.replace(ConnectionDefinition.of("orders", database.url()))
                    .cache();
            StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                    .expectSubscription()
                    .then(() -> Waiting.until("opening", () -> held.asked() == 1))
                    .then(replaced::subscribe)
                    .expectNext(1)
                    .expectComplete()
                    .verify(Duration.ofSeconds(5));
            assertThat(held.opened()).isZero();
            gate.tryEmitEmpty();
            replaced.block(Borrowing.PATIENCE);
            assertThat(held.opened()).as("opened for nobody, and closed").isEqualTo(1);
            Borrowing.close(registry);
        }
    }

    @Test
    void whoseConnectionIsStillBeingOpenedFailsAtOnceWhenTheNameIsUnregistered() {
        try (Database database = Databases.create(Product.H2)) {
            Sinks.Empty<Void> gate = Sinks.empty();
            CountingFactory held = new CountingFactory(database.url()).gate(gate.asMono());
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register(ConnectionDefinition.of("orders", held));
            StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                    .expectSubscription()
                    .then(() -> Waiting.until("opening", () -> held.asked() == 1))
                    .then(() -> registry.unregister("orders").subscribe())
                    .expectError(ConnectionDrainingException.class)
                    .verify(Duration.ofSeconds(5));
            gate.tryEmitEmpty();
            Borrowing.close(registry);
        }
    }

    @Test
    void definitionsThatNobodyUsesCostOnlyThemselves() {
        long before = usedHeap();
        long started = System.nanoTime();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        for (int i = 0; i < 100_000; i++) {
            registry.register("shard" + i, "r2dbc:postgresql://app:hush@host" + i % 3 + ".example/shard" + i);
        }
        long millis = (System.nanoTime() - started) / 1_000_000;
        long bytes = (usedHeap() - before) / 100_000;
        System.out.printf("100,000 registered names: %d ms, %d bytes each%n", millis, bytes);
        assertThat(registry.names()).hasSize(100_000);
        assertThat(registry.status()).isEmpty();
        assertThat(bytes).isLessThan(4_096);
        assertThat(millis).isLessThan(20_000);
        assertThat(Thread.getAllStackTraces()).hasSizeLessThan(200);
        Borrowing.close(registry);
    }

    @Test
    void aPoolIsOpenedOnAWorkerAndNotOnTheThreadOfWhoAsksFirst() {
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create().register("orders", "r2dbc:witness:///");
        WitnessProvider.THREADS.clear();
        // BlockHound watches single threads: looking for the driver on one would be caught, too.
        Object answer = Mono.defer(() -> Borrowing.query(registry, "orders", "SELECT 1"))
                .subscribeOn(Schedulers.single())
                .block(Borrowing.PATIENCE);
        assertThat(answer).isEqualTo(1);
        assertThat(WitnessProvider.THREADS).singleElement().asString().startsWith("boundedElastic");
        Borrowing.close(registry);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
