package dev.switchboard.routing;

import io.r2dbc.spi.Connection;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Follows what is written through one connection handle, for a router that has to know. A router gives it to a route with
 * {@link PartialRoute#withWatch}. Thread-safe; nothing here may block.
 */
public interface WriteWatch {

    /**
     * A statement that is not marked read-only is about to be sent, inside a transaction or outside.
     *
     * @param statementContext the context of the statement's subscriber
     * @throws io.r2dbc.spi.R2dbcException to refuse it
     */
    void writing(ContextView statementContext);

    /**
     * A statement that only reads is about to be sent, outside of a transaction that only reads. The first one on a connection comes
     * right after its route was decided.
     *
     * @param statementContext the context of the statement's subscriber
     * @throws io.r2dbc.spi.R2dbcException to refuse it
     */
    default void reading(ContextView statementContext) {}

    /**
     * A commit is about to be sent.
     *
     * @throws io.r2dbc.spi.R2dbcException to refuse it
     */
    void committing();

    /**
     * What was sent before is durable or has failed: after a commit, and before the connection is given back. Whoever wrote hears
     * of it afterwards.
     *
     * @param connection the driver's connection, for one query; not to be closed
     * @return completes when the writer may go on, at once with {@code Mono.empty()} where nothing is to be asked. An error is not
     *     the writer's
     */
    Mono<Void> written(Connection connection);

    /** What became of what was sent before cannot be asked any more: the connection is lost. May be called more than once. */
    default void lost() {}
}
