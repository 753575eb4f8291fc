package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class BridgeConnectionTests {
    private static final String ENDLESS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
    }

    @Test
    void closingTwiceIsClosingOnce() {
        await(connection.close());
        await(connection.close());
        assertThatCode(() -> connection.close()).doesNotThrowAnyException();
    }

    @Test
    void jdbcWorkRunsInItsTurnOnTheWorkerAndMayBlock() {
        BridgeConnection bridge = (BridgeConnection) connection;
        Mono<String> first = bridge.jdbc(jdbc -> {
            jdbc.getMetaData();
            return Thread.currentThread().getName();
        });
        StepVerifier.create(first.flatMap(worker -> bridge.jdbc(jdbc -> {
                            jdbc.createStatement().execute("CREATE TABLE t (id INTEGER)");
                            return worker.equals(Thread.currentThread().getName());
                        }))
                        .subscribeOn(Schedulers.parallel()))
                .expectNext(true)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(bridge.jdbc(jdbc -> null)).expectComplete().verify(PATIENCE);
        StepVerifier.create(bridge.jdbc(jdbc -> jdbc.createStatement().execute("SELECT nonsense FROM t")))
                .expectError(R2dbcException.class)
                .verify(PATIENCE);
        StepVerifier.create(bridge.jdbc(jdbc -> {
                    throw new IllegalStateException("the work's own");
                }))
                .expectErrorMessage("the work's own")
                .verify(PATIENCE);
    }

    @Test
    void everythingFailsInWordsAfterClose() {
        await(connection.close());
        for (Publisher<?> late : List.of(
                connection.beginTransaction(),
                connection.commitTransaction(),
                connection.setAutoCommit(false),
                connection.createStatement("SELECT 1").execute(),
                connection.createBatch().add("SELECT 1").execute())) {
            StepVerifier.create(Flux.from(late))
                    .expectErrorSatisfies(error -> {
                        assertThat(error)
                                .isInstanceOf(R2dbcNonTransientResourceException.class)
                                .hasMessageContaining("is closed");
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003");
                    })
                    .verify(PATIENCE);
        }
    }

    @Test
    void closingEndsAnOpenStreamWithAnError() {
        StepVerifier.create(column(connection, "VALUES (1), (2), (3)"), 1)
                .expectNext(1)
                .then(() -> await(connection.close()))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is closed"))
                .verify(PATIENCE);
    }

    @Test
    void closingStopsAStatementThatRuns() {
        StepVerifier.create(column(connection, ENDLESS))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(100))
                .then(() -> await(connection.close()))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is closed"))
                .verify(PATIENCE);
    }

    @Test
    void closingRefusesWhatStillWaits() {
        Mono<Object> waiting =
                Mono.when(column(connection, ENDLESS).onErrorComplete()).then(Mono.empty());
        StepVerifier.create(waiting.mergeWith(column(connection, "SELECT 1")))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(50))
                .then(() -> await(connection.close()))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is closed"))
                .verify(PATIENCE);
    }

    @Test
    void theChainGoesOnOffTheWorkerAfterClose() {
        Mono<String> thread = Mono.from(connection.close())
                .then(Mono.fromSupplier(() -> Thread.currentThread().getName()));
        StepVerifier.create(thread)
                .assertNext(name -> assertThat(name).doesNotContain("switchboard"))
                .verifyComplete();
    }

    @Test
    void validationTellsAndNeverFails() {
        assertThatThrownBy(() -> connection.validate(null)).isInstanceOf(IllegalArgumentException.class);
        for (ValidationDepth depth : ValidationDepth.values()) {
            StepVerifier.create(connection.validate(depth)).expectNext(true).verifyComplete();
        }
        await(connection.close());
        for (ValidationDepth depth : ValidationDepth.values()) {
            StepVerifier.create(connection.validate(depth)).expectNext(false).verifyComplete();
        }
    }

    @Test
    void argumentsAreCheckedAtOnce() {
        assertThatThrownBy(() -> connection.createSavepoint(null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.setLockWaitTimeout(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.setStatementTimeout(null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.setTransactionIsolationLevel(null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.beginTransaction(null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.createBatch().add(null)).isInstanceOf(IllegalArgumentException.class);
        await(connection.close());
    }

    @Test
    void theConnectionWrapsNothingSinceJdbcBelongsToTheWorkerAlone() {
        assertThat(connection).isNotInstanceOf(Wrapped.class);
        await(connection.close());
    }

    @Test
    void aSubscriberThatThrowsDoesNotStopTheConnection() {
        column(connection, "SELECT 1")
                .subscribe(
                        value -> {
                            throw new AssertionError("a subscriber's own mistake");
                        },
                        error -> {});
        assertThat(values(connection, "SELECT 2")).containsExactly(2);
        await(connection.close());
    }

    @Test
    void aPoolOverTheDriverServesManyBorrowers() {
        ConnectionPool pool = new ConnectionPool(
                ConnectionPoolConfiguration.builder(TestDatabase.in(directory).factory())
                        .initialSize(0)
                        .maxSize(3)
                        .validationDepth(ValidationDepth.REMOTE)
                        .build());
        run(connection, "CREATE TABLE t (v INTEGER)");
        Flux<Object> work = Flux.range(0, 200)
                .flatMap(
                        i -> Flux.usingWhen(
                                pool.create(),
                                borrowed -> Flux.from(borrowed.createStatement("INSERT INTO t VALUES (?)")
                                                .bind(0, i)
                                                .execute())
                                        .thenMany(column(borrowed, "SELECT v FROM t WHERE v = " + i)),
                                Connection::close),
                        20);
        StepVerifier.create(work.count()).expectNext(200L).expectComplete().verify(PATIENCE);
        assertThat(pool.getMetrics().orElseThrow().acquiredSize()).isZero();
        pool.disposeLater().block(PATIENCE);
        await(connection.close());
    }

    @Test
    void callersOnNonBlockingThreadsAreNeverBlocked() {
        Flux<Object> onParallel = Flux.usingWhen(
                        TestDatabase.in(directory).factory().create(),
                        opened -> Flux.from(opened.beginTransaction())
                                .thenMany(column(opened, "SELECT 1"))
                                .concatWith(
                                        Mono.from(opened.commitTransaction()).then(Mono.empty())),
                        Connection::close)
                .subscribeOn(Schedulers.parallel());
        StepVerifier.create(onParallel).expectNext(1).expectComplete().verify(PATIENCE);
        await(connection.close());
    }

    @Test
    void aBlockingCallOnANonBlockingThreadWouldBeCaught() {
        Mono<Object> blocking = Mono.fromCallable(() -> {
                    java.util.concurrent.locks.LockSupport.parkNanos(1_000);
                    return new Object();
                })
                .subscribeOn(Schedulers.parallel());
        StepVerifier.create(blocking).expectError(BlockingOperationError.class).verify(PATIENCE);
        await(connection.close());
    }
}
