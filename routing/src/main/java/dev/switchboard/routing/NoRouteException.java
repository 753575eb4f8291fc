package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nothing says where a query goes: no connection was chosen and the registry has no default. */
public final class NoRouteException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String hints;

    /**
     * Builds the message.
     *
     * @param hints the hints of the scope
     * @param next what to do next, as a sentence without a full stop
     */
    public NoRouteException(RouteHints hints, String next) {
        super("No connection was chosen: the Context " + (hints.isEmpty() ? "has no routing hint" : "only has " + hints)
                + ". " + next + ".");
        this.hints = hints.toString();
    }

    static NoRouteException withoutDefault(RouteHints hints) {
        return new NoRouteException(
                hints,
                "Choose one with contextWrite(usingConnection(\"name\")) at the end of the chain, or set one for all with"
                        + " registry.defaultConnection(\"name\"); a Context written elsewhere does not reach here through"
                        + " block(), subscribe(..), toFuture() or a plain Subscriber");
    }

    static NoRouteException withoutEntities(RouteHints hints) {
        return new NoRouteException(
                hints,
                "Nobody here knows where entities live. Give the factory a router that does,"
                        + " RoutingConnectionFactory.over(registry, Router.byEntity(..)), or remove the entity");
    }

    /** {@return null, as there is no connection} */
    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("hints", hints);
    }
}
