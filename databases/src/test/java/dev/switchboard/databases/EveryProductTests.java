package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Every product gives databases of one's own. SQLite has its driver in another module, so here it is only a URL. */
class EveryProductTests {

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "SQLITE")
    void aDatabaseStartsEmptyAndKeepsATable(Product product) {
        try (Database database = Databases.create(product)) {
            run(database, "CREATE TABLE fruit (name VARCHAR(20))", "INSERT INTO fruit VALUES ('äpple 🍏')")
                    .verifyComplete();
            run(database, "SELECT name FROM fruit").expectNext("äpple 🍏").verifyComplete();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "SQLITE")
    void twoDatabasesOfAProductAreSeparate(Product product) {
        try (Database one = Databases.create(product);
                Database other = Databases.create(product)) {
            assertThat(one.name()).isNotEqualTo(other.name());
            run(one, "CREATE TABLE fruit (name VARCHAR(20))").verifyComplete();
            run(other, "SELECT name FROM fruit").verifyError(R2dbcException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "SQLITE")
    void theProductIsCalledAsItsDriverCallsIt(Product product) {
        try (Database database = Databases.create(product)) {
            ConnectionFactory factory = ConnectionFactories.get(database.options());
            Mono<String> name = Mono.usingWhen(
                    factory.create(),
                    connection -> Mono.just(connection.getMetadata().getDatabaseProductName()),
                    Connection::close);
            StepVerifier.create(name)
                    .assertNext(found -> assertThat(found).contains(product.productName()))
                    .verifyComplete();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void closingDropsADatabaseUnderAnOpenTransaction(Product product) {
        Database database = Databases.create(product);
        run(database, "CREATE TABLE fruit (name VARCHAR(20))").verifyComplete();
        Mono<Connection> opened = Mono.from(
                        ConnectionFactories.get(database.url()).create())
                .flatMap(connection -> Mono.from(connection.beginTransaction())
                        .thenMany(connection
                                .createStatement("SELECT name FROM fruit")
                                .execute())
                        .flatMap(result -> result.map((row, metadata) -> ""))
                        .then(Mono.just(connection)));
        assertThat(opened.block()).isNotNull();
        database.close();
        assertThat(Databases.server(product).query(listOfDatabases(product)))
                .isNotEmpty()
                .noneMatch(row -> row.contains(database.name()));
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void theServerChecksThePassword(Product product) {
        try (Database database = Databases.create(product)) {
            ConnectionFactoryOptions wrong = database.options()
                    .mutate()
                    .option(ConnectionFactoryOptions.PASSWORD, "wrong-hush")
                    .build();
            StepVerifier.create(ConnectionFactories.get(wrong).create()).verifyError(R2dbcException.class);
        }
    }

    @Test
    void closingAnH2DatabaseForgetsItsTables() {
        Database database = Databases.create(Product.H2);
        run(database, "CREATE TABLE fruit (name VARCHAR(20))").verifyComplete();
        database.close();
        run(database, "SELECT name FROM fruit").verifyError(R2dbcException.class);
    }

    @Test
    void anSqliteDatabaseIsAFileThatGoesWithIt() throws Exception {
        Path folder;
        try (Database database = Databases.create(Product.SQLITE)) {
            assertThat(database.url()).startsWith("r2dbc:sqlite:////");
            Path file = Path.of(database.url().substring("r2dbc:sqlite:///".length()));
            folder = file.getParent();
            assertThat(file).doesNotExist().isAbsolute();
            assertThat(folder).isDirectory();
            assertThat(database.options().getValue(ConnectionFactoryOptions.DATABASE))
                    .isEqualTo(file.toString());
            Files.writeString(file, "rows");
        }
        assertThat(folder).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource(names = {"SQLITE", "H2"})
    void aDatabaseWithoutServerHasNoHost(Product product) {
        try (Database database = Databases.create(product)) {
            assertThatThrownBy(database::host)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("has no server");
        }
    }

    private static String listOfDatabases(Product product) {
        return product == Product.POSTGRESQL ? "SELECT datname FROM pg_database" : "SHOW DATABASES";
    }

    private static StepVerifier.FirstStep<String> run(Database database, String... statements) {
        return StepVerifier.create(Flux.usingWhen(
                ConnectionFactories.get(database.url()).create(),
                connection -> Flux.fromArray(statements)
                        .concatMap(sql -> connection.createStatement(sql).execute())
                        .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0)))),
                Connection::close));
    }
}
