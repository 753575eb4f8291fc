package dev.switchboard.core;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Databases of one server, or files of one folder, each with a table {@code me} that says which one it is. */
final class Siblings implements AutoCloseable {

    private final List<Database> databases = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    Siblings(Product product, int count) {
        for (int i = 0; i < count; i++) {
            boolean sharesFolder = product == Product.SQLITE && i > 0;
            if (!sharesFolder) {
                databases.add(Databases.create(product));
            }
            names.add(sharesFolder ? "sibling" + i + ".db" : databases.get(i).name());
            mark(product == Product.SQLITE ? base().withDatabase(path(i)) : definition(i), "tag" + i);
        }
    }

    private static void mark(ConnectionDefinition definition, String tag) {
        ReactiveConnectionRegistry setUp = ReactiveConnectionRegistry.create().register(definition);
        Mono.usingWhen(
                        setUp.connectionFactory(definition.name()).create(),
                        connection -> Borrowing.update(connection, "CREATE TABLE me (tag VARCHAR(20))")
                                .then(Borrowing.update(connection, "INSERT INTO me VALUES ('" + tag + "')")),
                        Connection::close)
                .block(Borrowing.PATIENCE);
        Borrowing.close(setUp);
    }

    private String path(int i) {
        Path own =
                Path.of(String.valueOf(databases.get(0).options().getRequiredValue(ConnectionFactoryOptions.DATABASE)));
        return own.resolveSibling(names.get(i)).toString();
    }

    private ConnectionDefinition definition(int i) {
        return ConnectionDefinition.of("orders", databases.get(i).url());
    }

    /** The first one, under the name orders. */
    ConnectionDefinition base() {
        return definition(0).withPool(Borrowing::quick);
    }

    /** The override that leads from the first one to another. */
    ConnectionOverride to(int i) {
        return ConnectionOverrideTests.override(options -> options.database(names.get(i)));
    }

    String name(int i) {
        return names.get(i);
    }

    Database database(int i) {
        return databases.get(Math.min(i, databases.size() - 1));
    }

    static SwitchboardConnection handle(ReactiveConnectionRegistry registry, ConnectionOverride override) {
        return registry.connect(new Fixed(new Route("orders", false, null, override)));
    }

    /** Which database answers, on a connection of its own. */
    static Mono<String> tag(ReactiveConnectionRegistry registry, ConnectionOverride override) {
        return Mono.usingWhen(
                Mono.fromSupplier(() -> handle(registry, override)),
                connection -> Borrowing.one(connection, "SELECT tag FROM me").map(Objects::toString),
                Connection::close);
    }

    /** Every session of a server in one of them has ended. */
    void awaitNoSession() {
        databases.forEach(Sessions::awaitNone);
    }

    @Override
    public void close() {
        databases.forEach(Database::close);
    }

    /** A binding that lets everything pass. */
    record Fixed(Route route) implements RouteBinding {

        @Override
        public Mono<Route> resolve(boolean readOnlyTransaction) {
            return Mono.just(route);
        }

        @Override
        public void check(ContextView statementContext) {
            // Every statement is on this route.
        }

        @Override
        public ContextView capturedContext() {
            return Context.empty();
        }

        @Override
        public String productName() {
            return "any";
        }
    }
}
