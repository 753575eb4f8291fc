package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** Waiting for a connection: in order, within one deadline, and gone without a trace when the waiter leaves. */
class AcquireTests {

    private static final Duration LONG = Duration.ofSeconds(10);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final Database database = Databases.create(Product.H2);

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        database.close();
    }

    private void register(int maxSize, Duration acquireTimeout) {
        registry.register(ConnectionDefinition.of("orders", database.url())
                .withPool(pool -> pool.maxSize(maxSize).acquireTimeout(acquireTimeout)));
    }

    private Mono<Object> query() {
        return Borrowing.query(registry, "orders", "SELECT 1");
    }

    private PoolCounts counts() {
        return registry.status("orders").counts();
    }

    private void awaitWaiting(int borrowers) {
        Waiting.until(borrowers + " waiting", () -> counts().waiting() == borrowers);
    }

    @Test
    void waitingTooLongFailsWithTheCountsOfThePool() {
        register(2, Duration.ofMillis(300));
        Connection first = Borrowing.borrowed(registry, "orders");
        Connection second = Borrowing.borrowed(registry, "orders");
        StepVerifier.create(query())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(AcquireTimeoutException.class, late -> {
                            assertThat(late.counts()).isEqualTo(new PoolCounts(2, 0, 0, 0, 2));
                            assertThat(late.waited()).isEqualTo(Duration.ofMillis(300));
                        })
                        .hasMessageContaining("'orders'")
                        .hasMessageContaining("in use 2, idle 0, opening 0, waiting 0, max 2"))
                .verify(LONG);
        Borrowing.close(List.of(first, second));
        assertThat(counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 2));
        assertThat(query().block(LONG)).isEqualTo(1);
    }

    @Test
    void whoLeavesTheQueueIsGoneAtOnceAndTakesNoTicket() {
        register(1, LONG);
        Connection holder = Borrowing.borrowed(registry, "orders");
        List<Disposable> waiting = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            waiting.add(query().subscribe());
        }
        awaitWaiting(50);
        waiting.forEach(Disposable::dispose);
        assertThat(counts().waiting()).isZero();
        Borrowing.close(holder);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
        assertThat(query().block(LONG)).isEqualTo(1);
        StepVerifier.create(registry.quiescent()).expectComplete().verify(LONG);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
    }

    @Test
    void whoCameFirstIsServedFirst() {
        register(1, LONG);
        Connection holder = Borrowing.borrowed(registry, "orders");
        List<Integer> served = Collections.synchronizedList(new ArrayList<>());
        Sinks.Empty<Void> all = Sinks.empty();
        for (int i = 0; i < 20; i++) {
            int borrower = i;
            Mono.usingWhen(
                            registry.connectionFactory("orders").create(),
                            connection -> Borrowing.one(connection, "SELECT 1").doOnNext(row -> served.add(borrower)),
                            Connection::close)
                    .subscribe(row -> {
                        if (served.size() == 20) {
                            all.tryEmitEmpty();
                        }
                    });
            awaitWaiting(i + 1);
        }
        Borrowing.close(holder);
        all.asMono().block(LONG);
        assertThat(served).isSorted().hasSize(20);
    }

    @Test
    void aNameWhoseConnectionsAreAllTakenDoesNotHoldUpAnotherOnTheSameHost() {
        register(1, LONG);
        registry.register(ConnectionDefinition.of("billing", database.url()));
        Connection holder = Borrowing.borrowed(registry, "orders");
        List<Disposable> waiting = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            waiting.add(query().subscribe());
        }
        awaitWaiting(100);
        assertThat(Borrowing.query(registry, "billing", "SELECT 2").block(LONG)).isEqualTo(2);
        waiting.forEach(Disposable::dispose);
        Borrowing.close(holder);
    }

    @Test
    void oneDeadlineCoversOpeningWaitingAndPreparing() {
        CountingFactory never = new CountingFactory(database.url()).gate(Mono.never());
        registry.register(ConnectionDefinition.of("slow", never)
                .withPool(pool ->
                        pool.maxSize(1).acquireTimeout(Duration.ofMillis(400)).createTimeout(Duration.ofSeconds(2))));
        StepVerifier.create(Borrowing.query(registry, "slow", "SELECT 1"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(
                                AcquireTimeoutException.class,
                                late -> assertThat(late.counts().opening()).isEqualTo(1)))
                .verify(Duration.ofMillis(1_500));
    }

    @Test
    void aConnectionThatArrivesForABorrowerWhoLeftServesTheNext() {
        Sinks.Empty<Void> gate = Sinks.empty();
        CountingFactory held = new CountingFactory(database.url()).gate(gate.asMono());
        registry.register(ConnectionDefinition.of("held", held).withPool(pool -> pool.maxSize(1)));
        Disposable leaving = Borrowing.query(registry, "held", "SELECT 1").subscribe();
        Waiting.until("opening", () -> held.asked() == 1);
        leaving.dispose();
        StepVerifier.create(Borrowing.query(registry, "held", "SELECT 1"))
                .expectSubscription()
                .then(gate::tryEmitEmpty)
                .expectNext(1)
                .expectComplete()
                .verify(LONG);
        assertThat(held.opened()).isEqualTo(1);
    }

    @Test
    void aHandleThatIsClosedWhileItWaitsLeavesTheQueue() {
        register(1, LONG);
        Connection holder = Borrowing.borrowed(registry, "orders");
        Connection closing = Mono.from(registry.connectionFactory("orders").create())
                .cast(Connection.class)
                .block(LONG);
        StepVerifier.create(Borrowing.one(closing, "SELECT 1"))
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> Borrowing.close(closing))
                .expectError(ConnectionReleasedException.class)
                .verify(Duration.ofSeconds(3));
        assertThat(counts().waiting()).isZero();
        Borrowing.close(holder);
    }

    @Test
    void aBorrowerWhoIsSentAwayWhileItsConnectionArrivesHearsWhy() {
        Sinks.Empty<Void> gate = Sinks.empty();
        CountingFactory held = new CountingFactory(database.url()).gate(gate.asMono());
        RegistryCore core = new RegistryCore(RegistryOptions.defaults());
        ConnectionSlot slot = new ConnectionSlot(ConnectionDefinition.of("held", held), core);
        Mono<Void> removed = Mono.defer(() -> slot.remove(() -> {
            // Between the decision to send the borrower away and the moment in which it hears so.
            gate.tryEmitEmpty();
            core.background().quiescent().block(LONG);
            return new ConnectionDrainingException("held");
        }));
        StepVerifier.create(slot.acquire(Route.to("held"), Context.empty(), lease -> true))
                .expectSubscription()
                .then(() -> Waiting.until("opening", () -> held.asked() == 1))
                .then(() -> removed.block(LONG))
                .expectError(ConnectionDrainingException.class)
                .verify(LONG);
    }

    @Test
    void aStormOfLeaversLosesNothing() {
        register(3, LONG);
        Flux.range(0, 2_000)
                .flatMap(
                        i -> query().onErrorComplete()
                                .takeUntilOther(Mono.delay(Duration.ofNanos((i * 7_919L) % 4_000_000L))),
                        64)
                .then()
                .block(Duration.ofSeconds(60));
        registry.quiescent().block(LONG);
        PoolCounts after = counts();
        assertThat(after.inUse()).isZero();
        assertThat(after.opening()).isZero();
        assertThat(after.waiting()).isZero();
        List<Connection> all = List.of(
                Borrowing.borrowed(registry, "orders"),
                Borrowing.borrowed(registry, "orders"),
                Borrowing.borrowed(registry, "orders"));
        assertThat(counts()).isEqualTo(new PoolCounts(3, 0, 0, 0, 3));
        Borrowing.close(all);
    }

    /** The classic deadlock: each holds what the other one wants. Nobody can resolve it, but nobody waits for ever. */
    @Test
    void whoTakesTheSameConnectionsInOppositeOrdersIsToldAfterTheAcquireTimeout() {
        Duration limit = Duration.ofMillis(200);
        register(1, limit);
        registry.register(ConnectionDefinition.of("billing", database.url())
                .withPool(pool -> pool.maxSize(1).acquireTimeout(limit)));
        Connection orders = Borrowing.borrowed(registry, "orders");
        Connection billing = Borrowing.borrowed(registry, "billing");
        StepVerifier.create(Flux.just("billing", "orders")
                        .flatMap(name -> Borrowing.query(registry, name, "SELECT 1")
                                .then(Mono.<Throwable>empty())
                                .onErrorResume(Mono::just)))
                .expectNextMatches(AcquireTimeoutException.class::isInstance)
                .expectNextMatches(AcquireTimeoutException.class::isInstance)
                .expectComplete()
                .verify(LONG);
        Borrowing.close(List.of(orders, billing));
        assertThat(query().block(LONG)).isEqualTo(1);
        assertThat(Borrowing.query(registry, "billing", "SELECT 1").block(LONG)).isEqualTo(1);
    }
}
