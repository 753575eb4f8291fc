package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The option {@code queryOnly}: a connection that reads a file which others write. */
class SqliteQueryOnlyTests {
    @TempDir
    Path directory;

    private TestDatabase writing;
    private TestDatabase reading;
    private Connection writer;
    private Connection reader;

    @BeforeEach
    void open() {
        writing = TestDatabase.in(directory);
        reading = TestDatabase.at(
                directory.resolve("test.db"), Map.of(SqliteConnectionFactoryProvider.QUERY_ONLY, "true"));
        writer = writing.open();
        reader = reading.open();
        run(writer, "CREATE TABLE t (v INTEGER)", "INSERT INTO t VALUES (1)");
    }

    @AfterEach
    void close() {
        await(reader.close());
        await(writer.close());
        reading.close();
        writing.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (2)",
                "SELECT 1; DELETE FROM t",
                "WITH two AS (SELECT 2 AS v) INSERT INTO t SELECT v FROM two",
                "CREATE TABLE other (v INTEGER)",
                "CREATE TEMP TABLE other (v INTEGER)",
                "PRAGMA user_version = 7",
                "PRAGMA query_only = OFF",
                "VACUUM",
                "BEGIN IMMEDIATE"
            })
    void aWriteIsRefusedBeforeAnythingHasHappened(String sql) {
        StepVerifier.create(Flux.from(reader.createStatement(sql).execute()))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcPermissionDeniedException.class);
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("25006");
                    assertThat(((R2dbcException) error).getErrorCode()).isEqualTo(8);
                    assertThat(error)
                            .hasMessageContaining(sql.contains("TEMP") ? "readonly" : "only reads (queryOnly)");
                })
                .verify(PATIENCE);
        assertThat(values(reader, "SELECT count(*) FROM t")).containsExactly(1);
        assertThat(values(reader, "PRAGMA query_only")).containsExactly(1);
    }

    @Test
    void aBatchWithAWriteAnywhereInItIsRefusedAsAWholeWithoutWaitingForItsTurn() {
        await(writer.beginTransaction());
        Flux<? extends Result> batch = Flux.from(reader.createBatch()
                .add("SELECT v FROM t")
                .add("UPDATE t SET v = 2")
                .execute());
        StepVerifier.create(batch)
                .expectError(R2dbcPermissionDeniedException.class)
                .verify(PATIENCE);
    }

    @Test
    void whatSqliteCannotReadIsAnErrorOfGrammarHereToo() {
        StepVerifier.create(Flux.from(reader.createStatement("WITH nothing").execute()))
                .expectError(R2dbcBadGrammarException.class)
                .verify(PATIENCE);
    }

    @Test
    void itReadsInTransactionsOfAnyKindWhileAnotherConnectionWrites() {
        await(writer.beginTransaction());
        run(writer, "INSERT INTO t VALUES (2)");
        await(reader.beginTransaction());
        assertThat(values(reader, "SELECT count(*) FROM t")).containsExactly(1);
        await(reader.commitTransaction());
        await(reader.setAutoCommit(false));
        assertThat(values(reader, "WITH all_of AS (SELECT v FROM t) SELECT count(*) FROM all_of"))
                .containsExactly(1);
        await(reader.rollbackTransaction());
        await(writer.commitTransaction());
        await(reader.setAutoCommit(true));
        assertThat(values(reader, "SELECT count(*) FROM t")).containsExactly(2);
        assertThat(values(reader, "PRAGMA query_only")).containsExactly(1);
    }

    @Test
    void aWriteInAReadOnlyTransactionIsRefusedInWordsToo() {
        await(writer.beginTransaction(
                TestDatabase.definition(Map.of(io.r2dbc.spi.TransactionDefinition.READ_ONLY, true))));
        StepVerifier.create(Flux.from(writer.createStatement("DELETE FROM t").execute()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcPermissionDeniedException.class)
                        .hasMessageContaining("This transaction on")
                        .hasMessageContaining("is read-only"))
                .verify(PATIENCE);
        await(writer.rollbackTransaction());
        run(writer, "DELETE FROM t");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "EXPLAIN PRAGMA query_only = OFF",
                "explain query plan pragma main.query_only(0)",
                "SELECT 1; /* EXPLAIN */ EXPLAIN PRAGMA foreign_keys = OFF",
                "EXPLAIN PRAGMA busy_timeout = 3000"
            })
    void explainingAPragmaIsRefusedSinceItWouldBeCarriedOut(String sql) {
        StepVerifier.create(Flux.from(reader.createStatement(sql).execute()).concatMap(Result::getRowsUpdated))
                .thenConsumeWhile(ignored -> true)
                .expectErrorSatisfies(error -> {
                    assertThat(error)
                            .isInstanceOf(R2dbcBadGrammarException.class)
                            .hasMessageContaining("EXPLAIN of a PRAGMA is refused");
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("0A000");
                })
                .verify(PATIENCE);
        assertThat(values(reader, "PRAGMA query_only")).containsExactly(1);
        assertThat(values(reader, "PRAGMA foreign_keys")).containsExactly(1);
    }

    @Test
    void aReadOnlyTransactionDoesNotLoseItsGuard() {
        await(((BridgeConnection) writer)
                .beginTransaction(TestDatabase.definition(Map.of(TransactionDefinition.READ_ONLY, true))));
        StepVerifier.create(writer.createStatement("PRAGMA query_only = OFF").execute())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is read-only"))
                .verify(PATIENCE);
        assertThat(values(writer, "PRAGMA query_only")).containsExactly(1);
        await(writer.rollbackTransaction());
    }
}
