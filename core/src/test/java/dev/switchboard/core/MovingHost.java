package dev.switchboard.core;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Option;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Places of one server that answer {@code SELECT tag FROM me} with their number, and whose connections may go from one to the
 * other: databases, on PostgreSQL schemas of one. The columns of every second place have another type.
 */
final class MovingHost implements AutoCloseable {

    private final Product product;
    private final List<Database> databases = new ArrayList<>();
    private final int places;

    MovingHost(Product product, int places) {
        this.product = product;
        this.places = places;
        int wanted = product == Product.POSTGRESQL ? 1 : places;
        IntStream.range(0, wanted).forEach(i -> databases.add(Databases.create(product)));
        IntStream.range(0, places).forEach(this::fill);
    }

    private void fill(int place) {
        String type = place % 2 == 0 ? "INT" : "BIGINT";
        if (product == Product.POSTGRESQL) {
            run(
                    0,
                    "CREATE SCHEMA place" + place,
                    "CREATE TABLE place" + place + ".me (tag " + type + ")",
                    "INSERT INTO place" + place + ".me VALUES (" + place + ")");
        } else {
            run(place, "CREATE TABLE me (tag " + type + ")", "INSERT INTO me VALUES (" + place + ")");
        }
    }

    /** On a connection of the test's own, in a database. */
    void run(int database, String... statements) {
        Mono.usingWhen(
                        ConnectionFactories.get(databases.get(database).url()).create(),
                        connection -> Flux.fromArray(statements)
                                .concatMap(sql -> Borrowing.update(connection, sql))
                                .then(),
                        Connection::close)
                .subscribeOn(Schedulers.boundedElastic())
                .block(Borrowing.PATIENCE);
    }

    Product product() {
        return product;
    }

    int places() {
        return places;
    }

    String address() {
        return databases.get(0).host() + ":" + databases.get(0).port();
    }

    String host() {
        return databases.get(0).host();
    }

    int port() {
        return databases.get(0).port();
    }

    ConnectionBudget.Builder budget() {
        return ConnectionBudget.builder().moving(address());
    }

    ReactiveConnectionRegistry registry(ConnectionBudget.Builder budget) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().budget(budget.build()).build());
        IntStream.range(0, places).forEach(place -> registry.register(definition(place)));
        return registry;
    }

    ConnectionDefinition definition(int place) {
        return product == Product.POSTGRESQL
                ? ConnectionDefinition.of("place" + place, databases.get(0).url())
                        .withSchema("place" + place)
                : ConnectionDefinition.of("place" + place, databases.get(place).url());
    }

    /** One query of a place, through its name. */
    static Mono<Integer> tag(ReactiveConnectionRegistry registry, int place) {
        return Borrowing.query(registry, "place" + place, "SELECT tag FROM me").map(tag -> ((Number) tag).intValue());
    }

    /** The same with statements that the driver prepares on the server wherever it can. */
    ConnectionDefinition preparing(int place) {
        ConnectionDefinition definition = definition(place);
        return switch (product) {
            case MYSQL -> definition.withOption(Option.valueOf("useServerPrepareStatement"), true);
            case MARIADB -> definition.withOption(Option.valueOf("useServerPrepStmts"), true);
            default -> definition;
        };
    }

    /** What a place needs is gone from now on. */
    void drop(int place) {
        if (product == Product.POSTGRESQL) {
            run(0, "DROP SCHEMA place" + place + " CASCADE");
        } else {
            databases.get(place).close();
        }
    }

    /** How many sessions its server has in any of the places. */
    int sessions() {
        return databases.stream()
                .mapToInt(database -> Sessions.in(database).size())
                .sum();
    }

    @Override
    public void close() {
        databases.forEach(Sessions::awaitNone);
        databases.forEach(Database::close);
    }
}
