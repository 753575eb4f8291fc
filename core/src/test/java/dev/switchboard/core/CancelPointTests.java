package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.EnumSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.retry.Retry;

/**
 * A borrower leaves at each point of its way, while the network stands still: nothing leaks, nothing half done stays, and
 * the slot is usable, whether the network comes back or not.
 */
@Tag("once")
@ParameterizedClass
@MethodSource("products")
class CancelPointTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(150);
    private static final Duration LONG = Duration.ofSeconds(10);

    /** MySQL's driver is drained as MariaDB's is; it takes its turn in the long form. */
    static EnumSet<Product> products() {
        return TestSize.isFull() ? EnumSet.allOf(Product.class) : EnumSet.complementOf(EnumSet.of(Product.MYSQL));
    }

    @Parameter
    Product product;

    private Database database;
    private @Nullable FaultProxy proxy;
    private @Nullable ReactiveConnectionRegistry registry;

    /** What becomes of the network after the cancel. */
    enum Network {
        COMES_BACK(LONG) {
            @Override
            void after(CancelPointTests test) {
                test.resume();
                test.quiescent();
            }
        },
        STAYS_AWAY_PAST_ALL_LIMITS(SHORT) {
            @Override
            void after(CancelPointTests test) {
                test.quiescent();
                test.resume();
            }
        };

        private final Duration limit;

        Network(Duration limit) {
            this.limit = limit;
        }

        abstract void after(CancelPointTests test);
    }

    @BeforeEach
    void start() {
        database = Databases.create(product);
    }

    @AfterEach
    void everySessionEnds() {
        if (registry != null) {
            Borrowing.close(registry);
        }
        Sessions.awaitNone(database);
        if (proxy != null) {
            proxy.close();
        }
        database.close();
    }

    private ReactiveConnectionRegistry open(Duration limit) {
        ExchangeOptions limits = ExchangeOptions.builder()
                .drainTimeout(limit)
                .transactionDrainTimeout(limit)
                .serverCancelTimeout(limit)
                .build();
        registry = ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().exchange(limits).build())
                .register(ConnectionDefinition.of("orders", throughProxy())
                        .withPool(pool -> pool.maxSize(1)
                                .acquireTimeout(Duration.ofSeconds(20))
                                .createTimeout(Duration.ofSeconds(2))
                                .resetTimeout(limit)
                                .drainTimeout(PATIENCE)));
        return registry;
    }

    private ConnectionFactoryOptions throughProxy() {
        if (!product.isServer()) {
            return database.options();
        }
        proxy = new FaultProxy(database.host(), database.port());
        return database.options()
                .mutate()
                .option(ConnectionFactoryOptions.HOST, "127.0.0.1")
                .option(ConnectionFactoryOptions.PORT, proxy.port())
                .build();
    }

    private void stall() {
        if (proxy != null) {
            proxy.stall();
        }
    }

    private void resume() {
        if (proxy != null) {
            proxy.resume();
        }
    }

    private void quiescent() {
        registry.quiescent().block(PATIENCE);
    }

    /** A handle with a connection, on a database with an empty table. */
    private Connection handle(Duration limit) {
        Connection handle = Borrowing.borrowed(open(limit), "orders");
        Sql.run(handle, "CREATE TABLE item (id INT PRIMARY KEY)").block(PATIENCE);
        return handle;
    }

    private Connection transaction(Duration limit) {
        Connection handle = handle(limit);
        Mono.from(handle.beginTransaction()).block(PATIENCE);
        Sql.run(handle, "INSERT INTO item VALUES (1)").block(PATIENCE);
        return handle;
    }

    private static <T> TestSubscriber<T> subscribed(Publisher<T> work) {
        TestSubscriber<T> subscriber = TestSubscriber.create();
        work.subscribe(subscriber);
        return subscriber;
    }

    private void leave(TestSubscriber<?> work, Connection handle, Network network) {
        work.cancel();
        TestSubscriber<Void> closing = subscribed(handle.close());
        network.after(this);
        closing.block(PATIENCE);
        assertThat(closing.isTerminatedComplete()).isTrue();
        everySlotIsFree();
    }

    private void everySlotIsFree() {
        PoolCounts counts = registry.status("orders").counts();
        assertThat(counts.inUse() + counts.opening() + counts.waiting()).isZero();
        // What the network held back arrives now, and may still close what is being opened beside it.
        Mono<Object> answer = Borrowing.query(registry, "orders", "SELECT 1")
                .retryWhen(Retry.max(2).filter(CannotConnectException.class::isInstance));
        assertThat(answer.block(PATIENCE)).hasToString("1");
    }

    private Object items() {
        return Borrowing.query(registry, "orders", "SELECT count(*) FROM item").block(PATIENCE);
    }

    @Test
    void whileItWaitsForASlot() {
        Connection holder = handle(LONG);
        TestSubscriber<?> waiting = subscribed(Borrowing.query(registry, "orders", "SELECT 1"));
        Waiting.until("one waits", () -> registry.status("orders").counts().waiting() == 1);
        waiting.cancel();
        assertThat(registry.status("orders").counts().waiting()).isZero();
        Borrowing.close(holder);
        quiescent();
        everySlotIsFree();
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void whileItConnects(Network network) {
        open(network.limit);
        stall();
        TestSubscriber<?> connecting = subscribed(Borrowing.query(registry, "orders", "SELECT 1"));
        if (proxy != null) {
            Waiting.until("a socket", () -> proxy.connections() == 1);
        }
        connecting.cancel();
        network.after(this);
        everySlotIsFree();
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void whileItBegins(Network network) {
        Connection handle = handle(network.limit);
        Mono.from(handle.beginTransaction()).block(PATIENCE);
        stall();
        leave(subscribed(Sql.update(handle, "INSERT INTO item VALUES (1)")), handle, network);
        assertThat(items()).hasToString("0");
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void whileAStatementOfATransactionRuns(Network network) {
        Connection handle = transaction(network.limit);
        stall();
        leave(subscribed(Sql.update(handle, "INSERT INTO item VALUES (2)")), handle, network);
        assertThat(items()).hasToString("0");
    }

    @Test
    void whileTheServerIsBusyWithAStatement() {
        assumeTrue(product.isServer(), "Only a server can be told to sleep");
        Connection handle = transaction(SHORT);
        String sleep = product == Product.POSTGRESQL ? "SELECT pg_sleep(60)" : "SELECT sleep(60)";
        TestSubscriber<?> busy = subscribed(Sql.query(handle, sleep));
        Waiting.until("the server sleeps", this::asleep);
        leave(busy, handle, Network.COMES_BACK);
        assertThat(asleep()).isFalse();
        assertThat(items()).hasToString("0");
    }

    private boolean asleep() {
        String sql = product == Product.POSTGRESQL
                ? "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
                : "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep%'";
        return !Databases.server(product).query(sql).get(0).get(0).equals("0");
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void betweenTwoStatements(Network network) {
        Connection handle = transaction(network.limit);
        stall();
        leave(subscribed(Mono.never()), handle, network);
        assertThat(items()).hasToString("0");
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void whileASavepointIsSet(Network network) {
        Connection handle = transaction(network.limit);
        stall();
        leave(subscribed(handle.createSavepoint("s1")), handle, network);
        assertThat(items()).hasToString("0");
    }

    @Test
    void whileItCommitsWhichGoesOnToItsEnd() {
        Connection handle = transaction(LONG);
        stall();
        leave(subscribed(handle.commitTransaction()), handle, Network.COMES_BACK);
        assertThat(items()).hasToString("1");
    }

    @Test
    void whileItCommitsOnANetworkThatStaysAway() {
        Connection handle = transaction(SHORT);
        stall();
        leave(subscribed(handle.commitTransaction()), handle, Network.STAYS_AWAY_PAST_ALL_LIMITS);
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void whileItRollsBack(Network network) {
        Connection handle = transaction(network.limit);
        stall();
        leave(subscribed(handle.rollbackTransaction()), handle, network);
        assertThat(items()).hasToString("0");
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void whileItCloses(Network network) {
        Connection handle = transaction(network.limit);
        stall();
        leave(subscribed(handle.close()), handle, network);
        assertThat(items()).hasToString("0");
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void withAResultThatNobodyReads(Network network) {
        Connection handle = transaction(network.limit);
        TestSubscriber<? extends Result> results =
                subscribed(handle.createStatement("SELECT id FROM item").execute());
        Waiting.until("a result", () -> !results.getReceivedOnNext().isEmpty());
        stall();
        leave(results, handle, network);
        assertThat(items()).hasToString("0");
    }

    @ParameterizedTest
    @EnumSource(Network.class)
    void inTheMiddleOfAResult(Network network) {
        Connection handle = transaction(network.limit);
        String rows = String.join(
                ", ", IntStream.range(2, 3_000).mapToObj(id -> "(" + id + ")").toList());
        Sql.run(handle, "INSERT INTO item VALUES " + rows).block(PATIENCE);
        TestSubscriber<Object> reader =
                TestSubscriber.builder().initialRequest(10).build();
        Flux<Object> reading = Sql.query(handle, "SELECT id FROM item ORDER BY id");
        reading.subscribe(reader);
        Waiting.until("ten rows", () -> reader.getReceivedOnNext().size() == 10);
        stall();
        leave(reader, handle, network);
        assertThat(items()).hasToString("0");
    }
}
