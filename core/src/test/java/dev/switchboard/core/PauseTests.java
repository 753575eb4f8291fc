package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** A name that is paused, and moved while it is in use. */
@Tag("once")
class PauseTests {

    private static final int WRITERS = 12;

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final LiveConnections live = registry.connections();

    @AfterEach
    void close() {
        Borrowing.close(registry);
    }

    private Mono<Long> count(String name) {
        return Borrowing.query(registry, name, "SELECT COUNT(*) FROM item").map(found -> ((Number) found).longValue());
    }

    private Mono<Void> run(String name, List<String> statements) {
        return Mono.usingWhen(
                registry.connectionFactory(name).create(),
                connection -> Sql.run(connection, statements.toArray(String[]::new)),
                Connection::close);
    }

    private Mono<List<Integer>> ids(String name) {
        return Flux.usingWhen(
                        registry.connectionFactory(name).create(),
                        connection -> Sql.query(connection, "SELECT id FROM item ORDER BY id"),
                        Connection::close)
                .map(id -> ((Number) id).intValue())
                .collectList();
    }

    private Mono<Integer> write(int id, boolean inTransaction) {
        return Mono.usingWhen(
                        registry.connectionFactory("shard").create(),
                        connection -> (inTransaction ? Mono.from(connection.beginTransaction()) : Mono.<Void>empty())
                                .then(Sql.run(connection, "INSERT INTO item VALUES (" + id + ")"))
                                .then(inTransaction ? Mono.from(connection.commitTransaction()) : Mono.<Void>empty()),
                        Connection::close)
                .thenReturn(id);
    }

    /** Writes one row after the other, half of the writers in transactions, without an end. */
    private Flux<Integer> load(AtomicInteger numbers, List<Integer> written, Sinks.Empty<Void> busy) {
        return Flux.range(0, WRITERS)
                .flatMap(writer -> Mono.defer(() -> write(numbers.incrementAndGet(), writer % 2 == 0))
                        .doOnNext(written::add)
                        .doOnNext(id -> {
                            if (id > 3 * WRITERS) {
                                busy.tryEmitEmpty();
                            }
                        })
                        .repeat());
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aNameMovesUnderLoadAndNothingFailsOrIsLost(Product product) {
        try (Database from = Databases.create(product);
                Database to = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("shard", from.url()).withPool(pool -> pool.maxSize(4)));
            registry.register(ConnectionDefinition.of("old", from.url()));
            registry.register(ConnectionDefinition.of("new", to.url()));
            for (String name : List.of("old", "new")) {
                run(name, List.of("CREATE TABLE item (id INT PRIMARY KEY)")).block(Borrowing.PATIENCE);
            }
            AtomicInteger numbers = new AtomicInteger();
            List<Integer> written = new CopyOnWriteArrayList<>();
            Sinks.Empty<Void> moved = Sinks.empty();
            Sinks.Empty<Void> busy = Sinks.empty();
            Mono<Void> load =
                    load(numbers, written, busy).takeUntilOther(moved.asMono()).then();
            AtomicInteger copied = new AtomicInteger();
            Mono<Void> copy = ids("old")
                    .doOnNext(ids -> copied.set(ids.size()))
                    .flatMap(ids -> run(
                            "new",
                            ids.stream()
                                    .map(id -> "INSERT INTO item VALUES (" + id + ")")
                                    .toList()));
            Mono<Duration> move = busy.asMono()
                    .then(live.move(ConnectionDefinition.of("shard", to.url()).withPool(pool -> pool.maxSize(4)), copy))
                    .delayUntil(paused -> Mono.defer(() -> write(-1, false)))
                    .doOnTerminate(moved::tryEmitEmpty);
            Duration paused = Mono.zip(move, load.thenReturn(true))
                    .map(both -> both.getT1())
                    .block(Borrowing.PATIENCE);
            assertThat(paused).isPositive();
            assertThat(copied).hasPositiveValue();
            assertThat(count("old").block(Borrowing.PATIENCE)).isEqualTo(copied.get());
            List<Integer> kept = ids("new").block(Borrowing.PATIENCE);
            assertThat(kept).containsAll(written).contains(-1);
            System.out.println(product + ": " + copied + " rows before and " + (kept.size() - copied.get())
                    + " after a pause of " + paused.toMillis() + " ms");
            Borrowing.close(registry);
        }
    }

    private ConnectionDefinition h2(Database database) {
        return ConnectionDefinition.of("shard", database.url())
                .withPool(pool -> pool.maxSize(2).maxWaiting(3).acquireTimeout(Duration.ofSeconds(20)));
    }

    private Mono<Object> one() {
        return Borrowing.query(registry, "shard", "SELECT 1");
    }

    @Test
    void newWorkWaitsInOrderUntilTheNameGoesOn() {
        try (Database database = Databases.create(Product.H2)) {
            registry.register(h2(database).withPool(pool -> pool.maxSize(1)));
            one().block(Borrowing.PATIENCE);
            live.pause("shard").block(Borrowing.PATIENCE);
            assertThat(registry.status("shard").open()).isFalse();
            List<Integer> answered = new CopyOnWriteArrayList<>();
            List<Disposable> running = new ArrayList<>();
            Sinks.Empty<Void> all = Sinks.empty();
            for (int borrower = 0; borrower < 3; borrower++) {
                int number = borrower;
                Mono<Object> asks = one().doOnNext(answer -> {
                    answered.add(number);
                    if (answered.size() == 3) {
                        all.tryEmitEmpty();
                    }
                });
                running.add(asks.subscribe());
            }
            StepVerifier.create(one())
                    .expectError(WaitingQueueFullException.class)
                    .verify(Borrowing.PATIENCE);
            assertThat(answered).isEmpty();
            assertThat(live.resume("shard").block(Borrowing.PATIENCE)).isPositive();
            all.asMono().block(Borrowing.PATIENCE);
            assertThat(answered).containsExactly(0, 1, 2);
            assertThat(live.resume("shard").block(Borrowing.PATIENCE)).isNull();
            assertThat(running).hasSize(3);
            Borrowing.close(registry);
        }
    }

    @Test
    void whoWaitsTooLongHearsThatTheNameIsPaused() {
        try (Database database = Databases.create(Product.H2)) {
            registry.register(h2(database).withPool(pool -> pool.acquireTimeout(Duration.ofMillis(50))));
            live.pause("shard").block(Borrowing.PATIENCE);
            StepVerifier.create(one())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(AcquireTimeoutException.class)
                            .hasMessageContaining("it is paused"))
                    .verify(Borrowing.PATIENCE);
            StepVerifier.create(live.pause("shard"))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(ConnectionPausedException.class)
                            .hasMessageContaining("'shard' is paused already"))
                    .verify(Borrowing.PATIENCE);
            live.resume("shard").block(Borrowing.PATIENCE);
            Borrowing.close(registry);
        }
    }

    @Test
    void workThatHasBegunEndsBeforeThePauseDoes() {
        try (Database database = Databases.create(Product.H2)) {
            registry.register(h2(database));
            Connection held = Borrowing.borrowed(registry, "shard");
            StepVerifier.create(live.pause("shard"))
                    .expectSubscription()
                    .then(() -> {
                        assertThat(Borrowing.one(held, "SELECT 1").block(Borrowing.PATIENCE))
                                .isNotNull();
                        Mono<Object> second = one().contextWrite(HeldConnections.holding(held));
                        assertThat(second.block(Borrowing.PATIENCE)).isNotNull();
                    })
                    .then(() -> Borrowing.close(held))
                    .expectComplete()
                    .verify(Borrowing.PATIENCE);
            assertThat(registry.status("shard").open()).isFalse();
            Borrowing.close(registry);
        }
    }

    @Test
    void aMoveThatFailsOrIsCancelledLeavesTheNameWhereItWas() {
        try (Database database = Databases.create(Product.H2);
                Database other = Databases.create(Product.H2)) {
            registry.register(h2(database));
            run("shard", List.of("CREATE TABLE item (id INT PRIMARY KEY)")).block(Borrowing.PATIENCE);
            ConnectionDefinition next = ConnectionDefinition.of("shard", other.url());
            StepVerifier.create(live.move(next, Mono.error(new IllegalStateException("planned"))))
                    .expectErrorMessage("planned")
                    .verify(Borrowing.PATIENCE);
            assertThat(count("shard").block(Borrowing.PATIENCE)).isZero();
            Sinks.Empty<Void> copying = Sinks.empty();
            StepVerifier.create(live.move(
                            next, Mono.fromRunnable(copying::tryEmitEmpty).then(Mono.never())))
                    .then(() -> copying.asMono().block(Borrowing.PATIENCE))
                    .thenCancel()
                    .verify(Borrowing.PATIENCE);
            assertThat(count("shard").block(Borrowing.PATIENCE)).isZero();
            Borrowing.close(registry);
        }
    }

    @Test
    void aNameThatGoesWhileItIsPausedSendsItsBorrowersAway() {
        try (Database database = Databases.create(Product.H2)) {
            registry.register(h2(database));
            live.pause("shard").block(Borrowing.PATIENCE);
            StepVerifier.create(one())
                    .expectSubscription()
                    .then(() -> registry.unregister("shard").block(Borrowing.PATIENCE))
                    .expectError(ConnectionDrainingException.class)
                    .verify(Borrowing.PATIENCE);
        }
    }
}
