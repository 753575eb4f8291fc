package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class SqliteConcurrencyTests {
    @TempDir
    Path directory;

    private TestDatabase limited(int threads, Duration patience) {
        return TestDatabase.at(
                directory.resolve("test.db"),
                Map.of(
                        SqliteConnectionFactoryProvider.MAX_THREADS,
                        threads,
                        ConnectionFactoryOptions.CONNECT_TIMEOUT,
                        patience));
    }

    private static Workers workers(TestDatabase database) {
        return ((BridgeConnectionFactory) database.factory()).settings().workers();
    }

    private static String threadOf(Connection connection) {
        return ((BridgeConnection) connection)
                .queue()
                .command(() -> Thread.currentThread().getName())
                .block(PATIENCE);
    }

    @Test
    void openConnectionsNeverShareAThreadHoweverOftenTheyAreOpenedAndClosed() {
        try (TestDatabase database = limited(8, PATIENCE)) {
            Set<String> owned = ConcurrentHashMap.newKeySet();
            Flux<Boolean> rounds = Flux.range(0, 400)
                    .flatMap(
                            round -> Flux.usingWhen(
                                    database.factory().create(),
                                    connection -> ((BridgeConnection) connection)
                                            .queue()
                                            .command(
                                                    () -> Thread.currentThread().getName())
                                            .flatMap(thread -> heldAlone(owned, thread)),
                                    Connection::close),
                            16);
            StepVerifier.create(rounds).expectNextCount(400).verifyComplete();
            assertThat(workers(database).openCount()).isZero();
        }
    }

    /** Holds the thread for a moment; an error if somebody else holds it. */
    private static Mono<Boolean> heldAlone(Set<String> owned, String thread) {
        assertThat(owned.add(thread)).as("%s serves one connection", thread).isTrue();
        return Mono.delay(Duration.ofMillis(1)).map(tick -> owned.remove(thread));
    }

    @Test
    void openingBeyondTheCapWaitsForAConnectionToClose() {
        try (TestDatabase database = limited(2, PATIENCE)) {
            Connection first = database.open();
            Connection second = database.open();
            assertThat(threadOf(first)).isNotEqualTo(threadOf(second)).startsWith("switchboard-jdbc-");
            AtomicReference<Connection> third = new AtomicReference<>();
            StepVerifier.create(Mono.from(database.factory().create()).doOnNext(third::set))
                    .expectSubscription()
                    .expectNoEvent(Duration.ofMillis(100))
                    .then(() -> await(first.close()))
                    .expectNextCount(1)
                    .verifyComplete();
            await(second.close());
            await(third.get().close());
            assertThat(workers(database).openCount()).isZero();
        }
    }

    @Test
    void openingBeyondTheCapFailsInWordsWhenTheTimeIsUp() {
        try (TestDatabase database = limited(1, Duration.ofMillis(100))) {
            Connection only = database.open();
            StepVerifier.create(database.factory().create())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcTimeoutException.class)
                            .hasMessageContaining("PT0.1S")
                            .hasMessageContaining("all 1 threads")
                            .hasMessageContaining("maxThreads"))
                    .verify(PATIENCE);
            await(only.close());
            await(database.open().close());
        }
    }

    @Test
    void opensThatAreCancelledLeaveNothingBehind() {
        try (TestDatabase database = limited(3, PATIENCE)) {
            List<Disposable> opening = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                opening.add(Flux.usingWhen(database.factory().create(), connection -> Mono.never(), Connection::close)
                        .subscribe());
                if (i % 3 == 0) {
                    opening.remove((i * 7) % opening.size()).dispose();
                }
            }
            opening.forEach(Disposable::dispose);
            Set<String> threads = new HashSet<>();
            List<Connection> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Connection connection = database.open();
                threads.add(threadOf(connection));
                all.add(connection);
            }
            assertThat(threads).hasSize(3);
            all.forEach(connection -> await(connection.close()));
            assertThat(workers(database).openCount()).isZero();
        }
    }

    @Test
    void aConnectionIsUsedByOneThreadAndNeverTwiceAtOnceAndNeverByTheSubscriber() {
        try (TestDatabase database = limited(4, PATIENCE)) {
            Connection connection = database.open();
            CommandQueue queue = ((BridgeConnection) connection).queue();
            Set<String> threads = ConcurrentHashMap.newKeySet();
            AtomicBoolean busy = new AtomicBoolean();
            AtomicBoolean overlapped = new AtomicBoolean();
            Flux<Object> commands = Flux.range(0, 2_000)
                    .flatMap(
                            i -> queue.<Object>command(() -> {
                                        overlapped.compareAndSet(false, !busy.compareAndSet(false, true));
                                        threads.add(Thread.currentThread().getName());
                                        busy.set(false);
                                        return i;
                                    })
                                    .subscribeOn(Schedulers.parallel()),
                            64);
            StepVerifier.create(commands.count()).expectNext(2_000L).verifyComplete();
            assertThat(threads).hasSize(1).allMatch(name -> name.startsWith("switchboard-jdbc-"));
            assertThat(overlapped).isFalse();
            await(connection.close());
        }
    }

    @Test
    void connectionsWorkOnTheSchedulerThatTheirProgramGives() {
        Scheduler mine = Schedulers.newBoundedElastic(2, 100, "mine");
        try (TestDatabase database = TestDatabase.at(
                directory.resolve("test.db"),
                Map.of(
                        SqliteConnectionFactoryProvider.MAX_THREADS,
                        2,
                        SqliteConnectionFactoryProvider.SCHEDULER,
                        mine))) {
            Connection first = database.open();
            Connection second = database.open();
            assertThat(List.of(threadOf(first), threadOf(second)))
                    .allMatch(name -> name.startsWith("mine"))
                    .doesNotHaveDuplicates();
            await(first.close());
            await(second.close());
        }
        assertThat(mine.isDisposed()).isFalse();
        mine.dispose();
        assertThatThrownBy(() -> TestDatabase.at(
                        directory.resolve("test.db"), Map.of(SqliteConnectionFactoryProvider.SCHEDULER, mine)))
                .hasMessageContaining("needs the option maxThreads");
        assertThatThrownBy(() -> TestDatabase.url("r2dbc:sqlite:///a.db?scheduler=mine"))
                .hasMessageContaining("only a program can set");
    }

    @Test
    void manyWritersOfOneFileAllSucceed() {
        try (TestDatabase database = limited(16, PATIENCE)) {
            Connection setUp = database.open();
            run(setUp, "CREATE TABLE t (v INTEGER)");
            Flux<Long> written = Flux.range(0, 16)
                    .flatMap(
                            writer -> Flux.usingWhen(
                                    database.factory().create(),
                                    connection -> Flux.range(0, 25)
                                            .concatMap(i -> Flux.from(connection.beginTransaction())
                                                    .thenMany(connection
                                                            .createStatement("INSERT INTO t VALUES (?)")
                                                            .bind(0, writer * 100 + i)
                                                            .execute())
                                                    .concatMap(Result::getRowsUpdated)
                                                    .concatWith(Mono.from(connection.commitTransaction())
                                                            .then(Mono.empty()))),
                                    Connection::close),
                            15);
            StepVerifier.create(written.count())
                    .expectNext(400L)
                    .expectComplete()
                    .verify(Duration.ofSeconds(60));
            assertThat(values(setUp, "SELECT count(DISTINCT v) FROM t")).containsExactly(400);
            await(setUp.close());
        }
    }

    @Test
    void manyConnectionsOpenANewFileAtTheSameMoment() {
        try (TestDatabase database = limited(24, PATIENCE)) {
            Flux<Object> modes = Flux.range(0, 24)
                    .flatMap(
                            i -> Flux.usingWhen(
                                    database.factory().create(),
                                    connection -> column(connection, "PRAGMA journal_mode"),
                                    Connection::close),
                            24);
            StepVerifier.create(modes.distinct()).expectNext("wal").verifyComplete();
        }
    }

    @Test
    void switchingToWalWaitsForAWriterOfTheOldJournal() {
        Path file = directory.resolve("test.db");
        TestDatabase old = TestDatabase.at(file, Map.of(SqliteConnectionFactoryProvider.JOURNAL_MODE, "DELETE"));
        Connection writer = old.open();
        run(writer, "CREATE TABLE t (v INTEGER)");
        await(writer.beginTransaction());
        StepVerifier.create(Mono.from(TestDatabase.at(file, Map.of()).factory().create())
                        .flatMap(opened -> Mono.from(opened.close())))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(100))
                .then(() -> await(writer.close()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void randomCancelsLeaveTheConnectionUsableAndTheTransactionsWhole() {
        try (TestDatabase database = limited(2, PATIENCE)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            java.util.Random random = new java.util.Random(42);
            String rows =
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n";
            for (int i = 0; i < 300; i++) {
                Flux<Object> work = Flux.usingWhen(
                        Mono.from(connection.beginTransaction()).thenReturn(connection),
                        it -> Flux.from(it.createStatement("INSERT INTO t VALUES (1), (2)")
                                        .execute())
                                .thenMany(column(it, rows)),
                        it -> connection.commitTransaction(),
                        (it, error) -> connection.rollbackTransaction(),
                        it -> connection.rollbackTransaction());
                int rowsWanted = random.nextInt(300);
                StepVerifier.create(work.take(rowsWanted).then()).verifyComplete();
                await(connection.rollbackTransaction());
            }
            assertThat(connection.isAutoCommit()).isTrue();
            assertThat(values(connection, "SELECT count(*) FROM t")).containsExactly(0);
            await(connection.close());
        }
    }

    @Test
    void aSchedulerThatIsDisposedTooEarlyKeepsNeitherTheTurnNorTheFile() {
        Scheduler mine = Schedulers.newBoundedElastic(2, 100, "mine");
        try (TestDatabase database = TestDatabase.at(
                        directory.resolve("test.db"),
                        Map.of(
                                SqliteConnectionFactoryProvider.MAX_THREADS,
                                2,
                                SqliteConnectionFactoryProvider.SCHEDULER,
                                mine));
                TestDatabase others = TestDatabase.in(directory)) {
            Connection holder = database.open();
            run(holder, "CREATE TABLE early (v INTEGER)");
            await(holder.beginTransaction());
            mine.dispose();
            // Who has just done the last task may do one that comes at this very moment as well.
            StepVerifier.create(Flux.interval(Duration.ofMillis(2))
                            .onBackpressureDrop()
                            .concatMap(
                                    tick -> holder.createStatement("SELECT 1").execute())
                            .then())
                    .expectErrorSatisfies(
                            error -> assertThat(error).hasMessageContaining("dispose a scheduler of your own after"))
                    .verify(PATIENCE);
            StepVerifier.create(database.factory().create())
                    .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("or the scheduler"))
                    .verify(PATIENCE);
            await(holder.close());
            Connection next = others.open();
            run(next, "INSERT INTO early VALUES (1)");
            await(next.close());
            assertThat(workers(database).openCount()).isZero();
        }
        assertThat(WriterLane.count()).isZero();
    }

    @Test
    void whoWaitsForAThreadIsRefusedWhenTheFactoryCloses() {
        TestDatabase database = limited(1, PATIENCE);
        Connection only = database.open();
        StepVerifier.create(database.factory().create())
                .expectSubscription()
                .then(database::close)
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is closed"))
                .verify(PATIENCE);
        await(only.close());
    }

    /** Native code pins a virtual thread. Only newer JDKs know the word. */
    @Test
    void connectionsWorkOnPlatformThreads() throws ReflectiveOperationException {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            Thread thread = ((BridgeConnection) connection)
                    .jdbc(jdbc -> Thread.currentThread())
                    .block(PATIENCE);
            await(connection.close());
            boolean knowsVirtual = Runtime.version().feature() >= 21;
            assertThat(knowsVirtual ? Thread.class.getMethod("isVirtual").invoke(thread) : false)
                    .isEqualTo(false);
        }
    }
}
