package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer that was fetched for one route was about to reach a subscriber on another, through an operator that shares one
 * subscription. The subscriber gets this instead; the others of the stream go on. See {@link RouteLeakDetector}.
 */
public final class RouteLeakException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String fetched;
    private final transient String asked;

    RouteLeakException(@Nullable String connectionName, RouteHints fetched, RouteHints asked) {
        super("An answer that was fetched for " + shown(fetched) + " was about to reach a subscriber with "
                + shown(asked)
                + ": cache(), share(), replay() and publish() run once, with the Context of one of their subscribers. Use"
                + " cacheByRoute(..) or shareByRoute(..), or write the hint above the operator that shares.");
        this.connectionName = connectionName;
        this.fetched = shown(fetched);
        this.asked = shown(asked);
    }

    private static String shown(RouteHints hints) {
        return hints.isEmpty() ? "no routing hint" : hints.toString();
    }

    /** {@return the connection that the answer came from, or null where that is not known} */
    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("fetched", fetched, "asked", asked));
    }
}
