package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** A reader may leave at any moment: afterwards every slot is usable and no server session is left in a transaction. */
@Tag("once")
@ParameterizedClass
@EnumSource(
        value = Product.class,
        names = {"POSTGRESQL", "MYSQL", "MARIADB"})
class CancelStormTests {

    private static final int SLOTS = 5;
    private static final int CANCELS = TestSize.of(40, 4_000);
    private static final String ROWS = "SELECT id, filler FROM big WHERE id < 20000";

    private static Database database;
    private static CountingFactory driver;
    private static ReactiveConnectionRegistry registry;
    private static ConnectionFactory storm;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void fill(Product product) {
        database = Databases.create(product);
        driver = new CountingFactory(database.url());
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("storm", driver).withPool(pool -> pool.maxSize(SLOTS)));
        storm = registry.connectionFactory("storm");
        borrowed(connection -> Sql.bigTable(connection, TestSize.of(5, 6))).blockLast(Duration.ofMinutes(2));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        registry.close().block(Duration.ofSeconds(60));
        Sessions.awaitNone(database);
        database.close();
    }

    private static <T> Flux<T> borrowed(Function<Connection, Publisher<T>> work) {
        return Flux.usingWhen(storm.create(), work, Connection::close);
    }

    @Test
    void plainQueriesLoseNoSlot() {
        storm(4, borrowed(connection -> Sql.query(connection, ROWS)));
    }

    @Test
    void queriesReadOnAnotherThreadLoseNoSlot() {
        storm(4, borrowed(connection -> Sql.query(connection, ROWS).publishOn(Schedulers.parallel())));
    }

    @Test
    void transactionsLoseNoSlot() {
        storm(
                20,
                borrowed(connection -> Mono.from(connection.beginTransaction())
                        .thenMany(Sql.query(connection, ROWS))
                        .concatWith(Mono.from(connection.commitTransaction()).cast(Object.class))));
    }

    @Test
    void queriesWithLittleDemandLoseNoSlot() {
        storm(20, borrowed(connection -> Sql.query(connection, ROWS)).limitRate(32));
    }

    @Test
    void takingOneRowOfAHugeResultReconnectsAboutNever() {
        int times = TestSize.of(12, 10_000);
        int before = opened();
        Long taken = Flux.range(0, times)
                .flatMap(
                        i -> borrowed(connection -> Sql.query(connection, "SELECT id, filler FROM big"))
                                .take(1),
                        SLOTS)
                .count()
                .block(Duration.ofMinutes(TestSize.of(2, 90)));
        assertThat(taken).isEqualTo(times);
        assertEverySlotIsUsable();
        System.out.printf("%s: %d connections opened during %d cancels%n", product, opened() - before, times);
        assertThat(opened() - before)
                .as("connections opened during %d cancels", times)
                .isLessThanOrEqualTo(SLOTS);
    }

    /** Physical connections so far, without those that only asked the server to stop a statement. */
    private static int opened() {
        return driver.opened() - driver.control();
    }

    /**
     * Cancels each run at a random moment and starts the next one at once, on a fixed seed. The moments of every other run
     * count from its first row, since a machine that is busy hardly ever gets to rows before a moment that was fixed.
     */
    private void storm(int milliseconds, Flux<Object> run) {
        Random random = new Random(42);
        AtomicInteger leftMidway = new AtomicInteger();
        Flux.range(0, CANCELS)
                .concatMap(i -> {
                    Mono<Long> moment = Mono.delay(Duration.ofNanos(random.nextInt(milliseconds * 1_000_000)));
                    return i % 2 == 0 ? run.takeUntilOther(moment) : leftAfterItsFirstRow(run, moment, leftMidway);
                })
                .blockLast(Duration.ofMinutes(TestSize.of(2, 90)));
        System.out.printf("%s: %d of %d runs left midway%n", product, leftMidway.get(), CANCELS);
        assertThat(leftMidway.get())
                .as("%s: runs cancelled between their first and their last row", product)
                .isGreaterThan(CANCELS / 8);
        assertEverySlotIsUsable();
    }

    private static Flux<Object> leftAfterItsFirstRow(Flux<Object> run, Mono<Long> moment, AtomicInteger counter) {
        return Flux.defer(() -> {
            Sinks.Empty<Void> firstRow = Sinks.empty();
            return run.doOnNext(row -> firstRow.tryEmitEmpty())
                    .doOnCancel(counter::incrementAndGet)
                    .takeUntilOther(firstRow.asMono().then(moment));
        });
    }

    private void assertEverySlotIsUsable() {
        registry.quiescent().block(Duration.ofSeconds(30));
        PoolCounts counts = registry.status("storm").counts();
        assertThat(counts.inUse()).as("in use").isZero();
        assertThat(counts.waiting()).as("waiting").isZero();
        assertThat(counts.opening()).as("opening").isZero();
        assertThat(idleInTransaction()).as("sessions idle in a transaction").isZero();
        assertThat(Borrowing.usable(storm, SLOTS)).as("usable slots").isEqualTo(SLOTS);
        registry.quiescent().block(Duration.ofSeconds(30));
        Waiting.until(
                "as many sessions on the server as idle connections in the pool",
                () -> Sessions.in(database).size()
                        == registry.status("storm").counts().idle());
    }

    private int idleInTransaction() {
        return Databases.server(product)
                .query(
                        product == Product.POSTGRESQL
                                ? "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = '"
                                        + database.name() + "'"
                                : "SELECT t.trx_id FROM information_schema.innodb_trx t JOIN information_schema.processlist p"
                                        + " ON p.id = t.trx_mysql_thread_id WHERE p.db = '" + database.name() + "'")
                .size();
    }
}
