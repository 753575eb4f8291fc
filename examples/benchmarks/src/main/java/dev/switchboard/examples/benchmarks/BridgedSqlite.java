package dev.switchboard.examples.benchmarks;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One connection of the bridge and the same work on it, as a program of R2DBC would write it. */
final class BridgedSqlite implements AutoCloseable {
    private final Connection connection;

    BridgedSqlite(Path file) {
        connection = open(file);
    }

    static Connection open(Path file) {
        String url = "r2dbc:sqlite:///" + file.toUri().getRawPath() + "?lockWaitTimeout=PT60S";
        return Objects.requireNonNull(
                Mono.from(ConnectionFactories.get(url).create()).block());
    }

    Mono<Long> selectByKey(int times, int rows, long seed) {
        return Mono.defer(() -> {
            Random random = new Random(seed);
            return Flux.range(0, times)
                    .concatMap(ignored -> byKey(connection, 1 + random.nextInt(rows)), 0)
                    .reduce(0L, Long::sum);
        });
    }

    static Mono<Long> byKey(Connection connection, int key) {
        return Mono.from(connection
                        .createStatement(SqliteWork.BY_KEY)
                        .bind(0, key)
                        .execute())
                .flatMap(result -> Mono.from(result.map(BridgedSqlite::sum)));
    }

    Mono<Long> readAll() {
        return Flux.from(connection.createStatement(SqliteWork.ALL).execute())
                .concatMap(result -> result.map(BridgedSqlite::sum))
                .reduce(0L, Long::sum);
    }

    @SuppressWarnings("NullAway") // The columns are NOT NULL.
    private static long sum(Readable row) {
        return row.get(0, Long.class) + row.get(1, String.class).length() + row.get(2, Integer.class);
    }

    Mono<Long> insert(int rows) {
        Mono<Long> empty = Mono.from(
                        connection.createStatement("DELETE FROM fresh").execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated()));
        Mono<Long> write = Flux.defer(() -> inserts(rows).execute())
                .concatMap(Result::getRowsUpdated)
                .reduce(0L, Long::sum);
        return empty.then(Mono.from(connection.beginTransaction()))
                .then(write)
                .flatMap(written -> Mono.from(connection.commitTransaction()).thenReturn(written));
    }

    private Statement inserts(int rows) {
        Statement statement = connection.createStatement(SqliteWork.INSERT);
        for (int id = 1; id <= rows; id++) {
            if (id > 1) {
                statement.add();
            }
            statement.bind(0, id).bind(1, "customer").bind(2, 33);
        }
        return statement;
    }

    @Override
    public void close() {
        Mono.from(connection.close()).block();
    }
}
