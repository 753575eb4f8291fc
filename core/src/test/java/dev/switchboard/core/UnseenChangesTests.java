package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** What a function changes in its caller's session is seen by nobody: only a reset after every use undoes it. */
@Tag("once")
class UnseenChangesTests {

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
    }

    private void register(Database database, boolean alwaysReset) {
        registry.register(ConnectionDefinition.of("orders", database.url())
                .withPool(pool -> pool.maxSize(1).alwaysReset(alwaysReset)));
    }

    private String answer(String sql) {
        return String.valueOf(Borrowing.query(registry, "orders", sql).block(Borrowing.PATIENCE));
    }

    private UUID session() {
        Connection connection = Borrowing.borrowed(registry, "orders");
        ConnectionInfo info = Objects.requireNonNull(registry.connections().info(connection));
        Borrowing.close(connection);
        return info.id();
    }

    @ParameterizedTest
    @CsvSource({"POSTGRESQL, false", "POSTGRESQL, true", "MARIADB, false", "MARIADB, true"})
    void aFunctionsChangeReachesTheNextBorrowerUnlessEverySessionIsReset(Product product, boolean alwaysReset) {
        boolean postgresql = product == Product.POSTGRESQL;
        try (Database database = Databases.create(product)) {
            register(database, alwaysReset);
            Mono.usingWhen(
                            registry.connectionFactory("orders").create(),
                            connection -> Sql.run(
                                    connection,
                                    postgresql
                                            ? "CREATE FUNCTION sneak() RETURNS int LANGUAGE plpgsql AS"
                                                    + " $$BEGIN PERFORM set_config('my.mark', 'left', false);"
                                                    + " RETURN 1; END$$"
                                            : "CREATE FUNCTION sneak() RETURNS INT DETERMINISTIC"
                                                    + " BEGIN SET @mark = 'left'; RETURN 1; END"),
                            Connection::close)
                    .block(Borrowing.PATIENCE);
            answer("SELECT sneak()");
            String mark = postgresql ? "current_setting('my.mark', true)" : "@mark";
            assertThat(answer("SELECT CASE WHEN " + mark + " = 'left' THEN 1 ELSE 0 END"))
                    .isEqualTo(alwaysReset ? "0" : "1");
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void onlyPostgresqlKeepsItsConnectionsThen(Product product) {
        try (Database database = Databases.create(product)) {
            register(database, true);
            UUID first = session();
            UUID second = session();
            assertThat(first.equals(second)).isEqualTo(product == Product.POSTGRESQL);
        }
    }
}
