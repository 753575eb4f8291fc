package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The proxy makes the network fail, each fault in its own way, in front of a real PostgreSQL. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class FaultProxyTests {
    private static final Duration LONGEST = Duration.ofSeconds(10);
    private static final Duration QUIET = Duration.ofMillis(300);
    private static Database database;

    private FaultProxy proxy;
    private ConnectionFactory factory;

    @BeforeAll
    static void createDatabase() {
        database = Databases.create(Product.POSTGRESQL);
    }

    @AfterAll
    static void dropDatabase() {
        database.close();
    }

    @BeforeEach
    void putAProxyInBetween() {
        proxy = new FaultProxy(database.host(), database.port());
        factory = ConnectionFactories.get(database.options()
                .mutate()
                .option(ConnectionFactoryOptions.PORT, proxy.port())
                .build());
    }

    @AfterEach
    void closeTheProxy() {
        proxy.close();
    }

    @Test
    void withoutAFaultEverythingPasses() {
        Mono<Integer> lengths = rows("SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
                .map(String::length)
                .reduce(Integer::sum);
        StepVerifier.create(lengths).expectNext(10_000_000).expectComplete().verify(LONGEST);
    }

    @Test
    void connectionsAreCounted() {
        assertThat(proxy.connections()).isZero();
        Connection connection = connect();
        assertThat(proxy.connections()).isOne();
        Mono.from(connection.close()).block(LONGEST);
        Waiting.until("the proxy has seen the end", () -> proxy.connections() == 0);
    }

    @Test
    void aStallKeepsBytesBackUntilItEnds() {
        Connection connection = connect();
        proxy.stall();
        StepVerifier.create(rows(connection, "SELECT 'late'"))
                .expectSubscription()
                .expectNoEvent(QUIET)
                .then(proxy::resume)
                .expectNext("late")
                .expectComplete()
                .verify(LONGEST);
    }

    @Test
    void aConnectionMadeDuringAStallWaitsForItsEnd() {
        proxy.stall();
        StepVerifier.create(rows("SELECT 'here'"))
                .expectSubscription()
                .expectNoEvent(QUIET)
                .then(proxy::resume)
                .expectNext("here")
                .expectComplete()
                .verify(LONGEST);
    }

    @Test
    void aDelayIsAddedInEachDirection() {
        Connection connection = connect();
        proxy.delay(Duration.ofMillis(100));
        Duration elapsed = StepVerifier.create(rows(connection, "SELECT 'slow'"))
                .expectNext("slow")
                .expectComplete()
                .verify(LONGEST);
        assertThat(elapsed).isBetween(Duration.ofMillis(200), Duration.ofSeconds(2));
    }

    @Test
    void aDelayDoesNotAddUpOverALongAnswer() {
        Connection connection = connect();
        proxy.delay(Duration.ofMillis(100));
        Duration elapsed = StepVerifier.create(
                        rows(connection, "SELECT repeat('x', 1000) FROM generate_series(1, 5000)"))
                .expectNextCount(5000)
                .expectComplete()
                .verify(LONGEST);
        assertThat(elapsed).isLessThan(Duration.ofSeconds(4));
    }

    @Test
    void aCutEndsTheQueryThatRuns() {
        Connection connection = connect();
        StepVerifier.create(rows(connection, "SELECT pg_sleep(30), 'cut'"))
                .expectSubscription()
                .then(() -> Waiting.until("the query runs", () -> isRunning("SELECT pg_sleep(30), 'cut'")))
                .then(proxy::cut)
                .expectError(R2dbcException.class)
                .verify(LONGEST);
        Waiting.until("no connection is left", () -> proxy.connections() == 0);
    }

    @Test
    void aResetEndsTheQueryThatRuns() {
        Connection connection = connect();
        StepVerifier.create(rows(connection, "SELECT pg_sleep(30), 'reset'"))
                .expectSubscription()
                .then(() -> Waiting.until("the query runs", () -> isRunning("SELECT pg_sleep(30), 'reset'")))
                .then(proxy::reset)
                .expectError(R2dbcException.class)
                .verify(LONGEST);
        Waiting.until("no connection is left", () -> proxy.connections() == 0);
    }

    @Test
    void aCutAfterSomeBytesEndsAnAnswerInItsMiddle() {
        Connection connection = connect();
        proxy.cutAfter(100_000);
        StepVerifier.create(rows(connection, "SELECT repeat('x', 1000) FROM generate_series(1, 5000)")
                        .count())
                .expectError(R2dbcException.class)
                .verify(LONGEST);
        StepVerifier.create(rows("SELECT 'next'"))
                .expectNext("next")
                .expectComplete()
                .verify(LONGEST);
    }

    @Test
    void aClosedPortRefusesUntilItOpensAgain() {
        Connection connection = connect();
        proxy.refuse();
        StepVerifier.create(rows(connection, "SELECT 1"))
                .expectError(R2dbcException.class)
                .verify(LONGEST);
        assertThatThrownBy(this::connect).hasStackTraceContaining("Connection refused");
        proxy.accept();
        StepVerifier.create(rows("SELECT 'again'"))
                .expectNext("again")
                .expectComplete()
                .verify(LONGEST);
    }

    private static boolean isRunning(String sql) {
        return Databases.server(Product.POSTGRESQL)
                .query("SELECT state, query FROM pg_stat_activity")
                .contains(List.of("active", sql));
    }

    private Connection connect() {
        return Objects.requireNonNull(Mono.from(factory.create()).block(LONGEST));
    }

    private Flux<String> rows(String sql) {
        return Flux.usingWhen(factory.create(), connection -> rows(connection, sql), Connection::close);
    }

    private static Flux<String> rows(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0))));
    }
}
