package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What would be without effect is refused, and said in full. */
class RefusedFeaturesTests {

    private static final ConnectionDefinition ORDERS = ConnectionDefinition.of("orders", "r2dbc:oracle://db/x");

    @ParameterizedTest
    @CsvSource({"mssql, mssql", "oracle, oracle", "sqlite, SQLite"})
    void aSchemaByNameWhereNoSessionCanBePutIntoOne(String driver, String product) {
        DriverSheet sheet = DriverSheet.of(driver);
        ConnectionDefinition definition = ORDERS.withSchema("eu");
        assertThatThrownBy(() -> Preparation.of(definition, sheet, false))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage(
                        "Connection 'orders': " + product + " does not support a schema by name and would ignore it."
                                + " Use one database or file per schema, each under a connection name of its own.");
    }

    @Test
    void aPreparationKeyThatNobodyPreparesFor() {
        Preparation none = Preparation.of(ORDERS, DriverSheet.of("oracle"), false);
        assertThatThrownBy(() -> none.refuse(new Route("orders", false, "tenant7")))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage(
                        "Connection 'orders': oracle does not support a route with a preparation key on a connection without"
                                + " session preparation and would ignore it. Give the definition a schema or a session preparation.");
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aSchemaOfAnOverrideOnARouteThatIsPreparedAlready(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("orders", database.url()));
            ConnectionOverride schema = ConnectionOverrideTests.override(options -> options.schema("eu"));
            Route route = new Route("orders", false, "tenant7", schema);
            StepVerifier.create(Flux.usingWhen(
                            Mono.fromSupplier(() -> registry.connect(new Siblings.Fixed(route))),
                            connection -> Borrowing.one(connection, "SELECT 1"),
                            Connection::close))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(OverrideRefusedException.class)
                            .hasMessage(
                                    "Connection 'orders' cannot be used with the override [schema=eu]: its route has prepared"
                                            + " a session for somebody already, and a schema would be without effect. Allowed: a schema"
                                            + " on a route that has none. Leave the schema to the router."))
                    .verify(Borrowing.PATIENCE);
            Borrowing.close(registry);
        }
    }
}
