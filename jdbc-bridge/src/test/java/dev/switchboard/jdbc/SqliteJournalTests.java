package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What is different without WAL, and with a shared cache: who fails at once, and what can be tried again. */
class SqliteJournalTests {
    @TempDir
    Path directory;

    private Connection open(Map<io.r2dbc.spi.Option<?>, ?> options) {
        return TestDatabase.at(directory.resolve("test.db"), options).open();
    }

    private static Flux<?> insert(Connection connection, int value) {
        return Flux.from(connection
                .createStatement("INSERT INTO t VALUES (" + value + ")")
                .execute());
    }

    /** Both have read, both want to write: the second one fails at once, the first one's commit waits and can be repeated. */
    @Test
    void ofTwoReadersThatUpgradeOneFailsAndTheOthersCommitCanBeTriedAgain() {
        Map<io.r2dbc.spi.Option<?>, ?> options = Map.of(
                SqliteConnectionFactoryProvider.JOURNAL_MODE, "DELETE",
                SqliteConnectionFactoryProvider.TRANSACTION_MODE, "DEFERRED",
                ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, Duration.ofMillis(50));
        Connection first = open(options);
        Connection second = open(options);
        run(first, "CREATE TABLE t (v INTEGER)");
        for (Connection reader : new Connection[] {first, second}) {
            await(reader.beginTransaction());
            assertThat(values(reader, "SELECT count(*) FROM t")).containsExactly(0);
        }
        await(insert(first, 1));
        StepVerifier.create(insert(second, 2))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcRollbackException.class)
                        .hasMessageContaining("began by reading"))
                .verify(PATIENCE);
        StepVerifier.create(first.commitTransaction())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("PT0.05S"))
                .verify(PATIENCE);
        assertThat(first.isAutoCommit()).isFalse();
        await(second.rollbackTransaction());
        await(first.commitTransaction());
        assertThat(values(second, "SELECT v FROM t")).containsExactly(1);
        await(first.close());
        await(second.close());
    }

    /** SQLite does not wait for a lock of the shared cache, however long it is told to. */
    @Test
    void aTableThatIsLockedInASharedCacheIsATransientErrorAtOnce() {
        Map<io.r2dbc.spi.Option<?>, ?> options = Map.of(
                SqliteConnectionFactoryProvider.CACHE,
                "SHARED",
                ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT,
                Duration.ofMinutes(5));
        Connection writer = open(options);
        Connection reader = open(options);
        run(writer, "CREATE TABLE t (v INTEGER)");
        await(writer.beginTransaction());
        await(insert(writer, 1));
        StepVerifier.create(column(reader, "SELECT v FROM t"))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcTransientResourceException.class);
                    assertThat(((R2dbcException) error).getErrorCode()).isEqualTo(262);
                })
                .verify(PATIENCE);
        await(writer.commitTransaction());
        assertThat(values(reader, "SELECT v FROM t")).containsExactly(1);
        await(writer.close());
        await(reader.close());
    }

    /** A schema is somebody else's code: what it calls must be harmless. */
    @Test
    void aSchemaIsNotTrusted() {
        Connection connection = open(Map.of());
        assertThat(values(connection, "PRAGMA trusted_schema")).containsExactly(0);
        await(connection.close());
    }
}
