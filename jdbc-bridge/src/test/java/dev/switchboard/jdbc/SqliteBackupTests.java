package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class SqliteBackupTests {
    private static final String GROW =
            "WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n LIMIT 20000) INSERT INTO bulk SELECT v,"
                    + " zeroblob(400) FROM n";

    @TempDir
    Path directory;

    private TestDatabase database;
    private Connection connection;
    private Path target;

    @BeforeEach
    void open() {
        database = TestDatabase.in(directory);
        connection = database.open();
        target = directory.resolve("copy.db");
        run(connection, "CREATE TABLE bulk (v, w)", "CREATE TABLE pair (v INTEGER)", GROW);
    }

    @AfterEach
    void close() {
        await(connection.close());
        assertThat(directory.resolve("copy.db.part")).doesNotExist();
    }

    static Stream<Named<BiFunction<Connection, Path, Flux<BackupProgress>>>> ways() {
        return Stream.of(Named.of("copy", SqliteBackup::copy), Named.of("vacuumInto", SqliteBackup::vacuumInto));
    }

    private List<Object> inCopy(String sql) {
        Connection copy = TestDatabase.at(target, Map.of()).open();
        try {
            return values(copy, sql);
        } finally {
            await(copy.close());
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aCopyShowsOneMomentWhileOthersWrite(BiFunction<Connection, Path, Flux<BackupProgress>> way) {
        Connection writer = database.open();
        AtomicBoolean stop = new AtomicBoolean();
        Mono<Long> load = Mono.from(writer.beginTransaction())
                .thenMany(writer.createStatement("INSERT INTO pair VALUES (1); INSERT INTO pair VALUES (-1)")
                        .execute())
                .concatMap(Result::getRowsUpdated)
                .then(Mono.from(writer.commitTransaction()))
                .thenReturn(1L)
                .repeat(() -> !stop.get())
                .count();
        Mono<List<BackupProgress>> reports =
                way.apply(connection, target).collectList().doFinally(signal -> stop.set(true));
        StepVerifier.create(Mono.zip(load, reports))
                .assertNext(both -> {
                    assertThat(both.getT1()).isPositive();
                    assertThat(both.getT2())
                            .extracting(BackupProgress::remainingPages)
                            .endsWith(0L);
                    assertThat(both.getT2())
                            .hasSizeGreaterThan(1)
                            .isSortedAccordingTo((a, b) -> Long.compare(b.remainingPages(), a.remainingPages()));
                })
                .expectComplete()
                .verify(PATIENCE);
        assertThat(inCopy("PRAGMA integrity_check")).containsExactly("ok");
        assertThat(inCopy("SELECT count(*) FROM bulk")).containsExactly(20_000);
        assertThat(inCopy("SELECT coalesce(sum(v), 0) FROM pair")).containsExactly(0);
        run(connection, "INSERT INTO pair VALUES (7)");
        await(writer.close());
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aCopyReplacesNothingAndNeedsItsDirectory(BiFunction<Connection, Path, Flux<BackupProgress>> way)
            throws IOException {
        Files.writeString(target, "something");
        fails(way.apply(connection, target), target + " exists already");
        fails(way.apply(connection, directory.resolve("none/a.db")), "none does not exist", "create it");
        assertThat(target).hasContent("something");
        await(connection.beginTransaction());
        fails(way.apply(connection, directory.resolve("b.db")), "in a transaction");
        await(connection.rollbackTransaction());
    }

    private static void fails(Flux<BackupProgress> copy, String... words) {
        StepVerifier.create(copy)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContainingAll(words))
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aCancelledCopyLeavesNoFileAndTheConnectionUsable(BiFunction<Connection, Path, Flux<BackupProgress>> way) {
        StepVerifier.create(way.apply(connection, target).take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(values(connection, "SELECT count(*) FROM bulk")).containsExactly(20_000);
        assertThat(target).doesNotExist();
        run(connection, "INSERT INTO pair VALUES (7)");
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aCopyWhoseConnectionIsClosedMeanwhileIsAnError(BiFunction<Connection, Path, Flux<BackupProgress>> way) {
        AtomicBoolean first = new AtomicBoolean(true);
        Flux<BackupProgress> copy = way.apply(connection, target).doOnNext(progress -> {
            if (first.getAndSet(false)) {
                Mono.from(connection.close()).subscribe();
            }
        });
        StepVerifier.create(copy.then())
                .expectErrorSatisfies(error -> assertThat(error).isInstanceOf(R2dbcNonTransientResourceException.class))
                .verify(PATIENCE);
        assertThat(target).doesNotExist();
    }

    @Test
    void nothingIsCopiedBeforeSubscription() {
        Flux<BackupProgress> copy = SqliteBackup.copy(connection, target);
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
        assertThat(target).doesNotExist();
        await(copy);
        assertThat(target).exists();
    }

    @Test
    void aConnectionOfAPoolCanBeCopiedAndAForeignOneIsRefused() {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(database.factory())
                .maxSize(1)
                .initialSize(0)
                .build());
        await(Flux.usingWhen(pool.create(), pooled -> SqliteBackup.copy(pooled, target), Connection::close));
        assertThat(inCopy("SELECT count(*) FROM bulk")).containsExactly(20_000);
        pool.disposeLater().block(PATIENCE);
        Connection foreign = (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> null);
        assertThatThrownBy(() -> SqliteBackup.copy(foreign, target))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("driver sqlite");
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aCopyOfAFileForItsOwnerIsForItsOwner(BiFunction<Connection, Path, Flux<BackupProgress>> way)
            throws IOException {
        Connection owner = TestDatabase.at(
                        directory.resolve("own.db"), Map.of(SqliteConnectionFactoryProvider.OWNER_ONLY, true))
                .open();
        run(owner, "CREATE TABLE t (v)");
        await(way.apply(owner, target));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isEqualTo("rw-------");
        await(owner.close());
    }
}
