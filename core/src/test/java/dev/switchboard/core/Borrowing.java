package dev.switchboard.core;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Takes connections out of a registry and gives them back, for tests that care about the pool and not about the rows. */
final class Borrowing {

    /** No promise depends on it: only a test that hangs meets it. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Whoever has not answered by then never will. */
    private static final Duration ANSWER = Duration.ofSeconds(8);

    private Borrowing() {}

    static PoolOptions.Builder quick(PoolOptions.Builder pool) {
        return pool.maxSize(2).acquireTimeout(Duration.ofSeconds(10)).drainTimeout(Duration.ofSeconds(10));
    }

    /** Connections that are all alike, on a product whose pool would have one that writes and others that only query. */
    static ConnectionDefinition alike(ConnectionDefinition definition) {
        return definition.driver().equals("sqlite")
                ? definition.withOption(Option.valueOf("queryOnly"), false)
                : definition;
    }

    /** The same as a URL. */
    static String alike(String url) {
        return url.startsWith("r2dbc:sqlite:") ? url + "?queryOnly=false" : url;
    }

    /** A handle that holds a connection of its own when the Mono completes. */
    static Mono<Connection> borrow(ReactiveConnectionRegistry registry, String name) {
        return Mono.from(registry.connectionFactory(name).create())
                .flatMap(connection -> one(connection, "SELECT 1")
                        .thenReturn((Connection) connection)
                        .onErrorResume(failure -> Mono.from(connection.close()).then(Mono.error(failure))));
    }

    static Connection borrowed(ReactiveConnectionRegistry registry, String name) {
        Connection connection = borrow(registry, name).block(PATIENCE);
        if (connection == null) {
            throw new AssertionError("No connection and no error");
        }
        return connection;
    }

    static Mono<Object> one(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> row.get(0)))
                .single();
    }

    static Mono<Long> update(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.getRowsUpdated())
                .reduce(0L, Long::sum);
    }

    /** One query on a connection of its own, given back afterwards. */
    static Mono<Object> query(ReactiveConnectionRegistry registry, String name, String sql) {
        return Mono.usingWhen(
                registry.connectionFactory(name).create(), connection -> one(connection, sql), Connection::close);
    }

    /** How many of so many connections, all held at once, are handed out and answer. */
    static int usable(ConnectionFactory factory, int slots) {
        List<Connection> answering = Flux.range(0, slots)
                .flatMap(i -> Mono.from(factory.create())
                        .flatMap(connection ->
                                one(connection, "SELECT 1").timeout(ANSWER).thenReturn((Connection) connection))
                        .onErrorResume(failure -> Mono.empty()))
                .collectList()
                .blockOptional(ANSWER.multipliedBy(3))
                .orElseThrow();
        Flux.fromIterable(answering).flatMap(Connection::close).blockLast(ANSWER);
        return answering.size();
    }

    static void close(Connection connection) {
        Mono.from(connection.close()).block(PATIENCE);
    }

    static void close(List<Connection> connections) {
        connections.forEach(Borrowing::close);
    }

    static void close(ReactiveConnectionRegistry registry) {
        registry.close().block(PATIENCE);
    }

    /** A database that answers {@code SELECT tag FROM me} with its number. */
    static Database tagged(Product product, int tag) {
        Database database = Databases.create(product);
        Mono.usingWhen(
                        ConnectionFactories.get(database.url()).create(),
                        connection -> update(connection, "CREATE TABLE me (tag INT)")
                                .then(update(connection, "INSERT INTO me VALUES (" + tag + ")")),
                        Connection::close)
                .subscribeOn(Schedulers.boundedElastic())
                .block(PATIENCE);
        return database;
    }
}
