package dev.switchboard.core;

import io.r2dbc.spi.Connection;
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
     * Hears that a statement or batch is sent now, or refuses it because the database behind the handle may not be written to
     * any more. Called in the statement's turn, once the route is decided and the connection is there; nothing of it was sent.
     *
     * @param statementContext the context of the statement's subscriber
     * @param inReadOnlyTransaction whether it is a part of a transaction that was begun to read only
     * @throws io.r2dbc.spi.R2dbcException to refuse the statement
     */
    default void sending(ContextView statementContext, boolean inReadOnlyTransaction) {}

    /**
     * Lets a commit pass, or refuses it because the database behind the handle may not be written to any more. Called in the
     * commit's turn, before anything is sent; a transaction whose commit is refused is rolled back when the handle closes.
     *
     * @throws io.r2dbc.spi.R2dbcException to refuse the commit
     */
    default void checkCommit() {}

    /**
     * Hears that what was written on this handle is durable, before anybody who wrote it hears of it: after a commit, and
     * outside of any transaction before the connection is given back. Subscribed within the handle's turn, on the physical
     * connection; what fails or takes longer than the pool's reset time-out counts as unknown and is no error of the writer.
     *
     * @param connection the driver's connection, for one statement of its own; not to be closed
     * @return completes when the writer may hear of its completion; empty, and nothing is sent, unless overridden
     */
    default Mono<Void> written(Connection connection) {
        return Mono.empty();
    }

    /**
     * Hears that nobody can be asked any more what became of what was sent on this handle: its connection is broken, or did not
     * answer what {@link #written} asked. Called before the connection is closed; may be called where nothing was sent.
     */
    default void lost() {}

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
