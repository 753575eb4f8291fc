package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** A server is killed while queries run, and starts again on the same port with the same data; the program goes on. */
@Tag("once")
class ServerRestartTests {

    private static final Duration TIME_OUT = Duration.ofSeconds(4);
    /** What a busy machine adds to a time-out. */
    private static final Duration SLACK = Duration.ofSeconds(6);

    private static final int BORROWERS = 24;

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().total(8).build())
            .build());
    private final AtomicInteger answered = new AtomicInteger();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    /** When the server was there again, or far in the future. */
    private final AtomicLong upSince = new AtomicLong(Long.MAX_VALUE);

    private final Queue<Throwable> late = new ConcurrentLinkedQueue<>();
    private final AtomicLong longestNanos = new AtomicLong();
    private final Sinks.Empty<Void> enough = Sinks.empty();

    static Stream<Product> servers() {
        return TestSize.of(1, 3) == 1
                ? Stream.of(Product.POSTGRESQL)
                : Stream.of(Product.POSTGRESQL, Product.MYSQL, Product.MARIADB);
    }

    private Mono<Object> query(int i) {
        return Borrowing.query(registry, i % 2 == 0 ? "orders" : "billing", "SELECT count(*) FROM item");
    }

    /** Queries without a pause, whatever becomes of them, until there were enough. */
    private Mono<Void> load() {
        return Flux.range(0, BORROWERS)
                .flatMap(
                        i -> Mono.defer(() -> {
                                    long begun = System.nanoTime();
                                    return query(i).doOnNext(row -> answered.incrementAndGet())
                                            .onErrorResume(failure -> {
                                                (begun > upSince.get() ? late : failures).add(failure);
                                                return Mono.empty();
                                            })
                                            .doFinally(signal ->
                                                    longestNanos.accumulateAndGet(System.nanoTime() - begun, Math::max))
                                            .then();
                                })
                                // A program that has failed does something else before it comes again.
                                .publishOn(Schedulers.parallel())
                                .repeat()
                                .takeUntilOther(enough.asMono()),
                        BORROWERS)
                .then();
    }

    private void untilAnswers(int more) {
        int wanted = answered.get() + more;
        Waiting.until("more answers", () -> answered.get() >= wanted);
    }

    private void register(Database database) {
        for (String name : List.of("orders", "billing")) {
            registry.register(ConnectionDefinition.of(name, database.url())
                    .withPool(pool -> pool.maxSize(4).acquireTimeout(TIME_OUT).createTimeout(Duration.ofSeconds(2))));
        }
        Mono.usingWhen(
                        Mono.from(registry.connectionFactory("orders").create()),
                        connection -> Sql.run(connection, "CREATE TABLE item (id INT)"),
                        Connection::close)
                .block(Borrowing.PATIENCE);
    }

    private void killed(DatabaseServer server) {
        untilAnswers(200);
        upSince.set(Long.MAX_VALUE);
        int before = failures.size();
        long down = System.nanoTime();
        server.kill();
        // Those in flight, and a few of those that came later.
        Waiting.until("queries fail", () -> failures.size() >= before + TestSize.of(9, 30));
        server.restart();
        long up = System.nanoTime();
        upSince.set(up);
        untilAnswers(1);
        System.out.printf(
                "%s: down for %d ms, first answer %d ms after it was there, %d failures, longest query %d ms%n",
                server.product(),
                Duration.ofNanos(up - down).toMillis(),
                Duration.ofNanos(System.nanoTime() - up).toMillis(),
                failures.size() - before,
                Duration.ofNanos(longestNanos.get()).toMillis());
        untilAnswers(200);
        assertThat(late).as("of those that came after its return").isEmpty();
    }

    @ParameterizedTest
    @MethodSource("servers")
    void queriesFailInWordsWhileItIsDownAndSucceedOnceItIsThere(Product product) {
        try (DatabaseServer server = Databases.startServer(product);
                Database database = server.createDatabase()) {
            register(database);
            Mono<Void> running = load().cache();
            running.subscribe(null, failure -> {});
            for (int round = 0; round < TestSize.of(1, 5); round++) {
                killed(server);
            }
            enough.tryEmitEmpty();
            running.block(Borrowing.PATIENCE);
            assertThat(failures)
                    .allSatisfy(failure -> assertThat(isDefined(failure))
                            .as(failure.toString())
                            .isTrue());
            assertThat(failures).hasAtLeastOneElementOfType(R2dbcTransientException.class);
            assertThat(Duration.ofNanos(longestNanos.get())).isLessThan(TIME_OUT.plus(SLACK));
            registry.quiescent().block(Borrowing.PATIENCE);
            BudgetStatus total = registry.budget().total();
            assertThat(total.counts()).isEqualTo(new PoolCounts(0, total.open(), 0, 0, 8));
            assertThat(registry.connections().inFlight()).isEmpty();
            Borrowing.close(registry);
            assertThat(registry.budget().total().open()).isZero();
        }
    }

    /** Whoever came while it was down hears that it may pass; whoever was at work hears that the connection is dead. */
    private static boolean isDefined(Throwable failure) {
        FailureClass meaning = FailureClass.of(failure);
        return failure instanceof R2dbcTransientException
                ? meaning == FailureClass.RETRYABLE_STATEMENT
                : meaning == FailureClass.CONNECTION_DEAD;
    }
}
