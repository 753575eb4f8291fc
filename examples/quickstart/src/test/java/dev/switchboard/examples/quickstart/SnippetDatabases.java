package dev.switchboard.examples.quickstart;

import static dev.switchboard.routing.Routing.usingConnection;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import java.nio.file.Path;
import java.time.Duration;

/** The databases that the pages speak of, each with a table of one customer. */
final class SnippetDatabases implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Database orders = create(Product.POSTGRESQL);
    private final Database billing = create(Product.MYSQL);
    private final Path folder;

    SnippetDatabases(Path folder) {
        this.folder = folder;
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                .register("orders", orders.url())
                .register("billing", billing.url())
                .register(ConnectionDefinition.sqlite("audit", folder.resolve("audit.db")));
        SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry));
        for (String name : registry.names()) {
            db.sql("CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(40), age INTEGER)")
                    .rowsUpdated()
                    .then(db.sql("INSERT INTO customer VALUES (1, :name, 36)")
                            .bind("name", "customer of " + name)
                            .rowsUpdated())
                    .contextWrite(usingConnection(name))
                    .block(PATIENCE);
        }
        registry.close().block(PATIENCE);
    }

    /** The product that the pages speak of where it can run here, else SQLite. */
    private static Database create(Product product) {
        return Databases.create(Databases.available().contains(product) ? product : Product.SQLITE);
    }

    Database orders() {
        return orders;
    }

    Database billing() {
        return billing;
    }

    Path folder() {
        return folder;
    }

    @Override
    public void close() {
        orders.close();
        billing.close();
    }
}
