package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Borrowers of many names and two products come and leave at any moment, at a cap that makes most of them wait: afterwards no
 * connection, no permit and no session is left over, and no cap was exceeded at any of these moments.
 */
@Tag("once")
class BudgetStormTests {

    private static final int NAMES = 20;
    private static final int AT_A_TIME = 64;
    private static final int PER_HOST = 6;
    private static final int TOTAL = 10;
    private static final int CANCELS = TestSize.of(2_000, 1_000_000);

    private final List<Database> databases =
            List.of(Databases.create(Product.POSTGRESQL), Databases.create(Product.MARIADB));
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder()
                    .total(TOTAL)
                    .perHost(PER_HOST)
                    .openingsPerHost(PER_HOST)
                    .build())
            .build());
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();
    private final AtomicInteger leftMidway = new AtomicInteger();
    private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();

    @AfterEach
    void close() {
        registry.close().block(Borrowing.PATIENCE);
        databases.forEach(Sessions::awaitNone);
        databases.forEach(Database::close);
    }

    @Test
    void borrowersThatLeaveAtAnyMomentLeaveNothingBehind() {
        for (int i = 0; i < NAMES; i++) {
            registry.register(
                    ConnectionDefinition.of("shard" + i, databases.get(i % 2).url())
                            .withPool(pool -> pool.maxSize(4)));
        }
        Random random = new Random(20_261_128);
        Flux.range(0, CANCELS)
                .flatMap(i -> i % 8 == 0 ? leavingMidway(random) : leaving(random), AT_A_TIME)
                .blockLast(Duration.ofMinutes(TestSize.of(2, 90)));
        registry.quiescent().block(Borrowing.PATIENCE);
        System.out.printf(
                "%d borrowers: %d answered, %d left, %d of them midway, at most %d connections, %d reclaimed%n",
                CANCELS,
                answered.get(),
                left.get() + leftMidway.get(),
                leftMidway.get(),
                most.get(),
                registry.budget().total().reclaimed());
        assertThat(errors).isEmpty();
        assertThat(left.get()).isGreaterThan(CANCELS / 4);
        assertThat(answered.get()).isPositive();
        assertThat(leftMidway.get()).isPositive();
        assertThat(most.get()).isBetween(2, TOTAL);
        assertThat(registry.budget().hosts())
                .allSatisfy(
                        host -> assertThat(host.counts()).isEqualTo(new PoolCounts(0, host.open(), 0, 0, PER_HOST)));
        assertThat(sessions()).isLessThanOrEqualTo(registry.budget().total().open());
        everyNameStillAnswers();
    }

    /** Most moments are early, while it waits or its connection is being opened, some are in the middle of the answer. */
    private Mono<Object> leaving(Random random) {
        String name = "shard" + random.nextInt(NAMES);
        Duration moment = Duration.ofNanos((long) (20_000_000 * Math.pow(random.nextDouble(), 2)));
        most.accumulateAndGet(registry.budget().total().open(), Math::max);
        return Borrowing.query(registry, name, "SELECT 1")
                .doOnNext(answer -> answered.incrementAndGet())
                .doOnCancel(left::incrementAndGet)
                .onErrorResume(this::failed)
                .takeUntilOther(Mono.delay(moment));
    }

    /** Leaves after it got its connection: while the statement is sent, answered, or the connection given back. */
    private Mono<Object> leavingMidway(Random random) {
        String name = "shard" + random.nextInt(NAMES);
        Duration moment = Duration.ofNanos(random.nextInt(2_000_000));
        return Mono.usingWhen(
                        Borrowing.borrow(registry, name),
                        connection -> Borrowing.one(connection, "SELECT 2")
                                .doOnNext(answer -> answered.incrementAndGet())
                                .doOnCancel(leftMidway::incrementAndGet)
                                .takeUntilOther(Mono.delay(moment)),
                        Connection::close)
                .onErrorResume(this::failed);
    }

    private Mono<Object> failed(Throwable failure) {
        errors.computeIfAbsent(failure.toString(), text -> new LongAdder()).increment();
        return Mono.empty();
    }

    private int sessions() {
        List<String> sessions = new ArrayList<>();
        databases.forEach(database -> sessions.addAll(Sessions.in(database)));
        return sessions.size();
    }

    private void everyNameStillAnswers() {
        Flux.range(0, NAMES)
                .flatMap(i -> Borrowing.query(registry, "shard" + i, "SELECT 1"))
                .blockLast(Borrowing.PATIENCE);
    }
}
