package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Everybody wants a connection at once, and the address does not answer: who connects when. */
@Tag("once")
class ConnectPaceTests {

    private static final int BORROWERS = 120;

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ShakyProvider.Host host = ShakyProvider.host(UUID.randomUUID().toString());
    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().timer(time).build());

    @AfterEach
    void nothingIsLeft() {
        host.up();
        Borrowing.close(registry);
        assertThat(registry.budget().total().open()).isZero();
    }

    private void register(String name) {
        registry.register(host.definition(name).withPool(pool -> pool.maxSize(BORROWERS)));
    }

    /** Holds a connection as long as the test runs. */
    private Mono<Connection> borrow(String name) {
        return Borrowing.borrow(registry, name);
    }

    private static void await(String what, int wanted, java.util.function.IntSupplier now) {
        Waiting.until(what + ": " + wanted, () -> now.getAsInt() == wanted);
    }

    @Test
    void anOutageEndsWithOneConnectAndThenTwiceAsManyWithEachSuccess() {
        register("orders");
        AtomicInteger failed = new AtomicInteger();
        AtomicInteger served = new AtomicInteger();
        List<Connection> held = new ArrayList<>();
        Mono<Void> all = Flux.range(0, BORROWERS)
                .flatMap(
                        i -> borrow("orders")
                                .doOnNext(connection -> served.incrementAndGet())
                                .onErrorResume(CannotConnectException.class, failure -> {
                                    failed.incrementAndGet();
                                    return Mono.empty();
                                }),
                        BORROWERS)
                .doOnNext(connection -> {
                    synchronized (held) {
                        held.add(connection);
                    }
                })
                .then()
                .cache();
        all.subscribe(null, failure -> {});
        await("connects at a time", ConnectPace.MOST, host::pending);
        host.failAll();
        await("those that tried have failed", ConnectPace.MOST, failed::get);
        assertThat(host.attempts()).as("nobody tries in the pause").isEqualTo(ConnectPace.MOST);
        time.advanceTimeBy(Duration.ofMillis(40));
        await("one tries", 1, host::pending);
        for (int allowed = 2; allowed <= 16; allowed *= 2) {
            host.succeed();
            await("twice as many", allowed, host::pending);
        }
        assertThat(failed.get()).isEqualTo(ConnectPace.MOST);
        host.up();
        all.block(Borrowing.PATIENCE);
        assertThat(failed.get() + served.get()).isEqualTo(BORROWERS);
        assertThat(host.peak()).isEqualTo(ConnectPace.MOST);
        Borrowing.close(held);
    }

    @Test
    void whoWaitsInAnOutageHearsOfItsLastFailureAtItsDeadline() {
        register("orders");
        registry.register(host.definition("billing").withPool(pool -> pool.acquireTimeout(Duration.ofSeconds(3))));
        Mono<Connection> first = borrow("orders").cache();
        first.subscribe(connection -> {}, failure -> {});
        await("connects", 1, host::pending);
        host.fail();
        StepVerifier.create(first).expectError(CannotConnectException.class).verify(Borrowing.PATIENCE);
        StepVerifier.create(borrow("billing"))
                .expectSubscription()
                .then(() -> {
                    await("waits", 1, () -> registry.status("billing").counts().waiting());
                    time.advanceTimeBy(Duration.ofMillis(40));
                    await("tries again", 1, host::pending);
                    time.advanceTimeBy(Duration.ofSeconds(3));
                })
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(AcquireTimeoutException.class)
                        .hasMessageContaining("'billing'")
                        .hasMessageContaining("(IOException), and until one succeeds they are made one by one")
                        .hasNoCause()
                        .satisfies(
                                told -> assertThat(FailureClass.of(told)).isEqualTo(FailureClass.RETRYABLE_STATEMENT)))
                .verify(Borrowing.PATIENCE);
    }

    @Test
    void theWordsOfThatSayWhatToDo() {
        assertThat(AcquireTimeoutException.unreachable(
                        "orders",
                        Duration.ofSeconds(30),
                        new PoolCounts(0, 0, 1, 25, 10),
                        new ConnectPace.Failure("db1:5432", "ConnectException", Duration.ofMillis(300))))
                .hasMessage(
                        "Connection 'orders': no connection could be opened within 30 s (in use 0, opening 1, waiting"
                                + " 25, max 10). The last attempt to connect to db1:5432 failed 300 ms ago (ConnectException),"
                                + " and until one succeeds they are made one by one. Check that it is running and can be reached"
                                + " from here, and the address in its definition.");
    }

    /** Its own queue, without any pool. */
    private final class Bare {

        private final AdmissionQueue queue;
        private final ConnectPace pace;
        private final Lane lane;

        Bare(ConnectionBudget budget) {
            queue = new AdmissionQueue(new Admission(budget), "group");
            pace = pace("db:1");
            lane = lane(pace);
        }

        ConnectPace pace(String address) {
            return queue.pace(address, fresh -> new ConnectPace(queue, fresh, time, null));
        }

        Lane lane(ConnectPace its) {
            return queue.lane(
                    "orders", new AdmissionQueue.Size(1000, 1000, its, null), IllegalStateException::new, () -> {});
        }

        void fails() {
            pace.failed(pace.nowNanos(), new IOException("refused"));
        }
    }

    @Test
    void pausesDoubleUpToHalfASecondAndAreNeverTheSame() {
        Set<Long> sixth = new HashSet<>();
        for (int round = 0; round < 30; round++) {
            Bare bare = new Bare(null);
            for (int failures = 0; failures < 9; failures++) {
                bare.fails();
                long pause = Math.min(25L << failures, 500);
                Duration actual = waited(bare);
                assertThat(actual.toMillis())
                        .as("after %d failures", failures + 1)
                        .isBetween(pause / 2, pause * 3 / 2 + 1);
                if (failures == 5) {
                    sixth.add(actual.toMillis());
                }
            }
        }
        assertThat(sixth).hasSizeGreaterThan(10);
    }

    /** How long it takes until somebody may connect; who then does is closed at once. */
    private Duration waited(Bare bare) {
        long before = bare.pace.nowNanos();
        Permit permit = bare.lane.connect();
        while (permit == null) {
            time.advanceTimeBy(Duration.ofMillis(1));
            permit = bare.lane.connect();
        }
        permit.closed();
        return Duration.ofNanos(bare.pace.nowNanos() - before);
    }

    @Test
    void thoseWhoWereOnTheirWayTogetherFailAsOne() {
        Bare bare = new Bare(null);
        time.advanceTimeBy(Duration.ofMillis(1));
        long begun = bare.pace.nowNanos();
        time.advanceTimeBy(Duration.ofSeconds(1));
        for (int i = 0; i < ConnectPace.MOST; i++) {
            bare.pace.failed(begun, new IOException("refused"));
        }
        assertThat(waited(bare)).isLessThan(Duration.ofMillis(40));
    }

    @Test
    void anAddressOfAGroupDoesNotHoldBackTheOthers() {
        Bare bare = new Bare(ConnectionBudget.builder().total(100).build());
        Lane healthy = bare.lane(bare.pace("db:2"));
        bare.fails();
        Mono<Void> dead = bare.lane.ticket().admitted().cache();
        AtomicInteger admitted = new AtomicInteger();
        dead.subscribe(null, null, admitted::incrementAndGet);
        healthy.ticket().admitted().block(Borrowing.PATIENCE);
        assertThat(admitted.get()).isZero();
        time.advanceTimeBy(Duration.ofMillis(40));
        dead.block(Borrowing.PATIENCE);
    }

    @Test
    void aTicketWithoutAConnectionWaitsForItsTurnToo() {
        Bare bare = new Bare(null);
        List<Permit> permits = new ArrayList<>();
        for (Permit next = bare.lane.connect(); next != null; next = bare.lane.connect()) {
            permits.add(next);
        }
        assertThat(permits).hasSize(ConnectPace.MOST);
        permits.get(0).leaving();
        assertThat(bare.lane.connect())
                .as("one that was given up keeps nobody waiting")
                .isNotNull();
    }

    static Stream<Throwable> theAddress() {
        return Stream.of(
                new IOException("refused"),
                new UnknownHostException("nowhere.invalid"),
                new TimeoutException("No connection within 10 ms"),
                new R2dbcNonTransientResourceException("closed"),
                new R2dbcNonTransientResourceException("starting up", "57P03"),
                new R2dbcTransientResourceException("full", "08004", 1040),
                new R2dbcNonTransientResourceException("wrapped", "HY000", new IOException("refused")));
    }

    @ParameterizedTest
    @MethodSource
    void theAddress(Throwable failure) {
        assertThat(ConnectFailures.isOfAddress(new CannotConnectException("orders", "db:1", failure)))
                .isTrue();
    }

    static Stream<Throwable> theDefinition() {
        return Stream.of(
                new CannotConnectException("orders", "db:1", new R2dbcBadGrammarException("no such database", "3D000")),
                new CannotConnectException(
                        "orders", "db:1", new R2dbcNonTransientResourceException("no such database", "42000", 1049)),
                new CannotConnectException("orders", "db:1", new IllegalStateException("a bug")),
                new AuthenticationRefusedException(
                        "orders", "app", new R2dbcTransientResourceException("full", "53300")));
    }

    @ParameterizedTest
    @MethodSource
    void theDefinition(Throwable failure) {
        assertThat(ConnectFailures.isOfAddress(failure)).isFalse();
    }
}
