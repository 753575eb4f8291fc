package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import org.reactivestreams.Publisher;
import reactor.util.context.ContextView;

/**
 * Sets a session up for its borrower before the connection is delivered: a schema, a role, a tenant variable. Every acquire
 * on a connection with a preparation asks for the wanted value and prepares the session unless the value recorded on the
 * physical connection is equal.
 *
 * <p>The preparation owns its keys: what it sets is not undone on release, but established again for the next borrower.
 */
public interface SessionPreparation {

    /**
     * The value that the session must have for this borrower. Called for every acquire; must not block.
     *
     * @param route the borrower's route
     * @param context the context captured when the borrower asked for its handle
     * @return the wanted value, compared by {@code equals}; never null
     */
    Object wanted(Route route, ContextView context);

    /**
     * Brings a session to the wanted value. Subscribed outside of any transaction and bounded by the pool's reset time-out; a
     * connection whose preparation fails is closed.
     *
     * @param connection the driver's connection
     * @param wanted what {@link #wanted} returned
     * @return completes when the session is prepared
     */
    Publisher<Void> prepare(Connection connection, Object wanted);
}
