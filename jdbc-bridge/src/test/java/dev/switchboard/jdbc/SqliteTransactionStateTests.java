package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.definition;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConnection;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The state that a connection is in after what ends transactions in its own way, and who waits for whom. */
class SqliteTransactionStateTests {
    private static final Map<Option<?>, ?> READS_FOR_A_WHILE = Map.of(
            TransactionDefinition.READ_ONLY,
            true,
            TransactionDefinition.LOCK_WAIT_TIMEOUT,
            Duration.ofMillis(1),
            ConnectionFactoryOptions.STATEMENT_TIMEOUT,
            Duration.ofHours(1));

    @TempDir
    Path directory;

    private Connection connection;
    private Connection other;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
        other = TestDatabase.in(directory).open();
        run(connection, "CREATE TABLE t (v INTEGER PRIMARY KEY)");
    }

    @AfterEach
    void close() {
        await(connection.close());
        await(other.close());
    }

    private static Mono<Void> execute(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute()).then();
    }

    private SQLiteConnection foreign(String begin) throws SQLException {
        SQLiteConnection foreign =
                JDBC.createConnection("jdbc:sqlite:" + directory.resolve("test.db"), new Properties());
        try (Statement statement = foreign.createStatement()) {
            statement.execute(begin);
        }
        return foreign;
    }

    @Test
    void aDefinitionThatThrowsLeavesTheConnectionUsable() {
        TransactionDefinition throwing = new TransactionDefinition() {
            @Override
            public <T> T getAttribute(Option<T> option) {
                throw new IllegalStateException("mine");
            }
        };
        StepVerifier.create(connection.beginTransaction(throwing))
                .expectErrorMessage("mine")
                .verify(PATIENCE);
        assertThat(connection.isAutoCommit()).isTrue();
        run(connection, "INSERT INTO t VALUES (1)");
    }

    @Test
    void aDefinitionIsReadOnceAndOnItsCallersThread() {
        AtomicInteger reads = new AtomicInteger();
        Thread caller = Thread.currentThread();
        TransactionDefinition counting = new TransactionDefinition() {
            @Override
            public <T> T getAttribute(Option<T> option) {
                assertThat(Thread.currentThread()).isSameAs(caller);
                reads.addAndGet(option.equals(TransactionDefinition.LOCK_WAIT_TIMEOUT) ? 1 : 0);
                return null;
            }
        };
        await(connection.beginTransaction(counting));
        assertThat(reads).hasValue(1);
        await(connection.rollbackTransaction());
    }

    @Test
    void aQuestionThatFailsBeforeACommandIsThatCommandsErrorAndNoMore() {
        CommandQueue queue = ((BridgeConnection) connection).queue();
        Mono<Object> asking = queue.command(
                () -> {
                    throw new IllegalStateException("cannot tell");
                },
                () -> "never");
        StepVerifier.create(asking)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContaining("cannot tell"))
                .verify(PATIENCE);
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"COMMIT", "ROLLBACK", "end transaction"})
    void aTransactionThatIsEndedInSqlLeavesNothingOfItsDefinition(String end) {
        await(connection.beginTransaction(definition(READS_FOR_A_WHILE)));
        run(connection, end);
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(((BridgeConnection) connection).queue().newSignal().budget()).isEqualTo(Duration.ZERO);
        run(connection, "INSERT INTO t VALUES (1)");
        await(other.beginTransaction());
        StepVerifier.create(execute(connection, "INSERT INTO t VALUES (2)"))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(50))
                .then(() -> await(other.rollbackTransaction()))
                .expectComplete()
                .verify(PATIENCE);
        await(((Lifecycle) connection).preRelease());
        run(connection, "INSERT INTO t VALUES (3)");
    }

    @Test
    void releasingTheOutermostSavepointOfSqlEndsTheTransaction() {
        run(connection, "SAVEPOINT a", "INSERT INTO t VALUES (1)");
        await(connection.createSavepoint("inner"));
        await(connection.releaseSavepoint("inner"));
        assertThat(connection.isAutoCommit()).isFalse();
        await(connection.releaseSavepoint("a"));
        assertThat(connection.isAutoCommit()).isTrue();
        run(other, "INSERT INTO t VALUES (2)");
        run(connection, "INSERT INTO t VALUES (3)");
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1, 2, 3);
    }

    @Test
    void aStatementTimeoutThatRunsOutWhileWaitingForALockSaysSo() throws SQLException {
        await(connection.setStatementTimeout(Duration.ofMillis(60)));
        try (SQLiteConnection holder = foreign("BEGIN IMMEDIATE")) {
            StepVerifier.create(execute(connection, "INSERT INTO t VALUES (1)"))
                    .expectErrorSatisfies(error -> {
                        assertThat(error)
                                .isInstanceOf(R2dbcTimeoutException.class)
                                .hasMessageContaining("statement time-out of PT0.06S");
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("57014");
                    })
                    .verify(PATIENCE);
            assertThat(holder.isClosed()).isFalse();
        }
        await(connection.setStatementTimeout(Duration.ZERO));
        run(connection, "INSERT INTO t VALUES (1)");
    }

    @Test
    void aCancelEndsAWaitForTheLockOfAnotherProcess() throws SQLException {
        await(connection.setLockWaitTimeout(Duration.ofMinutes(5)));
        try (SQLiteConnection holder = foreign("BEGIN IMMEDIATE")) {
            Disposable waiting = execute(connection, "INSERT INTO t VALUES (1)").subscribe();
            Flux.interval(Duration.ofMillis(1)).filter(tick -> napsForALock()).blockFirst(PATIENCE);
            waiting.dispose();
            assertThat(values(connection, "SELECT count(*) FROM t")).containsExactly(0);
            assertThat(holder.isClosed()).isFalse();
        }
    }

    private static boolean napsForALock() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(java.util.Arrays::stream)
                .anyMatch(frame -> frame.getClassName().equals(SqliteLockWait.class.getName()));
    }

    @Test
    void theBusyTimeoutOfSqlIsTheLockWaitTimeoutAndCanStillBeStopped() throws SQLException {
        run(connection, "PRAGMA busy_timeout = 70");
        try (SQLiteConnection holder = foreign("BEGIN IMMEDIATE")) {
            StepVerifier.create(execute(connection, "INSERT INTO t VALUES (1)"))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcTimeoutException.class)
                            .hasMessageContaining("PT0.07S"))
                    .verify(PATIENCE);
            run(connection, "PRAGMA busy_timeout = 300000");
            await(connection.setStatementTimeout(Duration.ofMillis(50)));
            StepVerifier.create(execute(connection, "INSERT INTO t VALUES (1)"))
                    .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("PT0.05S"))
                    .verify(PATIENCE);
            assertThat(holder.isClosed()).isFalse();
        }
    }

    @Test
    void whoStillReadsOldRowsIsToldSoWhenItWrites() {
        run(connection, "INSERT INTO t VALUES (1), (2), (3)");
        StepVerifier.create(column(connection, "SELECT v FROM t"), 1)
                .expectNext(1)
                .then(() -> run(other, "INSERT INTO t VALUES (4)"))
                .then(() -> StepVerifier.create(execute(connection, "INSERT INTO t VALUES (5)"))
                        .expectErrorSatisfies(error -> assertThat(error)
                                .isInstanceOf(R2dbcTransientResourceException.class)
                                .hasMessageContaining("Rows are still read on this connection"))
                        .verify(PATIENCE))
                .thenRequest(5)
                .expectNext(2, 3)
                .verifyComplete();
        run(connection, "INSERT INTO t VALUES (5)");
    }

    @Test
    void aStatementThatRollsBackByItselfLosesTheTransaction() {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (1)");
        StepVerifier.create(execute(connection, "INSERT OR ROLLBACK INTO t VALUES (1)"))
                .expectError(R2dbcException.class)
                .verify(PATIENCE);
        StepVerifier.create(execute(connection, "INSERT INTO t VALUES (2)"))
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        // Nothing is held any more, and nothing is kept.
        run(other, "INSERT INTO t VALUES (3)");
        await(connection.rollbackTransaction());
        assertThat(values(connection, "SELECT v FROM t")).containsExactly(3);
    }

    @Test
    void commitAndRollbackWithOpenRowsLeaveTheRowsReadable() {
        run(connection, "INSERT INTO t VALUES (1), (2), (3)");
        for (int round = 0; round < 2; round++) {
            boolean commits = round == 0;
            await(connection.beginTransaction());
            run(connection, "INSERT INTO t VALUES (" + (10 + round) + ")");
            StepVerifier.create(column(connection, "SELECT v FROM t WHERE v < 10"), 1)
                    .expectNext(1)
                    .then(() -> await(commits ? connection.commitTransaction() : connection.rollbackTransaction()))
                    .thenRequest(1)
                    .expectNext(2)
                    .thenCancel()
                    .verify(PATIENCE);
        }
        assertThat(values(other, "SELECT v FROM t WHERE v >= 10")).containsExactly(10);
    }

    @Test
    void openRowsSeeWhatTheirOwnConnectionInsertsBehindThem() {
        run(connection, "INSERT INTO t VALUES (1)");
        StepVerifier.create(column(connection, "SELECT v FROM t ORDER BY v"), 1)
                .expectNext(1)
                .then(() -> run(connection, "INSERT INTO t VALUES (2)"))
                .thenRequest(5)
                .expectNext(2)
                .verifyComplete();
    }

    @Test
    void openRowsHoldACheckpointBack() {
        run(connection, "INSERT INTO t VALUES (1), (2)");
        StepVerifier.create(column(other, "SELECT v FROM t"), 1)
                .expectNext(1)
                .then(() -> run(connection, "INSERT INTO t VALUES (3)", "PRAGMA busy_timeout = 20"))
                .then(() -> assertThat(values(connection, "PRAGMA wal_checkpoint(TRUNCATE)"))
                        .containsExactly(1))
                .thenCancel()
                .verify(PATIENCE);
        assertThat(values(connection, "PRAGMA wal_checkpoint(TRUNCATE)")).containsExactly(0);
    }

    @Test
    void isolationOfADefinitionHoldsForItsTransactionOnly() {
        await(connection.beginTransaction(
                definition(Map.of(TransactionDefinition.ISOLATION_LEVEL, IsolationLevel.READ_COMMITTED))));
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
        await(connection.commitTransaction());
    }

    @Test
    void aStatementTimeoutThatRunsOutWhileAWriterOfThisProcessWritesSaysSo() {
        await(other.beginTransaction());
        await(connection.setStatementTimeout(Duration.ofMillis(60)));
        StepVerifier.create(execute(connection, "INSERT INTO t VALUES (1)"))
                .expectErrorSatisfies(error -> {
                    assertThat(error)
                            .isInstanceOf(R2dbcTimeoutException.class)
                            .hasMessageContainingAll("waited PT0.06S for its turn", "the statement time-out");
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("57014");
                })
                .verify(PATIENCE);
        // The number in the error is the one that the holder shows.
        String shown = other.toString();
        String name = shown.substring("BridgeConnection[".length(), shown.indexOf(','));
        StepVerifier.create(execute(connection, "INSERT INTO t VALUES (1)"))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining(": " + name + " for "))
                .verify(PATIENCE);
        await(other.rollbackTransaction());
        await(connection.setStatementTimeout(Duration.ZERO));
        run(connection, "INSERT INTO t VALUES (1)");
    }
}
