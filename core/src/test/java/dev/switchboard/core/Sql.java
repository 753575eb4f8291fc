package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The few lines of plain R2DBC that tests of this module share. */
final class Sql {

    private Sql() {}

    static Flux<Object> query(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> row.get(0)));
    }

    static Mono<Long> update(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(Result::getRowsUpdated)
                .reduce(0L, Long::sum);
    }

    static Mono<Void> run(Connection connection, String... statements) {
        return Flux.fromIterable(List.of(statements))
                .concatMap(sql -> update(connection, sql))
                .then();
    }

    /** A table {@code big(id, filler)} with a power of ten of rows, made in the same words on every product. */
    static Mono<Void> bigTable(Connection connection, int powerOfTen) {
        StringBuilder value = new StringBuilder("d0.n");
        StringBuilder from = new StringBuilder("digit d0");
        int factor = 1;
        for (int i = 1; i < powerOfTen; i++) {
            factor *= 10;
            value.append(" + ").append(factor).append(" * d").append(i).append(".n");
            from.append(", digit d").append(i);
        }
        return run(
                connection,
                "CREATE TABLE digit (n INT PRIMARY KEY)",
                "INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
                "CREATE TABLE big (id INT PRIMARY KEY, filler VARCHAR(300))",
                "INSERT INTO big SELECT " + value + ", repeat('x', 200) FROM " + from);
    }
}
