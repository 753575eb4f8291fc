package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
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
import reactor.core.scheduler.Schedulers;

/** A reader may leave at any moment: afterwards every slot is usable and no server session is left in a transaction. */
@Tag("once")
@ParameterizedClass
@EnumSource(
        value = Product.class,
        names = {"POSTGRESQL", "MYSQL", "MARIADB"})
class CancelStormTests {

    private static final int SLOTS = 5;
    private static final int CANCELS = TestSize.of(250, 4_000);
    private static final String ROWS = "SELECT id, filler FROM big WHERE id < 20000";

    private static Database database;
    private static ReactiveConnectionRegistry registry;
    private static ConnectionFactory storm;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void fill(Product product) {
        database = Databases.create(product);
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("storm", database.url()).withPool(pool -> pool.maxSize(SLOTS)));
        storm = registry.connectionFactory("storm");
        borrowed(connection -> Sql.bigTable(connection, TestSize.of(5, 6))).blockLast(Duration.ofMinutes(2));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        registry.close().block(Duration.ofSeconds(60));
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
        int times = TestSize.of(40, 10_000);
        List<Object> sessionsBefore = sessions();
        Flux.range(0, times)
                .flatMap(
                        i -> borrowed(connection -> Sql.query(connection, "SELECT id, filler FROM big"))
                                .take(1),
                        SLOTS)
                .count()
                .as(count -> {
                    assertThat(count.block(Duration.ofMinutes(TestSize.of(2, 90))))
                            .isEqualTo(times);
                    return count;
                });
        assertEverySlotIsUsable();
        List<Object> sessionsAfter = sessions();
        sessionsAfter.removeAll(sessionsBefore);
        assertThat(sessionsAfter)
                .as("connections opened during %d cancels", times)
                .hasSizeLessThanOrEqualTo(SLOTS);
    }

    /** Cancels each run at a random moment and starts the next one at once, on a fixed seed. */
    private void storm(int milliseconds, Flux<Object> run) {
        Random random = new Random(42);
        AtomicLong rows = new AtomicLong();
        Flux.range(0, CANCELS)
                .concatMap(i -> run.doOnNext(row -> rows.incrementAndGet())
                        .takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(milliseconds * 1_000_000)))))
                .blockLast(Duration.ofMinutes(TestSize.of(2, 90)));
        assertEverySlotIsUsable();
    }

    private void assertEverySlotIsUsable() {
        registry.quiescent().block(Duration.ofSeconds(30));
        PoolCounts counts = registry.status("storm").counts();
        assertThat(counts.inUse()).as("in use").isZero();
        assertThat(counts.waiting()).as("waiting").isZero();
        assertThat(counts.opening()).as("opening").isZero();
        assertThat(idleInTransaction()).as("sessions idle in a transaction").isZero();
        List<Object> answers = Flux.range(0, SLOTS)
                .flatMap(i -> borrowed(connection ->
                        Sql.query(connection, "SELECT 1").delayUntil(row -> Mono.delay(Duration.ofMillis(50)))))
                .collectList()
                .block(Duration.ofSeconds(20));
        assertThat(answers).as("answers on all slots").hasSize(SLOTS);
        registry.quiescent().block(Duration.ofSeconds(30));
    }

    private List<Object> sessions() {
        return new java.util.ArrayList<>(Databases.server(product)
                .query(
                        product == Product.POSTGRESQL
                                ? "SELECT pid FROM pg_stat_activity WHERE datname = '" + database.name() + "'"
                                : "SELECT id FROM information_schema.processlist WHERE db = '" + database.name()
                                        + "'"));
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
