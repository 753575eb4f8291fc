package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Flyway over JDBC on a worker, beside the registry: migrate, then register. The recipe of the guide, where it runs. */
@Tag("once")
class MigrationTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path scripts;

    private static String jdbcUrl(Database database) {
        return switch (database.product()) {
            case POSTGRESQL -> "jdbc:postgresql://" + database.host() + ":" + database.port() + "/" + database.name();
            case MARIADB -> "jdbc:mariadb://" + database.host() + ":" + database.port() + "/" + database.name();
            default -> "jdbc:sqlite:" + database.options().getRequiredValue(ConnectionFactoryOptions.DATABASE);
        };
    }

    private Mono<Integer> migrated(Database database) {
        ConnectionFactoryOptions options = database.options();
        Object password = options.getValue(ConnectionFactoryOptions.PASSWORD);
        return Mono.fromCallable(() -> Flyway.configure()
                        .dataSource(
                                jdbcUrl(database),
                                Objects.toString(options.getValue(ConnectionFactoryOptions.USER), null),
                                Objects.toString(password, null))
                        .locations("filesystem:" + scripts)
                        .load()
                        .migrate()
                        .migrationsExecuted)
                .subscribeOn(Schedulers.boundedElastic());
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MARIADB", "SQLITE"})
    void aDatabaseIsMigratedBeforeItIsRegistered(Product product) throws IOException {
        Files.writeString(
                scripts.resolve("V1__customer.sql"),
                "CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(40))");
        Files.writeString(scripts.resolve("V2__first.sql"), "INSERT INTO customer VALUES (1, 'first')");
        try (Database fresh = Databases.create(product);
                Fleet fleet = Fleet.of(product, "a")) {
            Mono<Integer> added = migrated(fresh)
                    .doOnSuccess(done -> fleet.registry().register(ConnectionDefinition.of("fresh", fresh.url())));
            assertThat(added.block(PATIENCE)).isEqualTo(2);
            assertThat(fleet.db()
                            .sql("SELECT name FROM customer")
                            .map(String.class)
                            .one()
                            .contextWrite(usingConnection("fresh"))
                            .block(PATIENCE))
                    .isEqualTo("first");

            Files.writeString(scripts.resolve("V3__second.sql"), "INSERT INTO customer VALUES (2, 'second')");
            assertThat(migrated(fresh).block(PATIENCE)).isEqualTo(1);
            assertThat(fleet.db()
                            .sql("SELECT count(*) FROM customer")
                            .map(Integer.class)
                            .one()
                            .contextWrite(usingConnection("fresh"))
                            .block(PATIENCE))
                    .isEqualTo(2);
            fleet.registry().unregister("fresh").block(PATIENCE);
        }
    }
}
