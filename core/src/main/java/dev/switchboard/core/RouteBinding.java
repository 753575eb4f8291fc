package dev.switchboard.core;

import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Ties one connection handle to the layer that chose it. The registry's own factories are bound to a fixed name; the
 * routing module binds a handle to the hints that the Reactor Context held when the handle was asked for.
 *
 * <p>An implementation belongs to one handle and must be thread-safe.
 */
public interface RouteBinding {

    /**
     * Decides the route. Subscribed when the handle first needs a physical connection, again only after an attempt that
     * failed; the first route that is emitted is the handle's route for good.
     *
     * @param readOnlyTransaction whether the transaction that the handle recorded was declared read only, which may
     *     narrow the route to a replica
     * @return the route, or an error that explains why there is none; never empty
     */
    Mono<Route> resolve(boolean readOnlyTransaction);

    /**
     * Lets a statement or batch pass, or refuses it because its subscriber asks for another route than this handle's.
     * Called when the statement is subscribed, on the subscriber's thread; must be cheap and never run a router.
     *
     * @param statementContext the context of the statement's subscriber
     * @throws io.r2dbc.spi.R2dbcException to refuse the statement
     */
    void check(ContextView statementContext);

    /**
     * The context that was captured when the handle was asked for; handed on, unread, to session preparation.
     *
     * @return the captured context
     */
    ContextView capturedContext();

    /**
     * The product name that the handle's metadata shows before its route is decided.
     *
     * @return a product name such as {@code PostgreSQL}
     */
    String productName();
}
