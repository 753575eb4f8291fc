package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

class SqliteUrlTests {
    @TempDir
    Path directory;

    private static String target(String url) {
        return ((BridgeConnectionFactory) ConnectionFactories.get(url))
                .product()
                .target();
    }

    @Test
    void anAbsolutePathHasFourSlashes() {
        assertThat(target("r2dbc:sqlite:////var/data/a.db")).isEqualTo("/var/data/a.db");
        assertThat(target("r2dbc:sqlite:file:////var/data/a.db")).isEqualTo("/var/data/a.db");
    }

    @Test
    void aRelativePathHasThreeSlashes() {
        assertThat(target("r2dbc:sqlite:///data/a.db"))
                .isEqualTo(Path.of("data/a.db").toAbsolutePath().toString());
    }

    @Test
    void aPathInAHostsPlaceIsRefusedWithTheRightForm() {
        assertThatThrownBy(() -> ConnectionFactories.get("r2dbc:sqlite://data/a.db"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("r2dbc:sqlite:///data/a.db")
                .hasMessageContaining("r2dbc:sqlite:////data/a.db");
        assertThatThrownBy(() -> ConnectionFactories.get("r2dbc:sqlite://./a.db"))
                .hasMessageContaining("r2dbc:sqlite:///./a.db");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "r2dbc:sqlite:///|needs a path",
                "r2dbc:sqlite:mem://orders|Write r2dbc:sqlite:mem:///orders.",
                "r2dbc:sqlite://data:80/a.db|:80' stands where a host would. Write r2dbc:sqlite:///data:80/a.db",
                "r2dbc:sqlite:///a.db?attach=true&baseDirectory=/tmp|lets SQL open any file",
                "r2dbc:sqlite:mem:///a%20b|cannot name a database in memory",
                "r2dbc:sqlite:tcp:///a.db|protocol 'tcp'",
                "r2dbc:sqlite:///:memory:|r2dbc:sqlite:mem:///name",
                "r2dbc:sqlite:///a.db?foreignKeys=perhaps|foreignKeys is 'perhaps'; allowed is true or false",
                "r2dbc:sqlite:///a.db?journalMode=wall|journalMode is 'wall'; allowed is one of [WAL",
                "r2dbc:sqlite:///a.db?maxThreads=0|maxThreads is '0'; allowed is a number from 1",
                "r2dbc:sqlite:///a.db?fetchSize=many|fetchSize is 'many'",
                "r2dbc:sqlite:///a.db?lockWaitTimeout=5s|lockWaitTimeout is '5s'; allowed is a duration such as PT5S",
                "r2dbc:sqlite:///a.db?statementTimeout=PT-1S|statementTimeout is 'PT-1S'"
            })
    void aBadOptionIsRefusedInWords(String url, String words) {
        assertThatThrownBy(() -> ConnectionFactories.get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain.db", "a b#c%20?mode=memory&cache=shared.db", "ümlaut;'\".db"})
    void everyFileNameIsTakenAsItIs(String name) {
        Path file = directory.resolve(name);
        TestDatabase database = TestDatabase.at(file, Map.of());
        Connection connection = database.open();
        run(connection, "CREATE TABLE t (v)");
        await(connection.close());
        assertThat(file).isRegularFile();
    }

    @Test
    void theDefaultsAreTheModernOnes() {
        Connection connection = TestDatabase.in(directory).open();
        assertThat(values(connection, "PRAGMA journal_mode")).containsExactly("wal");
        assertThat(values(connection, "PRAGMA foreign_keys")).containsExactly(1);
        assertThat(values(connection, "PRAGMA synchronous")).containsExactly(1);
        StepVerifier.create(TestDatabase.column(connection, "SELECT load_extension('nothing')"))
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("not authorized"))
                .verify(PATIENCE);
        await(connection.close());
    }

    @Test
    void everyDefaultIsAnOption() {
        String url = "r2dbc:sqlite:///" + directory.resolve("options.db")
                + "?journalMode=delete&foreignKeys=off&synchronous=FULL&statementCacheSize=0&fetchSize=1"
                + "&lockWaitTimeout=PT0.1S&statementTimeout=PT10S&maxThreads=1&connectTimeout=PT1S";
        try (TestDatabase database = TestDatabase.url(url)) {
            Connection connection = database.open();
            assertThat(values(connection, "PRAGMA journal_mode")).containsExactly("delete");
            assertThat(values(connection, "PRAGMA foreign_keys")).containsExactly(0);
            assertThat(values(connection, "PRAGMA synchronous")).containsExactly(2);
            assertThat(values(connection, "VALUES (1), (2), (3)")).containsExactly(1, 2, 3);
            await(connection.close());
        }
    }

    @Test
    void aStatementHasTheTimeOfTheOption() {
        String url = "r2dbc:sqlite:///" + directory.resolve("timed.db") + "?statementTimeout=PT0.05S";
        try (TestDatabase database = TestDatabase.url(url)) {
            Connection connection = database.open();
            String endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
            StepVerifier.create(Flux.from(connection.createStatement(endless).execute())
                            .concatMap(result -> result.map(row -> row.get(0))))
                    .expectErrorSatisfies(
                            error -> assertThat(error).hasMessageContaining("statement time-out of PT0.05S"))
                    .verify(PATIENCE);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, true", "64, false"})
    void statementsStayPreparedAsOftenAsTheOptionSays(int kept, boolean anew) {
        String url = "r2dbc:sqlite:///" + directory.resolve("kept.db") + "?statementCacheSize=" + kept;
        try (TestDatabase database = TestDatabase.url(url)) {
            Connection connection = database.open();
            StatementCache statements = ((BridgeConnection) connection).queue().statements();
            assertThat(values(connection, "SELECT 1")).containsExactly(1);
            assertThat(!statements.holds("SELECT 1")).isEqualTo(anew);
            await(connection.close());
        }
    }

    @Test
    void aReadOnlyFileIsReadAndNotWrittenNotEvenInATransaction() {
        Connection writer = TestDatabase.in(directory).open();
        run(writer, "CREATE TABLE t (v)", "INSERT INTO t VALUES (1)");
        Connection reader = TestDatabase.at(
                        directory.resolve("test.db"), Map.of(SqliteConnectionFactoryProvider.READ_ONLY, true))
                .open();
        await(reader.beginTransaction());
        assertThat(values(reader, "SELECT v FROM t")).containsExactly(1);
        StepVerifier.create(reader.createStatement("INSERT INTO t VALUES (2)").execute())
                .expectError(R2dbcPermissionDeniedException.class)
                .verify(PATIENCE);
        await(reader.commitTransaction());
        await(reader.close());
        await(writer.close());
    }

    @Test
    void aDatabaseInMemoryIsSharedByNameAndLivesAsLongAsItsFactory() {
        try (TestDatabase database = TestDatabase.url("r2dbc:sqlite:mem:///shared")) {
            Connection first = database.open();
            run(first, "CREATE TABLE t (v)", "INSERT INTO t VALUES (1)");
            await(first.close());
            Connection second = database.open();
            Connection third = database.open();
            assertThat(values(second, "SELECT v FROM t")).containsExactly(1);
            await(second.beginTransaction());
            run(second, "INSERT INTO t VALUES (2)");
            await(second.commitTransaction());
            assertThat(values(third, "SELECT v FROM t")).containsExactly(1, 2);
            try (TestDatabase other = TestDatabase.url("r2dbc:sqlite:mem:///another")) {
                Connection fourth = other.open();
                assertThat(values(fourth, "SELECT count(*) FROM sqlite_schema")).containsExactly(0);
                await(fourth.close());
            }
            await(second.close());
            await(third.close());
        }
        try (TestDatabase again = TestDatabase.url("r2dbc:sqlite:mem:///shared")) {
            Connection fresh = again.open();
            assertThat(values(fresh, "SELECT count(*) FROM sqlite_schema")).containsExactly(0);
            await(fresh.close());
        }
    }

    @Test
    void aClosedFactoryOpensNoMore() {
        TestDatabase database = TestDatabase.in(directory);
        database.close();
        database.close();
        StepVerifier.create(database.factory().create())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("closed"))
                .verify(PATIENCE);
    }

    private static void opensWithError(Path file, Map<io.r2dbc.spi.Option<?>, ?> options, String... words) {
        StepVerifier.create(TestDatabase.at(file, options).factory().create())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContainingAll(words)
                        .satisfies(it ->
                                assertThat(((R2dbcException) it).getSqlState()).isEqualTo("08001")))
                .verify(PATIENCE);
    }

    @Test
    void aDirectoryThatDoesNotExistIsNamed() {
        opensWithError(
                directory.resolve("missing/a.db"),
                Map.of(),
                directory.resolve("missing") + " does not exist",
                "create it");
    }

    @Test
    void aDirectoryIsNoDatabase() {
        opensWithError(directory, Map.of(), directory + " is a directory");
    }

    @Test
    void aFileThatIsNoDatabaseIsRefusedWhenItIsOpened() throws IOException {
        Path file = Files.writeString(directory.resolve("letter.txt"), "Dear Ada, ".repeat(1_000));
        opensWithError(file, Map.of(), file.toString(), "not a database");
        opensWithError(
                file, Map.of(SqliteConnectionFactoryProvider.READ_ONLY, true), file.toString(), "not a database");
        assertThat(file).content().startsWith("Dear Ada");
    }

    @Test
    void aFileThatMustExistIsNotCreated() {
        Path file = directory.resolve("none.db");
        opensWithError(file, Map.of(SqliteConnectionFactoryProvider.CREATE, false), "does not exist");
        opensWithError(file, Map.of(SqliteConnectionFactoryProvider.READ_ONLY, true), "does not exist");
        assertThat(file).doesNotExist();
    }

    @Test
    void theDriverIsFoundByItsNameAndReportsItsProduct() {
        Connection connection = TestDatabase.in(directory).open();
        assertThat(TestDatabase.in(directory).factory().getMetadata().getName()).isEqualTo("SQLite");
        assertThat(connection.getMetadata().getDatabaseProductName()).isEqualTo("SQLite");
        assertThat(connection.getMetadata().getDatabaseVersion()).startsWith("3.");
        assertThat(ConnectionFactories.supports(ConnectionFactoryOptions.builder()
                        .option(ConnectionFactoryOptions.DRIVER, "sqlite")
                        .build()))
                .isTrue();
        await(connection.close());
    }
}
