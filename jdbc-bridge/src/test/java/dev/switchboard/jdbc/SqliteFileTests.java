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
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

/** Where files may be, how they are opened, and what connections to them may do. */
class SqliteFileTests {
    @TempDir
    Path directory;

    private TestDatabase below(Path base, String path) {
        return TestDatabase.at(Path.of(path), Map.of(SqliteConnectionFactoryProvider.BASE_DIRECTORY, base.toString()));
    }

    private TestDatabase with(String options) {
        return TestDatabase.url("r2dbc:sqlite:///" + directory.resolve("test.db") + "?" + options);
    }

    private static void refuses(TestDatabase database, String... words) {
        StepVerifier.create(database.factory().create())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContainingAll(words))
                .verify(PATIENCE);
    }

    @Test
    void aFileBelowItsBaseDirectoryIsOpened() throws IOException {
        Files.createDirectory(directory.resolve("a"));
        Connection connection = below(directory, "a/tenant.db").open();
        run(connection, "CREATE TABLE t (v)");
        await(connection.close());
        assertThat(directory.resolve("a/tenant.db")).isRegularFile();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../other.db", "a/../../other.db", "/etc/other.db", ".", "a/.."})
    void aPathThatLeavesItsBaseDirectoryIsRefusedAtOnce(String path) {
        assertThatThrownBy(() -> below(directory.resolve("base"), path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("'" + path + "'", "leaves its base directory", "relative to it");
    }

    @Test
    void aLinkThatLeavesItsBaseDirectoryIsRefusedWhenItIsOpened() throws IOException {
        Path base = Files.createDirectory(directory.resolve("base"));
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Files.createSymbolicLink(base.resolve("way"), outside);
        Files.createSymbolicLink(base.resolve("file.db"), outside.resolve("target.db"));
        refuses(below(base, "way/a.db"), "leaves its base directory");
        refuses(below(base, "file.db"), "leaves its base directory");
        Files.createFile(outside.resolve("target.db"));
        refuses(below(base, "file.db"), "leaves its base directory");
        assertThat(outside).isDirectoryNotContaining(file -> file.endsWith("a.db"));
    }

    @Test
    void aFileIsCreatedWithItsOwnersRightsOnlyWhereThatIsAsked() throws IOException {
        Connection connection = with("ownerOnly=true").open();
        run(connection, "CREATE TABLE t (v)");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.toList())
                    .hasSizeGreaterThan(1)
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .isEqualTo("rw-------"));
        }
        await(connection.close());
        await(with("ownerOnly=true").open().close());
    }

    @Test
    void anImmutableFileIsReadWithoutAnyFileBesideIt() throws IOException {
        Connection writer = with("journalMode=DELETE").open();
        run(writer, "CREATE TABLE t (v)", "INSERT INTO t VALUES (1)");
        await(writer.close());
        Connection reader = with("immutable=true").open();
        assertThat(values(reader, "SELECT v FROM t")).containsExactly(1);
        StepVerifier.create(reader.createStatement("INSERT INTO t VALUES (2)").execute())
                .expectError(R2dbcPermissionDeniedException.class)
                .verify(PATIENCE);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(directory.resolve("test.db"));
        }
        await(reader.close());
    }

    @Test
    void theModeIsSqlitesOwnWord() {
        refuses(with("mode=rw"), "does not exist", "create=false");
        refuses(with("mode=ro"), "does not exist");
        Connection creator = with("mode=rwc").open();
        run(creator, "CREATE TABLE t (v)");
        Connection reader = with("mode=ro").open();
        StepVerifier.create(reader.createStatement("INSERT INTO t VALUES (2)").execute())
                .expectError(R2dbcPermissionDeniedException.class)
                .verify(PATIENCE);
        await(reader.close());
        await(creator.close());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mode=memory|mode is 'memory'; allowed is one of [RO, RW, RWC]",
                "cache=none|cache is 'none'; allowed is one of [PRIVATE, SHARED]",
                "vfs=a/b|vfs is 'a/b'; allowed is a name",
                "transactionMode=EXCLUSIVE|transactionMode is 'EXCLUSIVE'; allowed is one of [IMMEDIATE, DEFERRED]",
                "attach=maybe|attach is 'maybe'; allowed is true or false"
            })
    void aBadOptionIsRefusedInWords(String option, String words) {
        assertThatThrownBy(() -> ConnectionFactories.get("r2dbc:sqlite:///a.db?" + option))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(words);
    }

    @Test
    void theWayToTheFileSystemCanBeChosen() {
        Connection connection = with("vfs=unix-dotfile&journalMode=DELETE").open();
        run(connection, "CREATE TABLE t (v)");
        await(connection.beginTransaction());
        assertThat(directory.resolve("test.db.lock")).exists();
        await(connection.rollbackTransaction());
        await(connection.close());
        refuses(with("vfs=missing"), "no such vfs", "test.db");
    }

    @Test
    void connectionsShareTheirCacheWhereThatIsAsked() {
        try (TestDatabase shared = with("cache=shared")) {
            Connection first = shared.open();
            Connection second = shared.open();
            run(first, "CREATE TABLE t (v)", "INSERT INTO t VALUES (1)");
            await(second.setTransactionIsolationLevel(io.r2dbc.spi.IsolationLevel.READ_UNCOMMITTED));
            run(second, "PRAGMA read_uncommitted = ON");
            await(first.beginTransaction());
            run(first, "INSERT INTO t VALUES (2)");
            assertThat(values(second, "SELECT count(*) FROM t")).containsExactly(2);
            await(first.rollbackTransaction());
            await(first.close());
            await(second.close());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ATTACH ':memory:' AS other",
                " /* c */ attach ':memory:' AS other",
                "\uFEFFATTACH ':memory:' AS b"
            })
    void otherFilesAreAttachedOnlyWhereThatIsAsked(String sql) {
        Connection connection = with("").open();
        StepVerifier.create(connection.createStatement(sql).execute())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcPermissionDeniedException.class)
                        .hasMessageContaining("attach=true"))
                .verify(PATIENCE);
        run(connection, "VACUUM");
        StepVerifier.create(connection.createStatement(sql).execute())
                .expectError(R2dbcPermissionDeniedException.class)
                .verify(PATIENCE);
        await(connection.close());
        Connection allowed = with("attach=true").open();
        run(allowed, "ATTACH ':memory:' AS other", "CREATE TABLE other.t (v)");
        await(allowed.close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"VACUUM INTO ", "-- c\n vacuum main /* c */ into ", "VACUUM \"main\" INTO "})
    void otherFilesAreWrittenOnlyWhereAttachingIsAllowed(String sql) {
        Path copy = directory.resolve("copy.db");
        Connection connection = with("").open();
        StepVerifier.create(connection.createStatement(sql + "'" + copy + "'").execute())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcPermissionDeniedException.class)
                        .hasMessageContainingAll("SqliteBackup.vacuumInto", "attach=true"))
                .verify(PATIENCE);
        assertThat(copy).doesNotExist();
        await(SqliteBackup.vacuumInto(connection, copy));
        assertThat(copy).exists();
        await(connection.close());
        Connection allowed = with("attach=true").open();
        run(allowed, sql + "'" + copy + "2'");
        assertThat(directory.resolve("copy.db2")).exists();
        await(allowed.close());
    }

    @Test
    void whereWalIsImpossibleThatIsSaid() {
        refuses(with("vfs=unix-dotfile"), "stays 'delete'", "WAL", "journalMode");
    }

    @ParameterizedTest
    @CsvSource({"WAL, 1", "DELETE, 2", "TRUNCATE, 2", "PERSIST, 2"})
    void withoutWalSqliteWaitsForTheDiskAsOftenAsItMust(String mode, int synchronous) {
        Connection connection = with("journalMode=" + mode).open();
        assertThat(values(connection, "PRAGMA synchronous")).containsExactly(synchronous);
        await(connection.close());
    }

    @Test
    void aDeferredTransactionTakesTheLockWhenItWrites() {
        try (TestDatabase deferred = with("transactionMode=DEFERRED")) {
            Connection first = deferred.open();
            Connection second = deferred.open();
            run(first, "CREATE TABLE t (v)");
            await(first.beginTransaction());
            assertThat(values(first, "SELECT count(*) FROM t")).containsExactly(0);
            run(second, "INSERT INTO t VALUES (1)");
            StepVerifier.create(
                            first.createStatement("INSERT INTO t VALUES (2)").execute())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcRollbackException.class)
                            .hasMessageContaining("began by reading"))
                    .verify(PATIENCE);
            await(first.rollbackTransaction());
            await(first.beginTransaction());
            run(first, "INSERT INTO t VALUES (3)");
            await(first.commitTransaction());
            assertThat(values(second, "SELECT v FROM t")).containsExactly(1, 3);
            await(first.close());
            await(second.close());
        }
    }

    @Test
    void aFileThatCannotBeReachedOrMadeIsSaidToBeSo() {
        assertThatThrownBy(() -> TestDatabase.at(Path.of("a.db"), Map.of(ConnectionFactoryOptions.DATABASE, "a\0b")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not a path on this system");
        refuses(
                TestDatabase.at(
                        Path.of("/proc/switchboard.db"), Map.of(SqliteConnectionFactoryProvider.OWNER_ONLY, true)),
                "cannot be created for its owner alone");
        StepVerifier.create(TestDatabase.at(Path.of("/proc/switchboard.db"), Map.of())
                        .factory()
                        .create())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTransientResourceException.class)
                        .hasMessageContainingAll("/proc/switchboard.db", "unable to open"))
                .verify(PATIENCE);
    }
}
