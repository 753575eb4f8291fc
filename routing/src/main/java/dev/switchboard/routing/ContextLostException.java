package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A statement lost all hints of the scope that asked for its connection, and the factory is strict about it.
 *
 * @see RoutingConnectionFactory#withStrictContext()
 */
public final class ContextLostException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String held;

    /**
     * Builds the message.
     *
     * @param connectionName the connection that is held, or null where only a router knows
     * @param held the hints that were lost
     */
    public ContextLostException(@Nullable String connectionName, RouteHints held) {
        super("A statement on the connection for " + held
                + " has no routing hint in its Context: it was lost on the way,"
                + " in a plain Subscriber, block(), subscribe(..) or toFuture(). Keep the chain in Reactor, or use"
                + " captured(contextView) for what loses the Context.");
        this.connectionName = connectionName;
        this.held = held.toString();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("held", held));
    }
}
