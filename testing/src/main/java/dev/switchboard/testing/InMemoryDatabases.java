package dev.switchboard.testing;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import java.util.UUID;

/**
 * Databases of SQLite in memory, for tests without any server. Each call makes an empty database that nobody else has; it
 * lasts until the registry is closed.
 */
public final class InMemoryDatabases {

    private InMemoryDatabases() {}

    /**
     * A registry of empty databases. The first name is the default connection.
     *
     * @param names the names, one at least
     * @return an open registry; to be closed by the test, which ends the databases
     * @throws IllegalArgumentException if there is no name
     */
    public static ReactiveConnectionRegistry registry(String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("No name was given. Name each database that the test needs.");
        }
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        for (String name : names) {
            registry.register(definition(name));
        }
        return registry.defaultConnection(names[0]);
    }

    /**
     * The definition of an empty database.
     *
     * @param name its name in the registry
     * @return a definition whose pool keeps a connection open, so that the database lasts as long as the pool
     */
    public static ConnectionDefinition definition(String name) {
        return ConnectionDefinition.of(name, url());
    }

    static String url() {
        return "r2dbc:sqlite:mem:///" + UUID.randomUUID();
    }
}
