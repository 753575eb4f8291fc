package dev.switchboard.routing;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Databases under names, each of which can tell its name: {@code SELECT name FROM who}. */
final class Fleet implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final RoutingConnectionFactory routed = RoutingConnectionFactory.over(registry);
    private final SqlClient db = SqlClient.over(routed);
    private final List<Database> databases = new ArrayList<>();
    private final Map<Product, String> first = new LinkedHashMap<>();

    static Fleet of(Product product, String... names) {
        Fleet fleet = new Fleet();
        for (String name : names) {
            fleet.add(product, name);
        }
        return fleet;
    }

    Fleet add(Product product, String name) {
        return add(product, name, 4);
    }

    Fleet add(Product product, String name, int maxSize) {
        Database database = Databases.create(product);
        databases.add(database);
        first.putIfAbsent(product, name);
        registry.register(ConnectionDefinition.of(name, database.url()).withPool(pool -> pool.maxSize(maxSize)));
        execute(name, "CREATE TABLE who (name VARCHAR(40) NOT NULL)");
        execute(name, "INSERT INTO who (name) VALUES ('" + name + "')");
        execute(name, "CREATE TABLE note (id INT PRIMARY KEY, body VARCHAR(100))");
        return this;
    }

    /** The database behind a name, where names were added in their order. */
    Database databaseOf(String name) {
        return databases.get(List.copyOf(registry.names()).indexOf(name));
    }

    /** Waits for one statement; for setting up. */
    void execute(String name, String sql) {
        db.sql(sql).rowsUpdated().contextWrite(Routing.usingConnection(name)).block(PATIENCE);
    }

    ReactiveConnectionRegistry registry() {
        return registry;
    }

    RoutingConnectionFactory routed() {
        return routed;
    }

    SqlClient db() {
        return db;
    }

    /** Which database answers. */
    Mono<String> who() {
        return db.sql("SELECT name FROM who").map(String.class).one();
    }

    Mono<Long> write(int id) {
        return db.sql("INSERT INTO note (id, body) VALUES (:id, :body)")
                .bind("id", id)
                .bind("body", "note " + id)
                .rowsUpdated();
    }

    Mono<List<Integer>> notes() {
        return db.sql("SELECT id FROM note ORDER BY id")
                .map(Integer.class)
                .all()
                .collectList();
    }

    List<Integer> notesIn(String name) {
        List<Integer> notes =
                notes().contextWrite(Routing.usingConnection(name)).block(PATIENCE);
        return notes == null ? List.of() : notes;
    }

    void clearNotes() {
        Flux.fromIterable(registry.names()).toIterable().forEach(name -> execute(name, "DELETE FROM note"));
    }

    /** Nothing is on loan, and nothing goes on in the background. */
    void awaitRest() {
        registry.quiescent().block(PATIENCE);
    }

    int inUse() {
        return registry.status().stream()
                .mapToInt(status -> status.counts().inUse())
                .sum();
    }

    boolean isOpen(String name) {
        return registry.status(name).open();
    }

    @Override
    public void close() {
        registry.close().block(PATIENCE);
        databases.forEach(Database::close);
    }
}
