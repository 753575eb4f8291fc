package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingOptions;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.OverrideRefusedException;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One chain uses another server, schema or log-in, and what answers is asked who it is. */
@Tag("once")
class OverrideServersTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static void say(Database database, String schema, String name) {
        try (Fleet setUp = new Fleet()) {
            setUp.registry().register(ConnectionDefinition.of("x", database.url()));
            setUp.execute("x", "CREATE TABLE " + schema + "who (name VARCHAR(40) NOT NULL)");
            setUp.execute("x", "INSERT INTO " + schema + "who (name) VALUES ('" + name + "')");
        }
    }

    private static String answer(Mono<String> who) {
        return who.contextWrite(usingConnection("a")).blockOptional(PATIENCE).orElseThrow();
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aChainUsesAnotherServerThatTheDefinitionAllows(Product product) {
        try (DatabaseServer second = Databases.startServer(product);
                Database there = second.createDatabase();
                Fleet fleet = Fleet.of(product, "a")) {
            say(there, "", "the second server");
            String address = second.host() + ":" + second.port();
            RoutingHint elsewhere = usingOptions(
                    options -> options.host(second.host()).port(second.port()).database(there.name()));
            Mono<String> away = fleet.who().contextWrite(elsewhere);
            StepVerifier.create(away.contextWrite(usingConnection("a")))
                    .expectError(OverrideRefusedException.class)
                    .verify(PATIENCE);

            ConnectionDefinition own =
                    ConnectionDefinition.of("a", fleet.databaseOf("a").url());
            fleet.registry()
                    .replace(own.withOverrides(allowed -> allowed.hosts(address)))
                    .block(PATIENCE);
            assertThat(answer(away)).isEqualTo("the second server");
            assertThat(answer(fleet.who())).isEqualTo("a");
            assertThat(answer(fleet.db().inTransaction(fleet.who()).contextWrite(elsewhere)))
                    .isEqualTo("the second server");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB", "H2"})
    void aChainUsesAnotherSchema(Product product) {
        try (Fleet fleet = Fleet.of(product, "a");
                Database other = Databases.create(product)) {
            // MySQL and MariaDB call a database a schema.
            boolean isDatabase = product == Product.MYSQL || product == Product.MARIADB;
            if (isDatabase) {
                say(other, "", "the schema");
            } else {
                fleet.execute("a", "CREATE SCHEMA eu");
                say(fleet.databaseOf("a"), "eu.", "the schema");
            }
            String schema = isDatabase ? other.name() : product == Product.H2 ? "EU" : "eu";
            assertThat(answer(fleet.who().contextWrite(usingOptions(options -> options.schema(schema)))))
                    .isEqualTo("the schema");
            assertThat(answer(fleet.who())).isEqualTo("a");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aChainLogsInAsSomebodyElseWhereTheDefinitionAllowsIt(Product product) {
        DatabaseServer server = Databases.server(product);
        boolean isPostgresql = product == Product.POSTGRESQL;
        server.execute(
                switch (product) {
                    case POSTGRESQL -> "CREATE ROLE stranger LOGIN PASSWORD 'hush-stranger'";
                    case MYSQL -> "CREATE USER stranger IDENTIFIED WITH mysql_native_password BY 'hush-stranger'";
                    default -> "CREATE USER stranger IDENTIFIED BY 'hush-stranger'";
                });
        try (Fleet fleet = Fleet.of(product, "a")) {
            Database own = fleet.databaseOf("a");
            if (!isPostgresql) {
                server.execute("GRANT SELECT ON " + own.name() + ".* TO stranger");
            }
            fleet.registry()
                    .replace(
                            ConnectionDefinition.of("a", own.url()).withOverrides(allowed -> allowed.credentials(true)))
                    .block(PATIENCE);
            Mono<String> user =
                    fleet.db().sql("SELECT current_user").map(String.class).one();
            assertThat(answer(user.contextWrite(
                            usingOptions(options -> options.credentials("stranger", "hush-stranger")))))
                    .startsWith("stranger");
            assertThat(answer(user)).startsWith(server.user());
        } finally {
            server.execute(isPostgresql ? "DROP ROLE stranger" : "DROP USER stranger");
        }
    }
}
