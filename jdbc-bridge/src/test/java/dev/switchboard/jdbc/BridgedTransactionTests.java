package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.definition;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.jdbc.BridgedProductTests.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Transactions over the seam, on the products that are not SQLite. */
class BridgedTransactionTests {
    @TempDir
    Path directory;

    private static Mono<Integer> jdbcLevel(Connection connection) {
        return ((BridgeConnection) connection).jdbc(java.sql.Connection::getTransactionIsolation);
    }

    @ParameterizedTest
    @CsvSource({
        "H2_OVER_THE_GENERIC_PRODUCT, READ COMMITTED",
        "DUCKDB_IN_MEMORY, REPEATABLE READ",
        "DUCKDB_FILE, REPEATABLE READ"
    })
    void theIsolationThatIsReportedIsTheDatabasesOwn(Product product, String level) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            assertThat(connection.getTransactionIsolationLevel().asSql()).isEqualTo(level);
            await(connection.close());
        }
    }

    @Test
    void aLevelOfADefinitionIsGoneWithItsTransactionAndOneOfTheSessionWithItsBorrower() {
        try (TestDatabase database = Product.H2_OVER_THE_GENERIC_PRODUCT.in(directory)) {
            Connection connection = database.open();
            int before = jdbcLevel(connection).block(PATIENCE);
            await(connection.beginTransaction(
                    definition(Map.of(TransactionDefinition.ISOLATION_LEVEL, IsolationLevel.SERIALIZABLE))));
            assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
            assertThat(jdbcLevel(connection).block(PATIENCE)).isEqualTo(java.sql.Connection.TRANSACTION_SERIALIZABLE);
            await(connection.commitTransaction());
            assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.READ_COMMITTED);
            assertThat(jdbcLevel(connection).block(PATIENCE)).isEqualTo(before);
            await(connection.setTransactionIsolationLevel(IsolationLevel.REPEATABLE_READ));
            await(connection.beginTransaction());
            await(connection.rollbackTransaction());
            assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.REPEATABLE_READ);
            await(((Lifecycle) connection).preRelease());
            assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.READ_COMMITTED);
            assertThat(jdbcLevel(connection).block(PATIENCE)).isEqualTo(before);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Product.class, names = "DUCKDB.*", mode = EnumSource.Mode.MATCH_ANY)
    void whereThereAreNoSavepointsNoneIsPretended(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            StepVerifier.create(connection.createSavepoint("s"))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(UnsupportedOperationException.class)
                            .hasMessageContaining("DuckDB has no savepoints"))
                    .verify(PATIENCE);
            assertThat(connection.isAutoCommit()).isTrue();
            run(connection, "CREATE TABLE t (v INTEGER)");
            await(connection.beginTransaction());
            run(connection, "INSERT INTO t VALUES (1)");
            StepVerifier.create(connection.createSavepoint("s"))
                    .expectError(UnsupportedOperationException.class)
                    .verify(PATIENCE);
            await(connection.commitTransaction());
            assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void transactionsInSqlAreRefused(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            for (String sql : List.of("BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "SAVEPOINT a")) {
                StepVerifier.create(connection.createStatement(sql).execute())
                        .expectErrorSatisfies(error -> assertThat(error)
                                .isInstanceOf(R2dbcException.class)
                                .hasMessageContaining("beginTransaction()"))
                        .verify(PATIENCE);
            }
            run(connection, "INSERT INTO t VALUES (1)");
            await(((Lifecycle) connection).preRelease());
            assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Product.class, names = "DUCKDB.*", mode = EnumSource.Mode.MATCH_ANY)
    void ofTwoThatChangeOneRowTheSecondHearsThatItMustBeginAgain(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection first = database.open();
            Connection second = database.open();
            run(first, "CREATE TABLE t (v INTEGER)", "INSERT INTO t VALUES (1)");
            await(first.beginTransaction());
            await(second.beginTransaction());
            run(first, "UPDATE t SET v = 2");
            StepVerifier.create(Flux.from(
                                    second.createStatement("UPDATE t SET v = 3").execute())
                            .concatMap(Result::getRowsUpdated))
                    .expectError(R2dbcRollbackException.class)
                    .verify(PATIENCE);
            await(second.rollbackTransaction());
            await(first.commitTransaction());
            assertThat(values(second, "SELECT v FROM t")).containsExactly(2);
            await(first.close());
            await(second.close());
        }
    }

    /** A hint, so what is promised is that the connection writes again afterwards. */
    @ParameterizedTest
    @EnumSource(Product.class)
    void aReadOnlyTransactionReadsAndTheConnectionWritesAfterIt(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v INTEGER)", "INSERT INTO t VALUES (1)");
            await(connection.beginTransaction(definition(Map.of(TransactionDefinition.READ_ONLY, true))));
            assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
            await(connection.commitTransaction());
            run(connection, "INSERT INTO t VALUES (2)");
            assertThat(values(connection, "SELECT count(*) FROM t")).containsExactly(2L);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void rowsComeAsTheyAreAskedForAndOtherStatementsGetTheirTurn(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            String rows = product == Product.H2_OVER_THE_GENERIC_PRODUCT
                    ? "SELECT x FROM system_range(1, 5000)"
                    : "SELECT range FROM range(1, 5001)";
            StepVerifier.create(column(connection, rows), 0)
                    .expectSubscription()
                    .thenRequest(2)
                    .expectNext(1L, 2L)
                    .then(() -> assertThat(values(connection, "SELECT 7")).containsExactly(7))
                    .thenRequest(1)
                    .expectNext(3L)
                    .thenRequest(Long.MAX_VALUE)
                    .expectNextCount(4_997)
                    .verifyComplete();
            await(connection.close());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT {'a':b} FROM t|0",
                "SELECT {'a': :b, \"c\":d, e:f} FROM t|1",
                "SELECT x[1:n], x[i:j], x[:a:2], x[f(1):n] FROM t|1",
                "SELECT [CASE WHEN true THEN :a END], x = :b|2",
                "SELECT a::int, :a|1",
                "SELECT $$ ? ; :a $$, $x$ ' ? $$ $x$, ?|1",
                "SELECT a$b, ? FROM t|1"
            })
    void whatLooksLikeAParameterIsToldApart(String sql, int parameters) {
        Script script = JdbcParser.parse(sql);
        assertThat(script.parameterCount()).isEqualTo(parameters);
        assertThat(script.commands()).hasSize(1);
    }

    @Test
    void duckDbTakesStructsAndSlices() {
        try (TestDatabase database = Product.DUCKDB_IN_MEMORY.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (b INTEGER, n INTEGER)", "INSERT INTO t VALUES (5, 2)");
            assertThat(values(connection, "SELECT {'a':b}.a FROM t")).containsExactly(5);
            assertThat(values(connection, "SELECT len([7, 8, 9][1:n]) FROM t")).containsExactly(2L);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/* off: /* note */ ; DELETE FROM t; */ SELECT 1", "SELECT 1 /* /* */ */"})
    void aCommentInACommentIsRefusedSinceDatabasesDisagree(String sql) {
        for (Product product : List.of(Product.H2_OVER_THE_GENERIC_PRODUCT, Product.DUCKDB_IN_MEMORY)) {
            try (TestDatabase database = product.in(directory)) {
                Connection connection = database.open();
                run(connection, "CREATE TABLE t (v INTEGER)", "INSERT INTO t VALUES (1)");
                assertThatThrownBy(() -> connection.createStatement(sql))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("inside a comment");
                assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
                await(connection.close());
            }
        }
    }
}
