package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.reactivestreams.Publisher;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The control of {@link CancelStormTests}: the same storm on the pool and the driver alone loses slots. Should this test
 * fail one day, the driver has learnt to survive a cancel, and much of the handle may go.
 */
@Tag("once")
@EnabledIf("isFull")
class BarePoolControlTests {

    /** What it shows of the bare pool and driver does not change with this code. */
    static boolean isFull() {
        return TestSize.isFull();
    }

    private static final int SLOTS = 5;
    private static final int MOST_CANCELS = 2_000;
    private static final int CANCELS_PER_ROUND = 100;
    private static final String ROWS = "SELECT id, filler FROM big WHERE id < 20000";
    private static final Duration ACQUIRE = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(8);
    private static final List<String> NOISY = List.of("io.netty", "reactor", "io.r2dbc");

    private final Database database = Databases.create(Product.POSTGRESQL);
    private final Recording driver = new Recording(database.url());

    @BeforeEach
    void fill() {
        Mono.usingWhen(driver.create(), connection -> Sql.bigTable(connection, 5), Connection::close)
                .block(Duration.ofMinutes(1));
        logs(Level.OFF);
    }

    /** The pool forgets the connections that it lost, so they are closed from below. */
    @AfterEach
    void closeEverything() {
        driver.closeAll();
        logs(null);
        Sessions.awaitNone(database);
        database.close();
    }

    /** What the storm leaves in the log (buffers that are never released, errors that nobody takes) is its very point. */
    private static void logs(@Nullable Level level) {
        NOISY.forEach(name -> ((Logger) LoggerFactory.getLogger(name)).setLevel(level));
    }

    @Test
    void theBarePoolLosesASlotInTheSameStorm() {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(driver)
                .initialSize(0)
                .maxSize(SLOTS)
                .maxAcquireTime(ACQUIRE)
                .acquireRetry(0)
                .build());
        assertThat(Borrowing.usable(pool, SLOTS)).as("slots before the storm").isEqualTo(SLOTS);
        Random random = new Random(42);
        int cancels = 0;
        int lost = 0;
        while (lost == 0 && cancels < MOST_CANCELS) {
            storm(pool, random);
            cancels += CANCELS_PER_ROUND;
            lost = SLOTS - Borrowing.usable(pool, SLOTS);
        }
        System.out.printf("Bare pool: %d of %d slots lost after %d cancels%n", lost, SLOTS, cancels);
        pool.disposeLater().block(ANSWER);
        assertThat(lost).as("slots lost in %d cancels", cancels).isPositive();
    }

    private static void storm(ConnectionPool pool, Random random) {
        Flux<Object> run = Flux.usingWhen(
                pool.create(),
                connection -> Mono.from(connection.beginTransaction())
                        .thenMany(Sql.query(connection, ROWS))
                        .concatWith(Mono.from(connection.commitTransaction()).cast(Object.class)),
                Connection::close);
        Flux.range(0, CANCELS_PER_ROUND)
                .concatMap(i -> run.takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(20_000_000))))
                        .onErrorComplete())
                .blockLast(Duration.ofMinutes(1));
    }

    /** The driver, and what it opened. */
    private static final class Recording implements ConnectionFactory {

        private final ConnectionFactory driver;
        private final Queue<Connection> opened = new ConcurrentLinkedQueue<>();

        Recording(String url) {
            this.driver = ConnectionFactories.get(url);
        }

        @Override
        public Publisher<Connection> create() {
            return Mono.<Connection>from(driver.create()).doOnNext(opened::add);
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return driver.getMetadata();
        }

        void closeAll() {
            Flux.fromIterable(opened)
                    .flatMap(connection ->
                            Mono.from(connection.close()).timeout(ANSWER).onErrorComplete())
                    .blockLast(ANSWER.multipliedBy(2));
        }
    }
}
