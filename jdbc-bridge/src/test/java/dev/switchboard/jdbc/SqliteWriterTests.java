package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One writer at a time, and nobody blocks a thread while waiting to be that one. */
class SqliteWriterTests {
    @TempDir
    Path directory;

    private final List<Connection> opened = new ArrayList<>();
    private TestDatabase database;
    private Connection writer;

    @BeforeEach
    void open() {
        database = TestDatabase.in(directory);
        writer = connection();
        run(writer, "CREATE TABLE t (v INTEGER)");
    }

    @AfterEach
    void close() {
        opened.forEach(connection -> await(connection.close()));
        database.close();
        assertThat(WriterLane.count()).isZero();
    }

    private Connection connection() {
        Connection connection = database.open();
        opened.add(connection);
        return connection;
    }

    private static TransactionDefinition named(String name) {
        return new TransactionDefinition() {
            @Override
            @SuppressWarnings("unchecked") // the option's own type
            public <T> T getAttribute(Option<T> option) {
                return option.equals(TransactionDefinition.NAME) ? (T) name : null;
            }
        };
    }

    private static Mono<Long> insert(Connection connection, int value) {
        return Flux.from(connection
                        .createStatement("INSERT INTO t VALUES (?)")
                        .bind(0, value)
                        .execute())
                .concatMap(Result::getRowsUpdated)
                .next();
    }

    private static WriterLane lane(Connection connection) {
        return ((BridgeConnection) connection).queue().session().lane();
    }

    private static void awaitWaiting(WriterLane lane, int count) {
        Flux.interval(Duration.ZERO, Duration.ofMillis(1))
                .filter(tick -> lane.waitingCount() == count)
                .blockFirst(PATIENCE);
    }

    @Test
    void writersTakeTurnsInTheOrderInWhichTheyCame() {
        await(writer.beginTransaction());
        ConcurrentLinkedQueue<Integer> done = new ConcurrentLinkedQueue<>();
        for (int i = 1; i <= 10; i++) {
            int value = i;
            Connection other = connection();
            insert(other, value).subscribe(updated -> done.add(value));
            awaitWaiting(lane(writer), i);
        }
        assertThat(values(writer, "SELECT count(*) FROM t")).containsExactly(0);
        await(writer.commitTransaction());
        Flux.interval(Duration.ofMillis(1)).filter(tick -> done.size() == 10).blockFirst(PATIENCE);
        assertThat(done).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        assertThat(values(writer, "SELECT v FROM t ORDER BY rowid")).hasSize(10).isSorted();
    }

    @Test
    void whoWaitsForItsTurnSitsOnNoThread() {
        await(writer.beginTransaction());
        Connection other = connection();
        Disposable waiting = insert(other, 1).subscribe();
        awaitWaiting(lane(writer), 1);
        assertThat(Thread.getAllStackTraces().values())
                .noneMatch(stack -> Arrays.stream(stack)
                        .anyMatch(frame -> frame.getClassName().startsWith(SqliteSession.class.getName())));
        await(writer.rollbackTransaction());
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1);
        assertThat(waiting.isDisposed()).isTrue();
    }

    @Test
    void readersGoOnWhileAWriterWrites() {
        await(writer.beginTransaction());
        run(writer, "INSERT INTO t VALUES (1)");
        Connection reader = connection();
        assertThat(values(reader, "SELECT count(*) FROM t")).containsExactly(0);
        assertThat(values(reader, "WITH a AS (SELECT 7 AS v) SELECT v FROM a")).containsExactly(7);
        assertThat(values(reader, "PRAGMA user_version")).containsExactly(0);
        await(writer.commitTransaction());
    }

    @Test
    void aWaitThatIsTooLongEndsWithTheNameOfTheHolder() {
        await(writer.beginTransaction(named("nightly import")));
        Connection other = connection();
        await(other.setLockWaitTimeout(Duration.ofMillis(80)));
        StepVerifier.create(insert(other, 1))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContainingAll(
                                "waited PT0.08S for its turn",
                                "transaction 'nightly import' on connection ",
                                "lockWaitTimeout"))
                .verify(PATIENCE);
        assertThat(values(other, "SELECT count(*) FROM t")).containsExactly(0);
        await(writer.rollbackTransaction());
        await(insert(other, 2));
        assertThat(values(other, "SELECT v FROM t")).containsExactly(2);
    }

    @Test
    void whoIsCancelledOrClosedWhileItWaitsLeavesTheLane() {
        await(writer.beginTransaction());
        Connection cancelled = connection();
        Connection closed = connection();
        Disposable first = Mono.from(cancelled.beginTransaction()).subscribe();
        awaitWaiting(lane(writer), 1);
        StepVerifier.create(insert(closed, 1))
                .then(() -> {
                    awaitWaiting(lane(writer), 2);
                    first.dispose();
                    await(closed.close());
                    assertThat(lane(writer).waitingCount()).isZero();
                })
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is closed"))
                .verify(PATIENCE);
        assertThat(values(cancelled, "SELECT count(*) FROM t")).containsExactly(0);
        await(writer.commitTransaction());
        await(insert(cancelled, 3));
    }

    @Test
    void aFileIsOneDatabaseByWhateverNameItIsOpened() throws IOException {
        Path alias = Files.createSymbolicLink(directory.resolve("alias.db"), directory.resolve("test.db"));
        try (TestDatabase other = TestDatabase.at(alias, Map.of())) {
            Connection through = other.open();
            assertThat(lane(through)).isSameAs(lane(writer));
            await(through.close());
        }
        assertThat(WriterLane.count()).isOne();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SAVEPOINT_OF_SPI",
                "AUTO_COMMIT_OFF",
                "BEGIN IMMEDIATE",
                "CREATE TABLE u (v)",
                "PRAGMA user_version = 3",
                "WITH a AS (SELECT 1 AS v) INSERT INTO t SELECT v FROM a",
                "CREATE INDEX i ON t (v); DROP INDEX i",
                "VACUUM"
            })
    void everythingThatWritesWaitsForItsTurn(String what) {
        await(writer.beginTransaction());
        Connection other = connection();
        Mono<Void> writing = switch (what) {
            case "SAVEPOINT_OF_SPI" -> Mono.from(other.createSavepoint("s"));
            case "AUTO_COMMIT_OFF" ->
                Mono.from(other.setAutoCommit(false))
                        .thenMany(column(other, "SELECT 1"))
                        .then();
            default ->
                Flux.from(other.createStatement(what).execute())
                        .concatMap(Result::getRowsUpdated)
                        .then();
        };
        StepVerifier.create(writing)
                .expectSubscription()
                .then(() -> awaitWaiting(lane(writer), 1))
                .then(() -> await(writer.rollbackTransaction()))
                .expectComplete()
                .verify(PATIENCE);
        await(other.rollbackTransaction());
        await(insert(writer, 1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT v FROM t|false",
                "WITH replace AS (SELECT 1 AS v) SELECT v FROM replace|false",
                "WITH a AS (SELECT 1 AS v) REPLACE INTO t SELECT v FROM a|true",
                "WITH a AS (SELECT 1 AS v) DELETE FROM t WHERE v IN a|true",
                "PRAGMA table_info(t)|false",
                "PRAGMA journal_mode|false",
                "PRAGMA main.journal_mode = DELETE|true",
                "PRAGMA user_version|false",
                "PRAGMA \"user_version\"(3)|true",
                "PRAGMA foreign_keys = OFF|false",
                "PRAGMA optimize|true",
                "PRAGMA wal_checkpoint(TRUNCATE)|true",
                "CREATE TEMP TABLE x (v)|false",
                "ANALYZE|true",
                "BEGIN|false",
                "BEGIN EXCLUSIVE|true",
                "EXPLAIN DELETE FROM t|false",
                "UPDATE missing SET v = 1|true"
            })
    void whatTakesTheWriteLockIsKnown(String sql, boolean takes) {
        CommandQueue queue = ((BridgeConnection) writer).queue();
        SqlCommand command = SqliteParser.parse(sql).commands().get(0);
        assertThat(queue.command(() -> queue.session().takesWriteLock(command)).block(PATIENCE))
                .isEqualTo(takes);
        assertThat(queue.command(() -> queue.session().takesWriteLock(command)).block(PATIENCE))
                .isEqualTo(takes);
    }

    /** A connection that is gone explains nothing any more. */
    @Test
    void whatWasExplainedOnceIsKnown() {
        CommandQueue queue = ((BridgeConnection) writer).queue();
        SqlCommand known = SqliteParser.parse("WITH a AS (SELECT 1) INSERT INTO t SELECT 1 FROM a")
                .commands()
                .get(0);
        SqlCommand unknown = SqliteParser.parse("WITH a AS (SELECT 2) INSERT INTO t SELECT 2 FROM a")
                .commands()
                .get(0);
        assertThat(queue.command(() -> {
                            SqliteWrites writes = new SqliteWrites(((SqliteSession) queue.session()).jdbc());
                            boolean first = writes.surelyTakesLock(known);
                            queue.session().jdbc().close();
                            return List.of(first, writes.surelyTakesLock(known), writes.surelyTakesLock(unknown));
                        })
                        .block(PATIENCE))
                .containsExactly(true, true, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"foreign_keys = OFF", "query_only(1)", "case_sensitive_like = 1"})
    void askingWhetherAPragmaWritesDoesNotSetIt(String pragma) {
        Object before = values(writer, "SELECT 'a' LIKE 'A'").get(0);
        CommandQueue queue = ((BridgeConnection) writer).queue();
        SqlCommand command = SqliteParser.parse("PRAGMA " + pragma).commands().get(0);
        queue.command(() -> queue.session().takesWriteLock(command)).block(PATIENCE);
        assertThat(values(writer, "PRAGMA foreign_keys")).containsExactly(1);
        assertThat(values(writer, "PRAGMA query_only")).containsExactly(0);
        assertThat(values(writer, "SELECT 'a' LIKE 'A'")).containsExactly(before);
    }

    /** As by a cancel that meant the task before it. */
    @Test
    void aTaskThatIsWithdrawnForAnotherAsksAnew() {
        WriterLane busy = WriterLane.join("busy");
        WriterLane.Claim holder = busy.claimIfFree("holder");
        AtomicInteger resumed = new AtomicInteger();
        WriterTurn turn = new WriterTurn(busy, "busy", resumed::incrementAndGet);
        CommandQueue.Task alive = new CommandQueue.Task() {
            @Override
            public void run() {}

            @Override
            public WriteAccess access() {
                return WriteAccess.within(PATIENCE);
            }

            @Override
            public void refuse(R2dbcException why) {}
        };
        assertThat(turn.admit(alive)).isEqualTo(WriterTurn.Answer.WAIT);
        turn.withdraw(null);
        assertThat(resumed).hasValue(1);
        assertThat(turn.admit(turn.unpark())).isEqualTo(WriterTurn.Answer.WAIT);
        holder.giveBack();
        assertThat(turn.admit(turn.unpark())).isEqualTo(WriterTurn.Answer.RUN);
        turn.settle(false);
        busy.leave();
    }

    @Test
    void sixtyFourWritersNeverHearThatTheDatabaseIsBusy() {
        try (TestDatabase many = TestDatabase.at(
                directory.resolve("test.db"), Map.of(SqliteConnectionFactoryProvider.MAX_THREADS, 66))) {
            Connection reader = many.open();
            AtomicReference<Throwable> notRead = new AtomicReference<>();
            Disposable reading =
                    column(reader, "SELECT count(*) FROM t").repeat().subscribe(count -> {}, notRead::set);
            Flux<Long> written = Flux.range(0, 64)
                    .flatMap(
                            number -> Flux.usingWhen(
                                    many.factory().create(),
                                    connection -> Flux.range(0, 10)
                                            .concatMap(i -> i % 2 == 0
                                                    ? insert(connection, number)
                                                    : inTransaction(connection, number)),
                                    Connection::close),
                            64);
            StepVerifier.create(written.reduce(0L, Long::sum))
                    .expectNext(64 * 15L)
                    .expectComplete()
                    .verify(Duration.ofSeconds(90));
            assertThat(reading.isDisposed()).as("readers go on meanwhile").isFalse();
            reading.dispose();
            assertThat(notRead).hasNullValue();
            assertThat(values(reader, "SELECT count(*) FROM t")).containsExactly(64 * 15);
            await(reader.close());
        }
    }

    private static Mono<Long> inTransaction(Connection connection, int number) {
        return Mono.from(connection.beginTransaction())
                .then(insert(connection, number))
                .zipWhen(first -> insert(connection, number), Long::sum)
                .delayUntil(updated -> connection.commitTransaction());
    }

    private static Mono<Void> writeOneByOne(Connection connection, int who) {
        return Flux.range(0, 1_000)
                .concatMap(
                        n -> Mono.from(connection
                                        .createStatement("INSERT INTO t VALUES (?)")
                                        .bind(0, who)
                                        .execute())
                                .flatMap(result -> Mono.from(result.getRowsUpdated())),
                        0)
                .then();
    }

    @Test
    void whoeverWritesWithoutAPauseGoesOnForAMomentAndThenLetsOthersWrite() {
        Connection other = connection();
        await(Mono.when(writeOneByOne(writer, 1), writeOneByOne(other, 2)));
        List<Object> turns = values(writer, "SELECT v FROM t ORDER BY rowid");
        long changes = IntStream.range(1, turns.size())
                .filter(i -> !turns.get(i).equals(turns.get(i - 1)))
                .count();
        assertThat(turns).hasSize(2_000);
        assertThat(changes).isBetween(3L, 1_000L);
    }
}
