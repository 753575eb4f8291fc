package dev.switchboard.core;

import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Statement;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A table of points in time, in the type that each product has for them. */
final class PointTable {

    private final ConnectionFactory factory;
    private final Product product;

    PointTable(ConnectionFactory factory, Product product) {
        this.factory = factory;
        this.product = product;
    }

    void create() {
        String type = switch (product) {
            case POSTGRESQL -> "timestamptz";
            case MYSQL, MARIADB -> "timestamp(6) NULL";
            case SQLITE -> "text";
            case H2 -> "timestamp(6) with time zone";
        };
        run(connection -> connection.createStatement("CREATE TABLE point (at " + type + ")"));
    }

    void empty() {
        run(connection -> connection.createStatement("DELETE FROM point"));
    }

    void insert(Instant instant) {
        String marker = product == Product.POSTGRESQL || product == Product.H2 ? "$1" : "?";
        run(connection -> connection
                .createStatement("INSERT INTO point (at) VALUES (" + marker + ")")
                .bind(0, instant));
    }

    List<Instant> read() {
        return Flux.usingWhen(
                        factory.create(),
                        connection -> Flux.from(connection
                                        .createStatement("SELECT at FROM point ORDER BY at")
                                        .execute())
                                .concatMap(result -> result.map((row, metadata) -> row.get("at", Instant.class))),
                        Connection::close)
                .collectList()
                .blockOptional(Borrowing.PATIENCE)
                .orElseThrow();
    }

    private void run(Function<Connection, Statement> statement) {
        Flux.usingWhen(
                        factory.create(),
                        connection -> Flux.from(statement.apply(connection).execute())
                                .flatMap(result -> Mono.from(result.getRowsUpdated())),
                        Connection::close)
                .blockLast(Borrowing.PATIENCE);
    }
}
