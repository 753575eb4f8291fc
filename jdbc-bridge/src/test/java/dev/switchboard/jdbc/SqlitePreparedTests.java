package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** A statement that is kept prepared tells the columns and the text that are there now. */
class SqlitePreparedTests {

    @TempDir
    Path directory;

    private static List<String> columns(Connection connection) {
        return Flux.from(connection.createStatement("SELECT * FROM t").execute())
                .concatMap(result -> result.map((row, metadata) -> metadata.getColumnMetadatas().stream()
                        .map(ColumnMetadata::getName)
                        .toList()))
                .blockLast(PATIENCE);
    }

    @Test
    void columnsFollowASchemaThatAnotherConnectionChanges() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection reader = database.open();
            Connection other = database.open();
            run(other, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)");
            assertThat(columns(reader)).containsExactly("a");
            run(other, "ALTER TABLE t RENAME COLUMN a TO b");
            assertThat(columns(reader)).containsExactly("b");
            run(other, "ALTER TABLE t ADD COLUMN c TEXT");
            assertThat(columns(reader)).containsExactly("b", "c");
            await(reader.close());
            await(other.close());
        }
    }

    @Test
    void columnsFollowASchemaWhoseNumberWasGivenBackByARollback() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection reader = database.open();
            Connection other = database.open();
            run(reader, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)");
            await(reader.beginTransaction());
            run(reader, "ALTER TABLE t RENAME COLUMN a TO never");
            assertThat(columns(reader)).containsExactly("never");
            await(reader.rollbackTransaction());
            run(other, "ALTER TABLE t RENAME COLUMN a TO b");
            assertThat(columns(reader)).containsExactly("b");
            await(reader.close());
            await(other.close());
        }
    }

    @Test
    void columnsFollowATemporaryTableThatIsMadeThroughJdbc() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)");
            assertThat(columns(connection)).containsExactly("a");
            await(((BridgeConnection) connection).jdbc(jdbc -> {
                try (Statement statement = jdbc.createStatement()) {
                    statement.execute("CREATE TEMP TABLE t (x INTEGER, y INTEGER)");
                    statement.execute("INSERT INTO temp.t VALUES (1, 2)");
                }
                return null;
            }));
            assertThat(columns(connection)).containsExactly("x", "y");
            await(connection.close());
        }
    }

    /** Native code that is handed a statement that is no more ends the process. */
    @Test
    void rowsOfAConnectionThatWasClosedThroughJdbcEndWithAnError() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            Flux<Integer> rows = Flux.from(connection
                            .createStatement("VALUES (1), (2), (3)")
                            .fetchSize(1)
                            .execute())
                    .concatMap(result -> result.map(row -> row.get(0, Integer.class)), 0);
            StepVerifier.create(rows, 1)
                    .expectNext(1)
                    .then(() -> await(((BridgeConnection) connection).jdbc(jdbc -> {
                        jdbc.close();
                        return null;
                    })))
                    .thenRequest(1)
                    .expectError(R2dbcException.class)
                    .verify(PATIENCE);
            await(connection.close());
        }
    }

    @Test
    void textOfADatabaseInUtf16IsReadAsItIs() throws SQLException {
        try (java.sql.Connection jdbc = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("test.db"));
                Statement statement = jdbc.createStatement()) {
            statement.execute("PRAGMA encoding = 'UTF-16'");
            statement.execute("CREATE TABLE t (v TEXT)");
        }
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            run(connection, "INSERT INTO t VALUES ('grün \uD834\uDD1E'), ('')");
            assertThat(values(connection, "PRAGMA encoding")).containsExactly("UTF-16le");
            assertThat(values(connection, "SELECT v FROM t ORDER BY rowid")).containsExactly("grün \uD834\uDD1E", "");
            await(connection.close());
        }
    }

    @Test
    void textIsReadAsItIsWhateverIsInIt() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v)");
            run(
                    connection,
                    "INSERT INTO t VALUES ('grün \uD834\uDD1E'), (''), ('a' || char(0) || 'b'), (NULL), (CAST('x' AS BLOB))");
            assertThat(values(connection, "SELECT v FROM t WHERE typeof(v) <> 'blob' ORDER BY rowid"))
                    .containsExactly("grün \uD834\uDD1E", "", "a\0b", "null");
            await(connection.close());
        }
    }

    @Test
    void aChangeThatReturnsRowsRunsForEachSetOfValues() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)");
            assertThat(Flux.from(connection
                                    .createStatement("INSERT INTO t (a) VALUES (?) RETURNING id")
                                    .bind(0, "x")
                                    .add()
                                    .bind(0, "y")
                                    .add()
                                    .bind(0, "z")
                                    .execute())
                            .concatMap(result -> result.map(row -> row.get(0, Integer.class)))
                            .collectList()
                            .block(PATIENCE))
                    .containsExactly(1, 2, 3);
            await(connection.close());
        }
    }
}
