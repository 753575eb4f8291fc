package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Connections that wait for a borrower: kept at their number, within the size of the pool, and behind every borrower. */
@Tag("once")
class MinIdleTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static void awaitIdle(ReactiveConnectionRegistry registry, int idle) {
        Waiting.until(
                idle + " idle",
                () -> counts(registry).idle() == idle && counts(registry).opening() == 0);
    }

    private static PoolCounts counts(ReactiveConnectionRegistry registry) {
        return registry.status("orders").counts();
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void takenAndKilledConnectionsAreMadeUpForWithinTheSizeOfThePool(Product product) {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        try (Database database = Databases.create(product)) {
            registry.register(Borrowing.alike(ConnectionDefinition.of("orders", database.url()))
                    .withPool(pool -> pool.maxSize(4).minIdle(2).idleTimeout(Duration.ofMinutes(10))));
            registry.initialize("orders").block(PATIENCE);
            awaitIdle(registry, 2);
            List<Connection> held = new ArrayList<>();
            for (int borrowed = 1; borrowed <= 4; borrowed++) {
                held.add(Borrowing.borrowed(registry, "orders"));
                awaitIdle(registry, Math.min(2, 4 - borrowed));
            }
            assertThat(counts(registry)).isEqualTo(new PoolCounts(4, 0, 0, 0, 4));
            Borrowing.close(held);
            assertThat(counts(registry)).isEqualTo(new PoolCounts(0, 4, 0, 0, 4));
            if (product.isServer()) {
                Sessions.kill(database);
                Waiting.until("the dead are missed and made up for", () -> {
                    time.advanceTimeBy(Duration.ofSeconds(10));
                    return Sessions.in(database).size() == 2 && counts(registry).idle() == 2;
                });
            }
            registry.quiescent().block(PATIENCE);
            Borrowing.close(registry);
            Sessions.awaitNone(database);
        }
    }

    @Test
    void idleConnectionsBeyondTheMinimumGoAndTheRestStaysUntilItIsOld() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        try (Database database = Databases.create(Product.H2)) {
            CountingFactory factory = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPool(pool -> pool.maxSize(5)
                            .minIdle(2)
                            .lifetimeVariance(0)
                            .idleTimeout(Duration.ofMinutes(10))
                            .maxLifetime(Duration.ofHours(2))));
            List<Connection> held = Flux.range(0, 5)
                    .concatMap(i -> Borrowing.borrow(registry, "orders"))
                    .collectList()
                    .blockOptional(PATIENCE)
                    .orElseThrow();
            Borrowing.close(held);
            assertThat(counts(registry).idle()).isEqualTo(5);
            registry.quiescent().block(PATIENCE);
            int opened = factory.opened();
            time.advanceTimeBy(Duration.ofMinutes(16));
            awaitIdle(registry, 2);
            assertThat(factory.opened()).isEqualTo(opened);
            time.advanceTimeBy(Duration.ofMinutes(60));
            awaitIdle(registry, 2);
            assertThat(factory.opened()).isEqualTo(opened);
            time.advanceTimeBy(Duration.ofMinutes(60));
            // An opening that meets a leap of the clock runs into its time-out and is tried again.
            Waiting.until("two younger ones", () -> {
                time.advanceTimeBy(Duration.ofSeconds(10));
                return factory.opened() >= opened + 2 && counts(registry).idle() == 2;
            });
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aBorrowerComesBeforeTheMinimum(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            Sinks.Empty<Void> gate = Sinks.empty();
            CountingFactory slow = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", slow)
                    .withPool(pool -> pool.maxSize(2).minIdle(2)));
            Connection first = Borrowing.borrowed(registry, "orders");
            awaitIdle(registry, 1);
            slow.gate(gate.asMono());
            Connection second = Borrowing.borrowed(registry, "orders");
            assertThat(counts(registry)).isEqualTo(new PoolCounts(2, 0, 0, 0, 2));
            Borrowing.close(List.of(first, second));
            assertThat(counts(registry)).isEqualTo(new PoolCounts(0, 2, 0, 0, 2));
            assertThat(slow.opened()).isEqualTo(2);
            gate.tryEmitEmpty();
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aServerThatRefusesIsTriedAgainAfterAPauseOnly(Product product) {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        try (Database database = Databases.create(product)) {
            CountingFactory refusing =
                    new CountingFactory(database.url()).gate(Mono.error(new IllegalStateException("refused")));
            registry.register(ConnectionDefinition.of("orders", refusing)
                    .withPool(pool -> pool.maxSize(2).minIdle(1)));
            Borrowing.query(registry, "orders", "SELECT 1").onErrorComplete().block(PATIENCE);
            registry.quiescent().block(PATIENCE);
            int asked = refusing.asked();
            time.advanceTimeBy(Duration.ofSeconds(9));
            assertThat(refusing.asked()).isEqualTo(asked);
            refusing.gate(Mono.empty());
            time.advanceTimeBy(Duration.ofSeconds(2));
            awaitIdle(registry, 1);
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aPoolThatGoesOpensNoMore(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            Sinks.Empty<Void> gate = Sinks.empty();
            CountingFactory slow = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", slow)
                    .withPool(pool -> pool.maxSize(4).minIdle(3)));
            slow.gate(gate.asMono());
            registry.pool("orders").block(PATIENCE);
            Waiting.until("one is being opened", () -> slow.asked() == 1);
            Mono<Void> gone = registry.unregister("orders").cache();
            gone.subscribe();
            gate.tryEmitEmpty();
            gone.block(PATIENCE);
            registry.quiescent().block(PATIENCE);
            assertThat(slow.opened()).isEqualTo(1);
            Borrowing.close(registry);
        }
    }
}
