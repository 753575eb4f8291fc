package dev.switchboard.routing;

import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
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
        return new RouterChain(this, next);
    }

    /**
     * The first of several routers that has an opinion: one that does not return the very {@code soFar} that it was given.
     *
     * @param routers asked one after the other, each with the same {@code soFar}; those behind the first opinion are not asked
     * @return all as one, without an opinion where none of them has one
     */
    static Router firstOf(Router... routers) {
        return new FirstRouter(List.of(routers));
    }

    /**
     * Leads a query to where its entity lives: {@link Routing#usingEntity(Class)}, {@link SqlClient#forEntity(Class)}.
     *
     * @param rules fills a builder without rules
     * @return the router
     */
    static EntityRouter byEntity(UnaryOperator<EntityRouter.Builder> rules) {
        return EntityRouter.of(rules.apply(new EntityRouter.Builder()));
    }

    /**
     * Whether a connection that this router led somewhere for one entity is right for a statement about another one. The guard asks
     * inside of a transaction that speaks of several entities, on the subscriber's thread: must be cheap and ask nobody.
     *
     * @param held the entity that the connection was led for
     * @param asked the entity of a statement on it
     * @return true where the entity makes no difference to this router, or both are led to the same places; false unless
     *     overridden, so that a router that may know entities is never guessed about
     */
    default boolean servesAlike(EntityKey held, EntityKey asked) {
        return false;
    }
}
