package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** BlockHound watches: whatever is asked on a thread that must not block, and cancelled on one, is done elsewhere. */
class BridgeBlockingTests {
    private static final String ENDLESS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    @TempDir
    Path directory;

    /**
     * What a connection is asked.
     *
     * @param url the database, {@code %s} for the directory
     * @param work what it is asked
     */
    private record Scenario(String url, Function<Connection, Publisher<?>> work) {}

    private static Named<Scenario> scenario(String name, Function<Connection, Publisher<?>> work) {
        return Named.of(name, new Scenario("r2dbc:sqlite:///%s/test.db", work));
    }

    static Stream<Named<Scenario>> scenarios() {
        return Stream.concat(ofFiles(), ofOtherDatabases());
    }

    private static Stream<Named<Scenario>> ofFiles() {
        return Stream.of(
                scenario("insert", connection -> rowsUpdated(connection, "INSERT INTO t VALUES (1)")),
                scenario(
                        "several inserts",
                        connection -> Flux.from(connection
                                        .createStatement("INSERT INTO t VALUES (?)")
                                        .bind(0, 1)
                                        .add()
                                        .bind(0, 2)
                                        .execute())
                                .concatMap(Result::getRowsUpdated)),
                scenario(
                        "rows slowly",
                        connection -> column(connection, "VALUES (1), (2), (3), (4)")
                                .limitRate(1)
                                .delayElements(Duration.ofMillis(1))),
                scenario("large objects", BridgeBlockingTests::largeObjects),
                scenario(
                        "time-out",
                        connection -> Mono.from(connection.setStatementTimeout(Duration.ofMillis(30)))
                                .thenMany(column(connection, ENDLESS))
                                .onErrorComplete(R2dbcTimeoutException.class)),
                scenario(
                        "cancel",
                        connection -> column(connection, ENDLESS).takeUntilOther(Mono.delay(Duration.ofMillis(30)))),
                scenario(
                        "give back",
                        connection -> Mono.from(connection.beginTransaction())
                                .then(Mono.from(((Lifecycle) connection).preRelease()))));
    }

    private static Stream<Named<Scenario>> ofOtherDatabases() {
        return Stream.of(
                Named.of(
                        "memory",
                        new Scenario(
                                "r2dbc:sqlite:mem:///blocking",
                                connection -> rowsUpdated(connection, "CREATE TABLE IF NOT EXISTS t (v)"))),
                Named.of(
                        "DuckDB",
                        new Scenario(
                                "r2dbc:duckdb:mem:///blocking",
                                connection -> Mono.from(connection.beginTransaction())
                                        .thenMany(column(connection, "SELECT range FROM range(1000)"))
                                        .take(10)
                                        .then(Mono.from(connection.rollbackTransaction())))),
                Named.of(
                        "DuckDB cancelled",
                        new Scenario(
                                "r2dbc:duckdb:mem:///blocking",
                                connection -> column(
                                                connection,
                                                "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1")
                                        .takeUntilOther(Mono.delay(Duration.ofMillis(30))))));
    }

    private static Flux<Long> rowsUpdated(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated);
    }

    private static Publisher<?> largeObjects(Connection connection) {
        Flux<Result> inserted = Flux.from(connection
                .createStatement("INSERT INTO t VALUES (?), (?)")
                .bind(0, Blob.from(Mono.just(ByteBuffer.wrap(new byte[100_000]))))
                .bind(1, Clob.from(Flux.just("a", "b").delayElements(Duration.ofMillis(1))))
                .execute());
        Flux<Blob> read = Flux.from(connection
                        .createStatement("SELECT v FROM t WHERE typeof(v) = 'blob'")
                        .execute())
                .concatMap(result -> result.map(row -> row.get(0, Blob.class)));
        return inserted.concatMap(Result::getRowsUpdated).thenMany(read).concatMap(Blob::stream);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void nothingBlocksAThreadThatMustNotBlock(Scenario scenario) {
        Connection setUp = TestDatabase.in(directory).open();
        run(setUp, "CREATE TABLE t (v)");
        // What is thrown where nobody listens, such as in a cancel, is dropped: it counts too.
        ConcurrentLinkedQueue<Throwable> dropped = new ConcurrentLinkedQueue<>();
        reactor.core.publisher.Hooks.onErrorDropped(dropped::add);
        try (TestDatabase database = TestDatabase.url(scenario.url().formatted(directory))) {
            Flux<Object> all = Flux.usingWhen(
                            database.factory().create(),
                            connection -> Flux.<Object>from(scenario.work().apply(connection)),
                            Connection::close)
                    .subscribeOn(Schedulers.parallel());
            StepVerifier.create(all.then()).expectComplete().verify(PATIENCE);
        } finally {
            reactor.core.publisher.Hooks.resetOnErrorDropped();
        }
        assertThat(dropped).isEmpty();
        await(setUp.close());
    }

    @Test
    void waitingForAndLeavingTheLaneOfWritersBlocksNobody() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection holder = database.open();
            Connection waiter = database.open();
            run(holder, "CREATE TABLE t (v)");
            await(holder.beginTransaction());
            Mono<Void> timesOut = Mono.from(waiter.setLockWaitTimeout(Duration.ofMillis(20)))
                    .thenMany(rowsUpdated(waiter, "INSERT INTO t VALUES (1)"))
                    .onErrorComplete(R2dbcTimeoutException.class)
                    .then(Mono.from(waiter.setLockWaitTimeout(Duration.ofMinutes(1))));
            Flux<Long> cancelled =
                    rowsUpdated(waiter, "INSERT INTO t VALUES (2)").takeUntilOther(Mono.delay(Duration.ofMillis(20)));
            Flux<Long> served = rowsUpdated(waiter, "INSERT INTO t VALUES (3)")
                    .mergeWith(Mono.delay(Duration.ofMillis(20))
                            .then(Mono.from(holder.commitTransaction()))
                            .then(Mono.empty()));
            StepVerifier.create(timesOut.thenMany(cancelled).thenMany(served).subscribeOn(Schedulers.parallel()))
                    .expectNext(1L)
                    .expectComplete()
                    .verify(PATIENCE);
            await(holder.close());
            await(waiter.close());
        }
    }

    @Test
    void copyingBlocksNobody() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v)");
            Flux<BackupProgress> copies = SqliteBackup.copy(connection, directory.resolve("a.db"))
                    .thenMany(SqliteBackup.vacuumInto(connection, directory.resolve("b.db")))
                    .subscribeOn(Schedulers.parallel());
            StepVerifier.create(copies.then()).expectComplete().verify(PATIENCE);
            assertThat(directory.resolve("b.db")).exists();
            await(connection.close());
        }
    }
}
