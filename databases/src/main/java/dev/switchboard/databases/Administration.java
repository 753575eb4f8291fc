package dev.switchboard.databases;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Asks a server as its administrator, one short connection for each question, blocking the caller. */
final class Administration {
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final ConnectionUrl url;

    Administration(ConnectionUrl url) {
        this.url = url;
    }

    void execute(String sql) {
        onConnection(connection -> Flux.from(connection.createStatement(sql).execute())
                .concatMap(Result::getRowsUpdated)
                .then(Mono.just(List.of())));
    }

    List<List<String>> query(String sql) {
        return onConnection(connection -> Flux.from(
                        connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) ->
                        texts(row, metadata.getColumnMetadatas().size())))
                .collectList());
    }

    private List<List<String>> onConnection(Function<Connection, Mono<List<List<String>>>> work) {
        Publisher<? extends Connection> connection =
                ConnectionFactories.get(url.options()).create();
        List<List<String>> rows =
                Mono.usingWhen(connection, work, Connection::close).block(LONGEST);
        return rows == null ? List.of() : rows;
    }

    private static List<String> texts(Row row, int columns) {
        List<String> texts = new ArrayList<>();
        for (int index = 0; index < columns; index++) {
            texts.add(text(row, index));
        }
        return texts;
    }

    private static String text(Row row, int index) {
        Object value = row.get(index);
        return value == null ? "NULL" : value.toString();
    }
}
