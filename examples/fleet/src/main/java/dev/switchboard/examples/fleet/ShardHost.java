package dev.switchboard.examples.fleet;

import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A real server with few connections, and what it says itself of how many it has: on one connection beside the budget. */
final class ShardHost implements AutoCloseable {

    /** Room for connections that are still leaving while the next ones come, as every server needs it, and for ours. */
    private static final int LEAVING = 10;

    private static final int OURS = 1;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final DatabaseServer server;
    private final int number;
    private final Connection control;
    private final AtomicInteger peak = new AtomicInteger();

    private ShardHost(DatabaseServer server, int number, Connection control) {
        this.server = server;
        this.number = number;
        this.control = control;
    }

    /** What PostgreSQL keeps for administrators comes on top. */
    static ShardHost start(Product product, int number, int connections) {
        int most = most(connections);
        DatabaseServer server = product == Product.POSTGRESQL
                ? Databases.startServer(product, "max_connections=" + (most + 3), "superuser_reserved_connections=3")
                : Databases.startServer(product, "max_connections=" + most);
        if (product == Product.POSTGRESQL) {
            server.execute("ALTER ROLE \"" + server.user() + "\" CREATEDB");
        }
        String first = product == Product.POSTGRESQL ? "postgres" : "information_schema";
        Connection control = Mono.<Connection>from(
                        ConnectionFactories.get(server.url(first)).create())
                .block(PATIENCE);
        return new ShardHost(server, number, Objects.requireNonNull(control, "control"));
    }

    /** How many connections it takes. */
    static int most(int connections) {
        return connections + LEAVING;
    }

    String address() {
        return server.host() + ":" + server.port();
    }

    Shard create(String name) {
        ask(isPostgresql() ? "CREATE DATABASE " + name + " STRATEGY FILE_COPY" : "CREATE DATABASE " + name);
        return new Shard(name, server.url(name), number);
    }

    private boolean isPostgresql() {
        return server.product() == Product.POSTGRESQL;
    }

    /** How many sessions the server has in the databases of the fleet. */
    int sample() {
        int sessions = Integer.parseInt(ask(isPostgresql()
                        ? "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'shard%'"
                        : "SELECT count(*) FROM information_schema.processlist WHERE db LIKE 'shard%'")
                .get(0));
        peak.accumulateAndGet(sessions, Math::max);
        return sessions;
    }

    int peak() {
        return peak.get();
    }

    /** The most connections that the server ever had beside ours, by its own count; PostgreSQL keeps none. */
    String highWaterMark() {
        return isPostgresql() ? "-" : String.valueOf(Integer.parseInt(status("Max_used_connections")) - OURS);
    }

    /** How many connects it has refused because it was full; PostgreSQL does not count them. */
    String refused() {
        return isPostgresql() ? "-" : status("Connection_errors_max_connections");
    }

    private String status(String variable) {
        return ask("SHOW GLOBAL STATUS LIKE '" + variable + "'").get(0);
    }

    /** Waits for the last column of what the server answers; one question at a time. */
    private synchronized List<String> ask(String sql) {
        return Objects.requireNonNull(Flux.from(control.createStatement(sql).execute())
                .concatMap(ShardHost::lastColumn)
                .collectList()
                .block(PATIENCE));
    }

    private static Flux<String> lastColumn(Result result) {
        return Flux.from(result.map((row, metadata) ->
                String.valueOf(row.get(metadata.getColumnMetadatas().size() - 1))));
    }

    @Override
    public void close() {
        Mono.from(control.close()).onErrorComplete().block(PATIENCE);
        server.close();
    }
}
