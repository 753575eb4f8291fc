package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.definition;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

class SqliteTransactionTests {
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

    @Test
    void commitKeepsAndRollbackUndoes() {
        assertThat(connection.isAutoCommit()).isTrue();
        await(connection.beginTransaction());
        assertThat(connection.isAutoCommit()).isFalse();
        run(connection, "INSERT INTO t VALUES (1)");
        assertThat(values(other, "SELECT v FROM t")).isEmpty();
        await(connection.commitTransaction());
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1);
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (2)");
        await(connection.rollbackTransaction());
        assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
    }

    @Test
    void nothingHappensBeforeSubscription() {
        connection.beginTransaction();
        connection.createStatement("INSERT INTO t VALUES (1)").execute();
        connection.close();
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(values(connection, "SELECT v FROM t")).isEmpty();
    }

    @Test
    void aSecondBeginIsRefusedAndTheTransactionGoesOn() {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (1)");
        StepVerifier.create(connection.beginTransaction())
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("25001"))
                .verify(PATIENCE);
        await(connection.commitTransaction());
        assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
    }

    @Test
    void aTransactionHoldsTheWriteLockFromItsBeginAndAnotherWaitsAsLongAsItWasTold() {
        await(connection.beginTransaction());
        await(other.setLockWaitTimeout(Duration.ofMillis(200)));
        long began = System.nanoTime();
        StepVerifier.create(other.beginTransaction())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcTimeoutException.class).hasMessageContaining("PT0.2S");
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03");
                })
                .verify(PATIENCE);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(200), Duration.ofSeconds(2));
        await(connection.rollbackTransaction());
        await(other.beginTransaction());
        await(other.rollbackTransaction());
    }

    @Test
    void aReadOnlyTransactionTakesNoLockAndRefusesChanges() {
        TransactionDefinition readOnly = definition(Map.of(TransactionDefinition.READ_ONLY, true));
        await(connection.beginTransaction(readOnly));
        await(other.beginTransaction());
        run(other, "INSERT INTO t VALUES (1)");
        StepVerifier.create(
                        connection.createStatement("INSERT INTO t VALUES (2)").execute())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcPermissionDeniedException.class);
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("25006");
                })
                .verify(PATIENCE);
        await(other.commitTransaction());
        await(connection.commitTransaction());
        run(connection, "INSERT INTO t VALUES (2)");
        assertThat(values(connection, "SELECT v FROM t")).containsExactly(1, 2);
    }

    @Test
    void aDefinitionSetsTheLockWaitTimeoutOfItsTransactionOnly() {
        await(connection.setLockWaitTimeout(Duration.ofSeconds(10)));
        await(other.beginTransaction());
        TransactionDefinition impatient = definition(Map.of(
                TransactionDefinition.LOCK_WAIT_TIMEOUT,
                Duration.ofMillis(100),
                TransactionDefinition.ISOLATION_LEVEL,
                IsolationLevel.READ_COMMITTED,
                TransactionDefinition.NAME,
                "transfer"));
        StepVerifier.create(connection.beginTransaction(impatient))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("PT0.1S"))
                .verify(PATIENCE);
        StepVerifier.create(connection.beginTransaction())
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(300))
                .then(() -> await(other.rollbackTransaction()))
                .verifyComplete();
    }

    @Test
    void everyStandardIsolationLevelIsAcceptedAndSerializableIsWhatHolds() {
        await(connection.setTransactionIsolationLevel(IsolationLevel.READ_COMMITTED));
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
        StepVerifier.create(connection.setTransactionIsolationLevel(IsolationLevel.valueOf("SNAPSHOT")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("SNAPSHOT"))
                .verify(PATIENCE);
    }

    @Test
    void savepointsUndoPartsAndTheirNamesAreQuoted() {
        String name = "part \"one\"; DROP TABLE t";
        await(connection.createSavepoint(name));
        assertThat(connection.isAutoCommit()).isFalse();
        run(connection, "INSERT INTO t VALUES (1)");
        await(connection.rollbackTransactionToSavepoint(name));
        run(connection, "INSERT INTO t VALUES (2)");
        await(connection.releaseSavepoint(name));
        assertThat(connection.isAutoCommit()).isFalse();
        await(connection.commitTransaction());
        assertThat(values(other, "SELECT v FROM t")).containsExactly(2);
    }

    @Test
    void withAutoCommitOffTheFirstStatementBeginsATransaction() {
        await(connection.setAutoCommit(false));
        run(other, "INSERT INTO t VALUES (1)");
        run(connection, "INSERT INTO t VALUES (2)");
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1);
        await(connection.setAutoCommit(false));
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1);
        await(connection.setAutoCommit(true));
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1, 2);
        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void closeRollsBackAndReleasesTheFile() {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (1)");
        await(connection.close());
        await(other.beginTransaction());
        assertThat(values(other, "SELECT v FROM t")).isEmpty();
        await(other.close());
        assertThat(directory.resolve("test.db-wal")).doesNotExist();
        assertThat(directory.resolve("test.db").toFile().delete()).isTrue();
    }

    @Test
    void aCommitThatFailsLeavesTheTransactionOpen() {
        run(connection, "CREATE TABLE c (p INTEGER REFERENCES t (v) DEFERRABLE INITIALLY DEFERRED)");
        await(connection.beginTransaction());
        run(connection, "INSERT INTO c VALUES (9)");
        StepVerifier.create(connection.commitTransaction())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcDataIntegrityViolationException.class);
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("23503");
                })
                .verify(PATIENCE);
        assertThat(connection.isAutoCommit()).isFalse();
        run(connection, "INSERT INTO t VALUES (9)");
        await(connection.commitTransaction());
        assertThat(values(other, "SELECT p FROM c")).containsExactly(9);
    }

    @Test
    void anErrorInATransactionUndoesTheStatementOnly() {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO t VALUES (1)");
        StepVerifier.create(connection
                        .createStatement("INSERT INTO t VALUES (2), (1)")
                        .execute())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcDataIntegrityViolationException.class);
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("23505");
                    assertThat(((R2dbcException) error).getErrorCode()).isEqualTo(1555);
                })
                .verify(PATIENCE);
        await(connection.commitTransaction());
        assertThat(values(other, "SELECT v FROM t")).containsExactly(1);
    }

    @Test
    void aTransactionBegunInSqlIsKnown() {
        run(connection, "BEGIN");
        assertThat(connection.isAutoCommit()).isFalse();
        run(connection, "INSERT INTO t VALUES (1)");
        await(connection.rollbackTransaction());
        assertThat(values(connection, "SELECT v FROM t")).isEmpty();
        run(connection, "BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT");
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(values(other, "SELECT v FROM t")).containsExactly(2);
    }
}
