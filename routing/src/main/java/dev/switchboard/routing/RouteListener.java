package dev.switchboard.routing;

import dev.switchboard.core.Route;
import java.util.Objects;
import java.util.function.Function;
import reactor.util.context.Context;

/**
 * Hears where the connections of a scope lead: for tests, traces and logs. It travels in the Context, so it hears of nobody
 * else's chains.
 *
 * <pre>{@code customers.contextWrite(RouteListener.listening((route, hints) -> log.info("{} led to {}", hints, route)))}</pre>
 *
 * <p>Implementations must be thread-safe, must not block, and are told, not asked: what they throw is logged and changes
 * nothing.
 */
@FunctionalInterface
public interface RouteListener {

    /**
     * Hears that the route of a connection handle was decided. Called once for each handle, when its first statement needs a
     * connection and before one is taken, on the thread on which the last router answered. Statements of one transaction share
     * a handle.
     *
     * @param route where the handle leads
     * @param hints what the scope asked for
     */
    void decided(Route route, RouteHints hints);

    /**
     * Everything above is heard by this listener, and by those that were written further out.
     *
     * @param listener hears
     * @return what {@code contextWrite} takes
     */
    static Function<Context, Context> listening(RouteListener listener) {
        Objects.requireNonNull(listener, "listener");
        return context -> new RouteListeners(listener, RouteListeners.from(context)).writeInto(context);
    }
}
