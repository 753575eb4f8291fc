package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

class SqliteErrorTests {
    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
        run(
                connection,
                "CREATE TABLE parent (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL, c INTEGER CHECK (c > 0))",
                "CREATE TABLE child (p INTEGER REFERENCES parent (id))",
                "CREATE TABLE strictly (v INTEGER) STRICT",
                "INSERT INTO parent VALUES (1, 'u', 'n', 1)");
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INSERT INTO parent VALUES (1, 'x', 'n', 1)|23505|1555",
                "INSERT INTO parent VALUES (2, 'u', 'n', 1)|23505|2067",
                "INSERT INTO parent VALUES (2, 'x', NULL, 1)|23502|1299",
                "INSERT INTO parent VALUES (2, 'x', 'n', 0)|23514|275",
                "INSERT INTO child VALUES (9)|23503|787",
                "INSERT INTO strictly VALUES ('word')|22000|3091",
                "INSERT INTO parent (id, n) VALUES ('word', 'n')|22000|20"
            })
    void aViolatedConstraintTellsItsKind(String sql, String sqlState, int code) {
        StepVerifier.create(connection.createStatement(sql).execute())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcDataIntegrityViolationException.class);
                    R2dbcException failure = (R2dbcException) error;
                    assertThat(failure.getSqlState()).isEqualTo(sqlState);
                    assertThat(failure.getErrorCode()).isEqualTo(code);
                    assertThat(failure.getSql()).isEqualTo(sql);
                    assertThat(failure).hasCauseInstanceOf(SQLiteException.class);
                })
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @CsvSource({
        "SQLITE_FULL, 53100, R2dbcTransientResourceException",
        "SQLITE_IOERR_WRITE, 58030, R2dbcTransientResourceException",
        "SQLITE_IOERR_NOMEM, 58030, R2dbcTransientResourceException",
        "SQLITE_CANTOPEN_ISDIR, 08001, R2dbcTransientResourceException",
        "SQLITE_LOCKED, 55P03, R2dbcTransientResourceException",
        "SQLITE_LOCKED_SHAREDCACHE, 55P03, R2dbcTransientResourceException",
        "SQLITE_BUSY_RECOVERY, 55P03, R2dbcTransientResourceException",
        "SQLITE_BUSY_SNAPSHOT, 40001, R2dbcRollbackException",
        "SQLITE_ABORT_ROLLBACK, 40000, R2dbcRollbackException",
        "SQLITE_READONLY_DBMOVED, 25006, R2dbcPermissionDeniedException",
        "SQLITE_AUTH, 42501, R2dbcPermissionDeniedException",
        "SQLITE_CORRUPT_INDEX, XX001, R2dbcNonTransientResourceException",
        "SQLITE_NOTADB, 08001, R2dbcNonTransientResourceException",
        "SQLITE_CONSTRAINT_TRIGGER, 23000, R2dbcDataIntegrityViolationException",
        "SQLITE_TOOBIG, 22001, R2dbcDataIntegrityViolationException",
        "SQLITE_ERROR_RETRY, 42000, R2dbcBadGrammarException",
        "SQLITE_INTERRUPT, 57014, R2dbcTransientResourceException",
        "SQLITE_INTERNAL, XX000, R2dbcNonTransientResourceException"
    })
    void everyResultCodeHasItsException(SQLiteErrorCode code, String sqlState, String type) {
        SQLiteException failure = new SQLiteException("words", code);
        R2dbcException translated = SqliteErrors.translate(failure, null, "SELECT 1");
        assertThat(translated.getClass().getSimpleName()).isEqualTo(type);
        assertThat(translated.getSqlState()).isEqualTo(sqlState);
        assertThat(translated.getErrorCode()).isEqualTo(code.code);
    }

    /** Not an error: the first four are no failures, and the last one stands for numbers that the driver does not know. */
    @ParameterizedTest
    @EnumSource(
            value = SQLiteErrorCode.class,
            mode = EnumSource.Mode.MATCH_NONE,
            names = {"SQLITE_OK.*", "SQLITE_ROW", "SQLITE_DONE", "SQLITE_(NOTICE|WARNING).*", "UNKNOWN_ERROR"})
    void noResultCodeIsLeftOutAndAnExtendedOneIsOfItsPrimaryOnesType(SQLiteErrorCode code) {
        R2dbcException translated = SqliteErrors.translate(new SQLiteException("words", code), null, null);
        R2dbcException ofPrimary = SqliteErrors.translate(
                new SQLiteException("words", SQLiteErrorCode.getErrorCode(code.code & 0xff)), null, null);
        assertThat(translated.getSqlState()).isNotEqualTo("HY000");
        assertThat(translated.getErrorCode()).isEqualTo(code.code);
        if (code != SQLiteErrorCode.SQLITE_BUSY_SNAPSHOT) {
            assertThat(translated).hasSameClassAs(ofPrimary);
        }
    }

    @Test
    void syntaxAndMissingTablesAreBadGrammar() {
        StepVerifier.create(column(connection, "SELECT FROM"))
                .expectError(R2dbcBadGrammarException.class)
                .verify(PATIENCE);
        StepVerifier.create(column(connection, "SELECT * FROM nowhere"))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("nowhere"))
                .verify(PATIENCE);
    }

    @Test
    void droppingATableThatIsBeingReadIsATransientError() {
        run(connection, "INSERT INTO parent VALUES (2, 'v', 'n', 1)");
        StepVerifier.create(column(connection, "SELECT id FROM parent"), 1)
                .expectNext(1)
                .then(() -> StepVerifier.create(connection
                                .createStatement("DROP TABLE child; DROP TABLE parent")
                                .execute())
                        .thenConsumeWhile(result -> true)
                        .expectError(R2dbcTransientResourceException.class)
                        .verify(PATIENCE))
                .thenRequest(1)
                .expectNext(2)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aDeferredTransactionThatCannotWriteAnyMoreSaysHowToDeclareIt() {
        Connection other = TestDatabase.in(directory).open();
        run(connection, "BEGIN");
        assertThat(values(connection, "SELECT count(*) FROM parent")).containsExactly(1);
        run(other, "INSERT INTO parent VALUES (2, 'v', 'n', 1)");
        StepVerifier.create(connection.createStatement("DELETE FROM parent").execute())
                .expectErrorSatisfies(error -> {
                    assertThat(error)
                            .isInstanceOf(R2dbcRollbackException.class)
                            .hasMessageContaining("began by reading")
                            .hasMessageContaining("not read-only");
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("40001");
                })
                .verify(PATIENCE);
        await(connection.rollbackTransaction());
        run(connection, "DELETE FROM parent");
        await(other.close());
    }

    @Test
    void refusedRightsAreDenied() {
        run(connection, "PRAGMA query_only = ON");
        StepVerifier.create(Flux.from(
                        connection.createStatement("DELETE FROM parent").execute()))
                .expectError(R2dbcPermissionDeniedException.class)
                .verify(PATIENCE);
    }

    @Test
    void anUnknownSavepointIsAnErrorAndTheTransactionGoesOn() {
        await(connection.beginTransaction());
        run(connection, "INSERT INTO parent VALUES (2, 'v', 'n', 1)");
        StepVerifier.create(connection.rollbackTransactionToSavepoint("nowhere"))
                .expectErrorSatisfies(error ->
                        assertThat(error).isInstanceOf(R2dbcException.class).hasMessageContaining("nowhere"))
                .verify(PATIENCE);
        await(connection.commitTransaction());
        assertThat(values(connection, "SELECT count(*) FROM parent")).containsExactly(2);
    }

    @Test
    void anErrorThatIsNotSqlitesOwnIsAResourceError() {
        assertThat(SqliteErrors.translate(new java.sql.SQLException("words"), "Opening failed", null))
                .isInstanceOf(R2dbcNonTransientResourceException.class)
                .hasMessage("Opening failed: words");
    }

    @Test
    void aFullDatabaseEndsItsTransactionAndSaysSo() {
        run(connection, "PRAGMA max_page_count = 20", "CREATE TABLE large (v BLOB)");
        await(connection.beginTransaction());
        StepVerifier.create(Flux.range(0, 100)
                        .concatMap(n -> Flux.from(connection
                                        .createStatement("INSERT INTO large VALUES (zeroblob(10000))")
                                        .execute())
                                .concatMap(Result::getRowsUpdated)))
                .thenConsumeWhile(ignored -> true)
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcTransientResourceException.class);
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("53100");
                })
                .verify(PATIENCE);
        await(connection.rollbackTransaction());
        assertThat(values(connection, "SELECT count(*) FROM large")).containsExactly(0);
    }
}
