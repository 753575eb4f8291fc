package dev.switchboard.routing;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.ReplicationPair;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Mono;

/** A real primary and a real replica under the logical name {@code orders}, and a table that both have. */
final class ReplicaPair implements AutoCloseable {

    /** A row, and the port of the server that showed it. */
    record Shown(int value, int port) {}

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Product product;
    private final ReplicationPair servers;
    private final List<Node> nodes = new ArrayList<>();
    private final Node node;

    ReplicaPair(Product product) {
        this.product = product;
        this.servers = Databases.startReplicationPair(product);
        this.node = newNode(group -> group.catchUpWait(Duration.ofMillis(10)));
        node.execute("CREATE TABLE counter (id INT PRIMARY KEY, value INT NOT NULL)");
        servers.awaitReplica();
    }

    ReplicationPair servers() {
        return servers;
    }

    /** A program with a registry and a router of its own. */
    Node newNode(UnaryOperator<ReplicaGroup.Builder> settings) {
        Node fresh = new Node(settings.apply(ReplicaGroup.builder("primary")
                .replica("replica")
                // A machine under load may be slow to answer, which is not what is tested here.
                .probe(Duration.ofSeconds(1), Duration.ofMinutes(1))));
        nodes.add(fresh);
        return fresh;
    }

    /** The first program. */
    Node node() {
        return node;
    }

    /** What a server has itself. */
    String valueOn(DatabaseServer server, int id) {
        boolean isPrimary = server == servers.primary();
        return Mono.usingWhen(
                        Mono.from(ConnectionFactories.get(isPrimary ? servers.primaryUrl() : servers.replicaUrl())
                                .create()),
                        connection -> Mono.from(connection
                                        .createStatement("SELECT value FROM counter WHERE id = " + id)
                                        .execute())
                                .flatMap(result -> Mono.from(result.map(row -> String.valueOf(row.get(0))))),
                        Connection::close)
                .block(PATIENCE);
    }

    @Override
    public void close() {
        nodes.forEach(node -> node.registry.close().block(PATIENCE));
        servers.close();
    }

    /** One program. */
    final class Node {

        final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        final ReplicaRouter replicas = ReplicaRouter.over(registry);
        final RoutingConnectionFactory routed = RoutingConnectionFactory.over(registry, replicas);
        final SqlClient db = SqlClient.over(routed);

        private Node(ReplicaGroup.Builder group) {
            register("primary", servers.primaryUrl());
            register("replica", servers.replicaUrl());
            registry.register("unused", "r2dbc:h2:mem:///unused");
            replicas.replace("orders", group.build());
        }

        private void register(String name, String url) {
            registry.register(ConnectionDefinition.of(name, url).withPool(pool -> pool.maxSize(8)));
        }

        void execute(String sql) {
            db.sql(sql)
                    .rowsUpdated()
                    .contextWrite(Routing.usingConnection("orders"))
                    .block(PATIENCE);
        }

        Mono<Long> insert(int id) {
            return db.sql("INSERT INTO counter (id, value) VALUES (:id, 0)")
                    .bind("id", id)
                    .rowsUpdated();
        }

        Mono<Long> write(int id, int value) {
            return db.sql("UPDATE counter SET value = :value WHERE id = :id")
                    .bind("value", value)
                    .bind("id", id)
                    .rowsUpdated();
        }

        /** The row with the port of whoever showed it, from wherever reads go. */
        Mono<Shown> read(int id) {
            String port = product == Product.POSTGRESQL ? "inet_server_port()" : "@@port";
            return db.sql("SELECT value, " + port + " AS port FROM counter WHERE id = :id")
                    .bind("id", id)
                    .map(Shown.class)
                    .one()
                    .contextWrite(Routing.readOnly());
        }
    }
}
