package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The products that are not SQLite: the same connection, statements and rows over the seam. */
class BridgedProductTests {
    private static final AtomicInteger COUNT = new AtomicInteger();

    @TempDir
    Path directory;

    enum Product {
        H2_OVER_THE_GENERIC_PRODUCT,
        DUCKDB_IN_MEMORY,
        DUCKDB_FILE;

        TestDatabase in(Path directory) {
            String name = "bridged" + COUNT.incrementAndGet();
            return TestDatabase.url(
                    switch (this) {
                        case H2_OVER_THE_GENERIC_PRODUCT -> "r2dbc:jdbc:h2:mem:///" + name + ";DB_CLOSE_DELAY=-1";
                        case DUCKDB_IN_MEMORY -> "r2dbc:duckdb:mem:///" + name;
                        case DUCKDB_FILE -> "r2dbc:duckdb:///" + directory.resolve(name + ".duckdb");
                    });
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void rowsAreWrittenReadAndRolledBack(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection first = database.open();
            Connection second = database.open();
            run(first, "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(100))");
            Flux<Long> inserted = Flux.from(first.createStatement("INSERT INTO t VALUES (:id, :name)")
                            .bind("id", 1)
                            .bind("name", "Ada; :id")
                            .add()
                            .bind("id", 2)
                            .bindNull("name", String.class)
                            .execute())
                    .concatMap(Result::getRowsUpdated);
            StepVerifier.create(inserted).expectNext(1L, 1L).verifyComplete();
            await(first.beginTransaction());
            run(first, "INSERT INTO t VALUES (3, 'gone')");
            assertThat(first.isAutoCommit()).isFalse();
            assertThat(values(second, "SELECT count(*) FROM t")).containsExactly(2L);
            await(first.rollbackTransaction());
            await(first.beginTransaction());
            run(first, "INSERT INTO t VALUES (4, 'kept')");
            await(first.commitTransaction());
            assertThat(values(second, "SELECT name FROM t WHERE name <> ':x' ORDER BY id"))
                    .containsExactly("Ada; :id", "kept");
            assertThat(values(second, "WITH a AS (SELECT id FROM t) SELECT max(id) FROM a"))
                    .containsExactly(4);
            await(first.close());
            await(second.close());
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void valuesComeBackAsTodaysTypes(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            run(
                    connection,
                    "CREATE TABLE t (i BIGINT, d DECIMAL(30, 10), s VARCHAR, b BLOB, da DATE, ts TIMESTAMP,"
                            + " tz TIMESTAMP WITH TIME ZONE, u UUID, o BOOLEAN)");
            LocalDateTime time = LocalDateTime.of(2024, 1, 2, 3, 4, 5, 123_456_000);
            OffsetDateTime moment = time.atOffset(ZoneOffset.UTC);
            UUID id = UUID.fromString("12345678-1234-1234-1234-123456789abc");
            List<Object> stored = List.of(
                    Long.MAX_VALUE,
                    new BigDecimal("12345678901234567890.0123456789"),
                    "ü",
                    new byte[] {0, -1},
                    LocalDate.of(2024, 2, 29),
                    time,
                    moment,
                    id,
                    true);
            var insert = connection.createStatement("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
            for (int i = 0; i < stored.size(); i++) {
                insert.bind(i, stored.get(i));
            }
            Flux.from(insert.execute()).concatMap(Result::getRowsUpdated).blockLast(PATIENCE);
            Flux.from(connection.createStatement("SELECT * FROM t").execute())
                    .concatMap(result -> result.map((row, metadata) -> {
                        for (int i = 0; i < stored.size(); i++) {
                            assertThat(row.get(i, stored.get(i).getClass())).isEqualTo(stored.get(i));
                        }
                        assertThat(row.get("B")).isEqualTo(ByteBuffer.wrap(new byte[] {0, -1}));
                        assertThat(row.get("TS")).isEqualTo(time);
                        assertThat(metadata.getColumnMetadata("d").getScale()).isEqualTo(10);
                        assertThatThrownBy(() -> row.get("i", Integer.class))
                                .isInstanceOf(IllegalArgumentException.class);
                        return row;
                    }))
                    .blockLast(PATIENCE);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void errorsAreToldApart(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)");
            fails(connection, "INSERT INTO t VALUES (1)", R2dbcDataIntegrityViolationException.class);
            fails(connection, "SELEC", R2dbcBadGrammarException.class);
            fails(connection, "SELECT * FROM missing", R2dbcBadGrammarException.class);
            assertThat(values(connection, "SELECT id FROM t")).containsExactly(1);
            await(connection.close());
            StepVerifier.create(connection.createStatement("SELECT 1").execute())
                    .expectError(R2dbcNonTransientResourceException.class)
                    .verify(PATIENCE);
        }
    }

    private static void fails(Connection connection, String sql, Class<? extends R2dbcException> type) {
        StepVerifier.create(Flux.from(connection.createStatement(sql).execute()).concatMap(Result::getRowsUpdated))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(type);
                    assertThat(((R2dbcException) error).getSql()).isEqualTo(sql);
                })
                .verify(PATIENCE);
    }

    private static String endless(Product product) {
        return product == Product.H2_OVER_THE_GENERIC_PRODUCT
                ? "SELECT count(*) FROM system_range(1, 1000000000) a, system_range(1, 1000000) b WHERE a.x + b.x = -1"
                : "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range + b.range = -1";
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aStatementThatWorksTooLongIsStoppedAndTheConnectionIsUsable(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            await(connection.setStatementTimeout(Duration.ofMillis(100)));
            StepVerifier.create(column(connection, endless(product)))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcTimeoutException.class)
                            .hasMessageContaining("PT0.1S"))
                    .verify(PATIENCE);
            await(connection.setStatementTimeout(Duration.ZERO));
            assertThat(values(connection, "SELECT 7")).containsExactly(7);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aCancelStopsAStatementAndTheConnectionIsUsable(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            StepVerifier.create(column(connection, endless(product)))
                    .expectSubscription()
                    .expectNoEvent(Duration.ofMillis(100))
                    .thenCancel()
                    .verify(PATIENCE);
            assertThat(values(connection, "SELECT 8")).containsExactly(8);
            await(connection.close());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Product.class, names = "DUCKDB.*", mode = EnumSource.Mode.MATCH_ANY)
    void duckDbReturnsGeneratedValues(Product product) {
        try (TestDatabase database = product.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE SEQUENCE s", "CREATE TABLE t (id INTEGER DEFAULT nextval('s'), v INTEGER)");
            Flux<Object> ids = column(connection
                    .createStatement("INSERT INTO t (v) VALUES (10), (20)")
                    .returnGeneratedValues("id"));
            StepVerifier.create(ids).expectNext(1, 2).verifyComplete();
            await(connection.close());
        }
    }

    @Test
    void h2KeepsItsSavepointsAndIsolationLevels() {
        try (TestDatabase database = Product.H2_OVER_THE_GENERIC_PRODUCT.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            await(connection.setTransactionIsolationLevel(IsolationLevel.SERIALIZABLE));
            await(connection.beginTransaction());
            run(connection, "INSERT INTO t VALUES (1)");
            await(connection.createSavepoint("s"));
            run(connection, "INSERT INTO t VALUES (2)");
            await(connection.rollbackTransactionToSavepoint("s"));
            StepVerifier.create(connection.releaseSavepoint("other"))
                    .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("no savepoint 'other'"))
                    .verify(PATIENCE);
            await(connection.commitTransaction());
            assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
            assertThatThrownBy(() -> connection
                            .createStatement("INSERT INTO t VALUES (9)")
                            .returnGeneratedValues("v")
                            .execute())
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("RETURNING");
            await(connection.close());
        }
    }

    @Test
    void addressesAreMadeOfTheParts() {
        assertThat(target("r2dbc:jdbc:db2://host:50000/orders")).isEqualTo("jdbc:db2://host:50000/orders");
        assertThat(target("r2dbc:jdbc:h2:mem:///orders")).isEqualTo("jdbc:h2:..");
        assertThat(target("r2dbc:jdbc:///?jdbcUrl=jdbc:x://u:hunter2@h/d?password=hunter2"))
                .isEqualTo("jdbc:x://h/d");
        assertThat(target("r2dbc:duckdb:////var/a.duckdb")).isEqualTo("jdbc:duckdb:/var/a.duckdb");
        for (String bad : List.of(
                "r2dbc:jdbc:///",
                "r2dbc:duckdb:///",
                "r2dbc:duckdb://a/b",
                "r2dbc:duckdb:mem:///a-b",
                "r2dbc:duckdb:///a;b")) {
            assertThatThrownBy(() -> ConnectionFactories.get(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            bad.startsWith("r2dbc:jdbc")
                                    ? "jdbcUrl"
                                    : bad.contains(";") ? "semicolon" : "r2dbc:duckdb:mem:///");
        }
    }

    private static String target(String url) {
        return ((BridgeConnectionFactory) ConnectionFactories.get(url))
                .product()
                .target();
    }
}
