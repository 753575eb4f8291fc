package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The servers themselves say what they were told. */
@Tag("once")
class SettingsTests {

    private static final String SEVERAL_SCRIPTS = "\u00fc \u6f22 \ud83d\ude00";

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
    }

    private void register(Database database, UnaryOperator<ConnectionSettings.Builder> change) {
        registry.register(Borrowing.alike(ConnectionDefinition.of("orders", database.url()))
                .withSettings(change)
                .withPool(Borrowing::quick));
    }

    private Object asked(String sql) {
        return Borrowing.query(registry, "orders", sql)
                .blockOptional(Borrowing.PATIENCE)
                .orElseThrow();
    }

    @Test
    void postgresqlShowsTheApplicationName() {
        try (Database database = Databases.create(Product.POSTGRESQL)) {
            register(database, s -> s.applicationName("billing"));
            assertThat(asked("SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"))
                    .isEqualTo("billing");
        }
    }

    @Test
    void mariaDbShowsTheApplicationName() {
        try (DatabaseServer server = Databases.startServer(Product.MARIADB, "performance-schema=ON");
                Database database = server.createDatabase()) {
            register(database, s -> s.applicationName("billing (eu-1/b_2.0)"));
            assertThat(asked("SELECT ATTR_VALUE FROM performance_schema.session_connect_attrs"
                            + " WHERE PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME = 'program_name'"))
                    .isEqualTo("billing (eu-1/b_2.0)");
        }
    }

    @ParameterizedTest
    @EnumSource
    void textInUtf8ArrivesWhole(Product product) {
        try (Database database = Databases.create(product)) {
            register(database, s -> s.charset(StandardCharsets.UTF_8));
            assertThat(asked("SELECT '" + SEVERAL_SCRIPTS + "'")).isEqualTo(SEVERAL_SCRIPTS);
            switch (product) {
                case POSTGRESQL -> assertThat(asked("SHOW client_encoding")).isEqualTo("UTF8");
                case MYSQL, MARIADB ->
                    assertThat(asked("SELECT @@character_set_client")).isEqualTo("utf8mb4");
                case SQLITE, H2 -> assertThat(database.product().isServer()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            POSTGRESQL | +09:00     | SELECT to_char(timestamptz '2026-01-01 00:00Z', 'HH24')
            POSTGRESQL | Asia/Tokyo | SELECT to_char(timestamptz '2026-01-01 00:00Z', 'HH24')
            MYSQL      | +09:00     | SELECT cast(hour(from_unixtime(1767225600)) AS char)
            H2         | +09:00     | SELECT hour(cast(timestamp with time zone '2026-01-01 00:00:00Z' AS timestamp))
            H2         | Asia/Tokyo | SELECT hour(cast(timestamp with time zone '2026-01-01 00:00:00Z' AS timestamp))
            """)
    void theSessionIsInItsTimeZone(Product product, String zone, String hourOfMidnight) {
        try (Database database = Databases.create(product)) {
            register(database, s -> s.timeZone(ZoneId.of(zone)));
            assertThat(String.valueOf(asked(hourOfMidnight)).replaceFirst("^0", ""))
                    .isEqualTo("9");
        }
    }

    @ParameterizedTest
    @CsvSource({"POSTGRESQL, +09:00", "POSTGRESQL, Europe/Berlin", "MYSQL, +09:00", "H2, Europe/Berlin"})
    void pointsInTimeDoNotDependOnTheZoneOfTheSession(Product product, String zone) {
        Instant twiceInBerlin = Instant.parse("2026-10-25T01:30:00Z");
        try (Database database = Databases.create(product)) {
            register(database, s -> s.timeZone(ZoneId.of(zone)));
            PointTable table = new PointTable(registry.connectionFactory("orders"), product);
            table.create();
            table.insert(twiceInBerlin);
            assertThat(table.read()).containsExactly(twiceInBerlin);
            registry.replace(ConnectionDefinition.of("orders", database.url())).block(Borrowing.PATIENCE);
            assertThat(table.read()).containsExactly(twiceInBerlin);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POSTGRESQL, SELECT pg_sleep(30)",
        "MYSQL, 'SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c'",
        "MARIADB, 'SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c'",
        "SQLITE, 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n'",
        "H2, 'SELECT count(*) FROM system_range(1, 100000000) a, system_range(1, 100000000) b'"
    })
    void aStatementEndsWithItsTimeout(Product product, String endless) {
        try (Database database = Databases.create(product)) {
            register(database, s -> s.statementTimeout(Duration.ofMillis(300)));
            StepVerifier.create(Borrowing.query(registry, "orders", endless))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOfSatisfying(
                                    StatementTimeoutException.class,
                                    late -> assertThat(late.limit()).isEqualTo(Duration.ofMillis(300))))
                    .verify(Borrowing.PATIENCE);
            assertThat(String.valueOf(asked("SELECT 1"))).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWaitForALockEndsWithItsTimeout(Product product) {
        try (Database database = Databases.create(product)) {
            register(database, s -> s.lockTimeout(Duration.ofSeconds(1)));
            Connection holder = Borrowing.borrowed(registry, "orders");
            Connection waiter = Borrowing.borrowed(registry, "orders");
            Sql.run(holder, "CREATE TABLE locked (id INT PRIMARY KEY, n INT)", "INSERT INTO locked VALUES (1, 0)")
                    .block(Borrowing.PATIENCE);
            String update = "UPDATE locked SET n = n + 1 WHERE id = 1";
            Mono.from(holder.beginTransaction())
                    .then(Sql.update(holder, update))
                    .block(Borrowing.PATIENCE);
            StepVerifier.create(Sql.update(waiter, update))
                    .expectError(R2dbcException.class)
                    .verify(Borrowing.PATIENCE);
            Mono.from(holder.rollbackTransaction()).block(Borrowing.PATIENCE);
            assertThat(Sql.update(waiter, update).block(Borrowing.PATIENCE)).isEqualTo(1);
            Borrowing.close(holder);
            Borrowing.close(waiter);
        }
    }
}
