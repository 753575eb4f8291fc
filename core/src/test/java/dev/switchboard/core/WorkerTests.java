package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/**
 * H2 works on the thread of whoever subscribes, so its calls are moved to a worker, each of them; the driver of MariaDB must be
 * asked on the thread that reads its socket.
 */
class WorkerTests {

    private static final List<String> CALLS =
            List.of("create", "beginTransaction", "query", "commitTransaction", "close");

    private final Map<String, String> threads = new ConcurrentHashMap<>();
    private final Database database = Databases.create(Product.H2);
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
            .register(ConnectionDefinition.of("orders", recording(database)).withPool(Borrowing::quick));

    /** Says on which thread each call was subscribed. */
    private ConnectionFactory recording(Database of) {
        return ProxyConnectionFactory.builder(ConnectionFactories.get(of.url()))
                .onBeforeMethod(call -> threads.put(call.getMethod().getName(), call.getThreadName()))
                .onBeforeQuery(query -> threads.put("query", query.getThreadName()))
                .build();
    }

    private static <T> Mono<T> elsewhere(Mono<T> call) {
        return call.subscribeOn(Schedulers.parallel());
    }

    @Test
    void everyCallToADriverThatBlocksItsSubscriberRunsOnAWorker() {
        Connection held = Borrowing.borrowed(registry, "orders");
        threads.clear();
        Mono.usingWhen(
                        registry.connectionFactory("orders").create(),
                        connection -> Mono.from(connection.beginTransaction())
                                .then(elsewhere(Borrowing.one(connection, "SELECT 1")))
                                .delayUntil(row -> elsewhere(Mono.from(connection.commitTransaction()))),
                        Connection::close)
                .subscribeOn(Schedulers.parallel())
                .block(Borrowing.PATIENCE);
        Borrowing.close(held);
        Borrowing.close(registry);
        assertThat(threads.keySet()).containsAll(CALLS);
        assertThat(CALLS)
                .allSatisfy(call -> assertThat(threads.get(call)).as(call).startsWith("boundedElastic"));
        database.close();
    }

    /** Whoever subscribes to each result as it comes, as jOOQ does, must not hear of two at a time. */
    @Test
    void resultsThatAreReadAsTheyComeSignalOneAfterTheOther() {
        CountDownLatch second = new CountDownLatch(2);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger together = new AtomicInteger();
        Connection connection = Borrowing.borrowed(registry, "orders");
        Sinks.Many<Long> counts = Sinks.many().unicast().onBackpressureBuffer();
        Flux.from(connection
                        .createBatch()
                        .add("CREATE TABLE a (id INT)")
                        .add("CREATE TABLE b (id INT)")
                        .execute())
                .subscribe(result -> Flux.from(result.getRowsUpdated()).subscribe(count -> {
                    together.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    second.countDown();
                    awaitBriefly(second);
                    inside.decrementAndGet();
                    counts.tryEmitNext(count).orThrow();
                }));
        StepVerifier.create(counts.asFlux().take(2))
                .expectNextCount(2)
                .expectComplete()
                .verify(Borrowing.PATIENCE);
        assertThat(together).hasValue(1);
        Borrowing.close(connection);
        Borrowing.close(registry);
        database.close();
    }

    /** Asked for on another thread, some of its rows would be read there, and now and then one would be left behind. */
    @Test
    void rowsOfMariaDbAreAskedForOnTheThreadThatReadsTheSocket() {
        Set<String> readOn = ConcurrentHashMap.newKeySet();
        try (Database mariaDb = Databases.create(Product.MARIADB)) {
            registry.register(ConnectionDefinition.of("maria", mariaDb.url()));
            Flux<Long> rows = Flux.usingWhen(
                    registry.connectionFactory("maria").create(),
                    connection -> Flux.from(connection
                                    .createStatement("SELECT seq FROM seq_1_to_5000")
                                    .execute())
                            .flatMap(result -> result.map(row -> {
                                readOn.add(Thread.currentThread().getName());
                                return row.get(0, Long.class);
                            }))
                            .publishOn(Schedulers.parallel(), 16),
                    Connection::close);
            StepVerifier.create(rows.collectList())
                    .expectNext(LongStream.rangeClosed(1, 5_000).boxed().toList())
                    .expectComplete()
                    .verify(Borrowing.PATIENCE);
            assertThat(readOn).singleElement().asString().startsWith("reactor-tcp");
            Borrowing.close(registry);
        }
        database.close();
    }

    /** Gives a second signal the time to come while the first one is being heard. */
    private static void awaitBriefly(CountDownLatch latch) {
        try {
            latch.await(200, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
