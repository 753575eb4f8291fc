package dev.switchboard.routing;

import java.util.Objects;

/**
 * Names the connection. Written as {@link Routing#usingConnection(String)}.
 *
 * @param name a name of the registry
 */
public record RoutingKey(String name) implements RoutingHint {

    private static final int LONGEST = 200;

    /**
     * Refuses what no connection can be named, so that names from a request are safe in messages and logs. Whether the name
     * is registered is asked when a connection is needed.
     *
     * @param name a name of the registry
     * @throws IllegalArgumentException if the name is blank, longer than 200 characters or has invisible characters
     */
    public RoutingKey {
        Objects.requireNonNull(name, "name");
        if (name.length() > LONGEST || name.codePoints().anyMatch(Shown::isHidden)) {
            throw new IllegalArgumentException("No connection is named " + Shown.quoted(name) + ": names have 1 to "
                    + LONGEST + " characters, without control or invisible characters. Correct the name.");
        }
        if (name.isBlank()) {
            throw new IllegalArgumentException(
                    "The connection name is blank. Give the name of a registered connection, or"
                            + " write usingDefaultConnection() for the default.");
        }
    }

    /**
     * The hint that names a connection.
     *
     * @param name a name of the registry
     * @return the hint
     */
    public static RoutingKey of(String name) {
        return new RoutingKey(name);
    }

    @Override
    public Class<? extends RoutingHint> kind() {
        return RoutingKey.class;
    }

    /** {@return the hint in words} */
    @Override
    public String toString() {
        return "connection " + Shown.quoted(name);
    }
}
