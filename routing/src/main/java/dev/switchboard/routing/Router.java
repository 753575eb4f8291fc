package dev.switchboard.routing;

import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * Narrows hints to a connection name. Routers compose: tenant, then shard, then replica; each gets what the one before it
 * left. The first one gets the name that the user chose, or the registry's default, and the access mode.
 *
 * <p>A router knows no pools and opens nothing. It must be thread-safe and must not block.
 */
@FunctionalInterface
public interface Router {

    /**
     * Narrows the route, and says why where it can: {@code soFar.withConnectionName(name).because("..")}. Called and subscribed when a connection is first needed, once for each connection handle, with the
     * Reactor Context that held when the handle was asked for.
     *
     * @param soFar what is known already
     * @param hints the hints of the scope
     * @return the narrowed route, or {@code soFar} where this router has no opinion; never empty. An error reaches the
     *     statement that needed the connection
     */
    Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints);

    /**
     * This router, then another one on what this one left.
     *
     * @param next the one that narrows further
     * @return both as one
     */
    default Router then(Router next) {
        Objects.requireNonNull(next, "next");
        return (soFar, hints) -> route(soFar, hints)
                .map(narrowed -> narrowed.after(soFar))
                .flatMap(narrowed -> next.route(narrowed, hints).map(further -> further.after(narrowed)));
    }
}
