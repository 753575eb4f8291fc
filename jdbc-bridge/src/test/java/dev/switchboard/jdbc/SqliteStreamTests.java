package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Subscription;
import org.sqlite.Function;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class SqliteStreamTests {
    private static final int MANY = 200_000;
    private static final String MANY_ROWS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " + MANY + ") SELECT i FROM n";
    private static final String COUNTED_ROWS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + MANY
                    + ") SELECT stepped(i) FROM n";
    private static final String ENDLESS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    @TempDir
    Path directory;

    private final AtomicInteger steps = new AtomicInteger();
    private final CountDownLatch running = new CountDownLatch(1);
    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
        run(connection, "CREATE TABLE t (v INTEGER)");
        CommandQueue queue = ((BridgeConnection) connection).queue();
        await(queue.command(() -> {
            Function.create(((SqliteSession) queue.session()).jdbc(), "stepped", new Function() {
                @Override
                protected void xFunc() throws java.sql.SQLException {
                    steps.incrementAndGet();
                    running.countDown();
                    result(value_long(0));
                }
            });
            return null;
        }));
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    @Test
    void rowsAreSteppedOnlyAsFarAsTheyAreAskedFor() {
        StepVerifier.create(column(connection, COUNTED_ROWS), 0)
                .expectSubscription()
                .thenRequest(3)
                .expectNextCount(3)
                .then(() -> assertThat(steps).hasValueLessThanOrEqualTo(4))
                .thenRequest(1_000)
                .expectNextCount(1_000)
                .then(() -> assertThat(steps).hasValueLessThanOrEqualTo(1_005))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aSlowReaderWithLimitRateSeesAllRowsAndTheDatabaseIsNeverFarAhead() {
        AtomicInteger seen = new AtomicInteger();
        AtomicInteger furthest = new AtomicInteger();
        Flux<Object> rows = column(connection, COUNTED_ROWS).limitRate(64).doOnNext(row -> {
            int ahead = steps.get() - seen.incrementAndGet();
            furthest.accumulateAndGet(ahead, Math::max);
        });
        StepVerifier.create(rows.count()).expectNext((long) MANY).verifyComplete();
        assertThat(furthest.get()).isLessThanOrEqualTo(66);
    }

    @Test
    void takingAFewRowsOfManyStepsAFewAndLeavesTheConnectionUsable() {
        for (int i = 0; i < 200; i++) {
            StepVerifier.create(column(connection, COUNTED_ROWS).take(5))
                    .expectNextCount(5)
                    .verifyComplete();
        }
        assertThat(steps.get()).isLessThanOrEqualTo(200 * 6);
        run(connection, "DROP TABLE t");
    }

    @Test
    void nothingRunsUntilRowsAreAskedFor() {
        StepVerifier.create(column(connection, COUNTED_ROWS), 0)
                .expectSubscription()
                .then(() -> await(connection.validate(io.r2dbc.spi.ValidationDepth.REMOTE)))
                .then(() -> assertThat(steps).hasValue(0))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void otherCommandsGetTheirTurnWhileALongResultStreams() {
        // One turn for the other command, one for its row, and a batch of rows before each.
        assertThat(rowsBeforeAnAnswer(connection, connection.createStatement(COUNTED_ROWS)))
                .isBetween(1, 513);
        assertThat(rowsBeforeAnAnswer(
                        connection, connection.createStatement(COUNTED_ROWS).fetchSize(1)))
                .isBetween(1, 3);
    }

    /** How many rows there were when somebody who asked at the first of them had an answer. */
    private static int rowsBeforeAnAnswer(Connection connection, Statement statement) {
        AtomicInteger seenWhenAnswered = new AtomicInteger(-1);
        AtomicInteger seen = new AtomicInteger();
        Flux<Object> rows = column(statement).doOnNext(row -> {
            if (seen.incrementAndGet() == 1) {
                column(connection, "SELECT 1").subscribe(answer -> seenWhenAnswered.set(seen.get()));
            }
        });
        StepVerifier.create(rows.count()).expectNext((long) MANY).verifyComplete();
        return seenWhenAnswered.get();
    }

    @Test
    void theOptionSaysHowManyRowsABatchHas() {
        try (TestDatabase single = TestDatabase.at(
                directory.resolve("single.db"), Map.of(SqliteConnectionFactoryProvider.FETCH_SIZE, 1))) {
            Connection own = single.open();
            assertThat(rowsBeforeAnAnswer(own, own.createStatement(MANY_ROWS))).isBetween(1, 3);
            await(own.close());
        }
    }

    @Test
    void aCancelStopsAStatementThatKeepsTheProcessorBusy() throws InterruptedException {
        Disposable endless = column(connection, ENDLESS.replace("SELECT i + 1", "SELECT stepped(i) + 1"))
                .subscribe();
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
        long cancelled = System.nanoTime();
        endless.dispose();
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
        assertThat(Duration.ofNanos(System.nanoTime() - cancelled)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void aCancelledQueryLeavesItsTransactionAsItIs() throws InterruptedException {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (1)");
        Disposable endless = column(connection, ENDLESS.replace("SELECT i + 1", "SELECT stepped(i) + 1"))
                .subscribe();
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
        endless.dispose();
        run(connection, "INSERT INTO t VALUES (2)");
        assertThat(connection.isAutoCommit()).isFalse();
        await(connection.commitTransaction());
        assertThat(values(connection, "SELECT v FROM t ORDER BY v")).containsExactly(1, 2);
    }

    @Test
    void aChangeThatIsStoppedInATransactionLosesItAndTheStatementsThatFollowSaySo() throws InterruptedException {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (1)");
        String endless =
                "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT stepped(i) + 1 FROM n) SELECT i FROM n";
        Disposable insert =
                Flux.from(connection.createStatement(endless).execute()).subscribe();
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
        insert.dispose();
        for (Mono<Void> next : List.of(
                Flux.from(connection.createStatement("INSERT INTO t VALUES (2)").execute())
                        .then(),
                column(connection, "SELECT v FROM t").then(),
                Mono.from(connection.commitTransaction()),
                Mono.from(connection.setAutoCommit(true)))) {
            StepVerifier.create(next)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcRollbackException.class)
                            .hasMessageContaining("rollbackTransaction()"))
                    .verify(PATIENCE);
        }
        await(connection.rollbackTransaction());
        assertThat(connection.isAutoCommit()).isTrue();
        run(connection, "INSERT INTO t VALUES (3)");
        assertThat(values(connection, "SELECT v FROM t")).containsExactly(3);
    }

    @Test
    void aStatementThatWorksTooLongIsStopped() {
        await(connection.setStatementTimeout(Duration.ofMillis(200)));
        long began = System.nanoTime();
        StepVerifier.create(column(connection, ENDLESS))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcTimeoutException.class).hasMessageContaining("PT0.2S");
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("57014");
                })
                .verify(PATIENCE);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(190), Duration.ofSeconds(2));
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
    }

    @Test
    void theStatementTimeoutDoesNotCountTheTimeThatRowsWaitForDemand() {
        await(connection.setStatementTimeout(Duration.ofMillis(150)));
        StepVerifier.create(column(connection, "VALUES (1), (2), (3)"), 1)
                .expectNext(1)
                .expectNoEvent(Duration.ofMillis(300))
                .thenRequest(10)
                .expectNext(2, 3)
                .verifyComplete();
    }

    @Test
    void aCancelEndsAWaitForALock() {
        Connection holder = TestDatabase.in(directory).open();
        await(holder.beginTransaction());
        await(connection.setLockWaitTimeout(Duration.ofMinutes(5)));
        Disposable waiting = Mono.from(connection.beginTransaction()).subscribe();
        Disposable alsoWaiting = Flux.from(
                        connection.createStatement("INSERT INTO t VALUES (1)").execute())
                .subscribe();
        waiting.dispose();
        alsoWaiting.dispose();
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
        assertThat(connection.isAutoCommit()).isTrue();
        await(holder.close());
    }

    @Test
    void afterACancelTheNextStatementFindsNoOpenCursor() {
        for (int i = 0; i < 1_000; i++) {
            CountDownLatch some = new CountDownLatch(1 + i % 7);
            Disposable rows = column(connection.createStatement(COUNTED_ROWS).fetchSize(1))
                    .subscribe(row -> some.countDown());
            assertThat(awaitUninterruptibly(some)).isTrue();
            rows.dispose();
            run(connection, "DROP TABLE t; CREATE TABLE t (v INTEGER)");
        }
    }

    private static boolean awaitUninterruptibly(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void takingOnlyTheFirstResultDoesNotStopIt() {
        run(connection, "INSERT INTO t VALUES (1), (2), (3)");
        Flux<Object> rows = Mono.from(
                        connection.createStatement("SELECT v FROM t").execute())
                .flatMapMany(result -> result.map((row, metadata) -> row.get(0)));
        StepVerifier.create(rows).expectNext(1, 2, 3).verifyComplete();
    }

    @Test
    void aMappingFunctionThatThrowsEndsTheRowsAndTheConnectionIsUsable() {
        run(connection, "INSERT INTO t VALUES (1), (2), (3)");
        Flux<Object> rows = Flux.from(
                        connection.createStatement("SELECT v FROM t").execute())
                .concatMap(result -> result.map((row, metadata) -> {
                    throw new AssertionError("mine");
                }));
        StepVerifier.create(rows).expectErrorMessage("mine").verify(PATIENCE);
        Flux<Object> nulls = Flux.from(
                        connection.createStatement("SELECT v FROM t").execute())
                .concatMap(result -> result.map((row, metadata) -> null));
        StepVerifier.create(nulls).expectError(NullPointerException.class).verify(PATIENCE);
        run(connection, "DROP TABLE t");
    }

    @Test
    void aDemandThatIsNotPositiveIsAnError() {
        Result result =
                Mono.from(connection.createStatement("SELECT 1").execute()).block(PATIENCE);
        StepVerifier.create(Mono.create(sink -> result.map((row, metadata) -> row.get(0))
                        .subscribe(new org.reactivestreams.Subscriber<Object>() {
                            @Override
                            public void onSubscribe(Subscription subscription) {
                                subscription.request(-1);
                            }

                            @Override
                            public void onNext(Object value) {
                                sink.success(value);
                            }

                            @Override
                            public void onError(Throwable error) {
                                sink.error(error);
                            }

                            @Override
                            public void onComplete() {
                                sink.success();
                            }
                        })))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("3.9"))
                .verify(PATIENCE);
    }

    @Test
    void aResultIsConsumedOnce() {
        Result result =
                Mono.from(connection.createStatement("SELECT 1").execute()).block(PATIENCE);
        Flux<Object> rows = Flux.from(result.map((row, metadata) -> row.get(0)));
        assertThatThrownBy(result::getRowsUpdated).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> result.filter(segment -> true)).isInstanceOf(IllegalStateException.class);
        StepVerifier.create(rows).expectNext(1).verifyComplete();
        StepVerifier.create(rows).expectError(IllegalStateException.class).verify(PATIENCE);
    }

    @Test
    void anErrorInTheMiddleOfRowsIsASegmentThatCanBeFiltered() {
        String sql = "SELECT CASE WHEN column1 < 3 THEN column1 ELSE json('{') END FROM (VALUES (1), (2), (3))";
        StepVerifier.create(column(connection, sql))
                .expectNext(1, 2)
                .expectError(R2dbcException.class)
                .verify(PATIENCE);
        Flux<Object> segments = Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.flatMap(segment -> Mono.just(
                        segment instanceof Result.Message message
                                ? "error " + message.errorCode() + " " + message.sqlState()
                                : ((Result.RowSegment) segment).row().get(0))));
        StepVerifier.create(segments).expectNext(1, 2, "error 1 42000").verifyComplete();
        Flux<Object> filtered = Flux.from(connection.createStatement(sql).execute())
                .concatMap(result ->
                        result.filter(Result.RowSegment.class::isInstance).map((row, metadata) -> row.get(0)));
        StepVerifier.create(filtered).expectNext(1, 2).verifyComplete();
    }

    @Test
    void aCancelStopsWorkThatRunsOnJdbc() throws InterruptedException {
        Disposable endless = ((BridgeConnection) connection)
                .jdbc(jdbc -> {
                    try (java.sql.Statement statement = jdbc.createStatement()) {
                        return statement.execute(ENDLESS.replace("SELECT i + 1", "SELECT stepped(i) + 1"));
                    }
                })
                .subscribe();
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
        endless.dispose();
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
    }
}
