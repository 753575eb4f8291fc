package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Another route was asked for where one is fixed: by a statement on a connection that was made for another name, tenant,
 * shard key or access mode, or inside {@link Routing#lock()}. Nothing was sent to a database.
 */
public final class RouteConflictException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String held;
    private final transient String asked;

    /**
     * Builds the message.
     *
     * @param connectionName the connection that is held, or null where a scope and no connection is
     * @param held the route that is held, in words
     * @param asked the route that was asked for, in words
     * @param next the rule and what to do next, as sentences without the last full stop
     */
    public RouteConflictException(@Nullable String connectionName, String held, String asked, String next) {
        super((connectionName == null ? "This scope" : "Connection " + Shown.quoted(connectionName))
                + " holds the route " + held + ", and " + asked + " was asked for inside. " + next + ".");
        this.connectionName = connectionName;
        this.held = held;
        this.asked = asked;
    }

    static RouteConflictException onConnection(@Nullable String connectionName, RouteHints held, RouteHints asked) {
        return new RouteConflictException(
                connectionName,
                held.isEmpty() ? "without any hint" : held.toString(),
                asked.toString(),
                "A connection and its transaction serve one route. Write the hint outside of the transaction, so that it"
                        + " holds when the connection is asked for, or give the other route a connection of its own");
    }

    static RouteConflictException locked(RouteHints held, RoutingHint asked) {
        return new RouteConflictException(
                held.connectionName(),
                held + " under lock()",
                "[" + asked + "]",
                "Inside lock() no hint may change. Remove this hint, or write it further out than lock()");
    }

    static RouteConflictException locked(RouteHints held, RouteHints asked) {
        return new RouteConflictException(
                held.connectionName(),
                held + " under lock()",
                asked.isEmpty() ? "no routing hint" : asked.toString(),
                "Inside lock() no hint may change. Put the captured route back further out than lock(), or outside of that scope");
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("held", held, "asked", asked));
    }

    /** {@return the route that is held, in words} */
    public String held() {
        return held;
    }

    /** {@return the route that was asked for, in words} */
    public String asked() {
        return asked;
    }
}
