package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A connection as Switchboard hands it out: lazy, guarded, and safe to cancel. It takes a physical connection from its
 * pool when the first statement is subscribed, and gives it back, rolled back and reset, when {@link #close()} is
 * subscribed.
 */
public interface SwitchboardConnection extends Connection, Wrapped<Object>, Lifecycle {

    /**
     * The route of this handle. Decides it when that has not happened yet; takes no physical connection.
     *
     * @return the route, the same one for every subscriber
     */
    Mono<Route> route();

    /**
     * The product that answers on this handle's route, such as {@code PostgreSQL}. Decides the route when that has not
     * happened yet; takes no physical connection.
     *
     * @return the product's name as R2DBC metadata spells it
     */
    Mono<String> product();

    /**
     * The name of the connection that this handle was routed to, without any override, or null while its route is not
     * decided.
     *
     * @return the connection name or null
     */
    @Nullable
    String connectionName();

    /**
     * Takes the physical connection now, and not with the first statement; sends what was recorded for it. Where there is one
     * already this only waits for the exchanges before it.
     *
     * @return completes when a statement could be sent; fails as a first statement would. Cancelling leaves the queue
     */
    Mono<Void> open();

    /**
     * The same for the connection that a statement of this text would take, which makes a difference where one connection of a
     * name writes and the others only query, as those of a SQLite file.
     *
     * @param sql what is going to be sent
     * @return completes when the statement could be sent; fails as it would. Cancelling leaves the queue
     */
    Mono<Void> openFor(String sql);

    /**
     * The driver's own connection, for what R2DBC has no word for. Takes a physical connection where this handle has none yet.
     * What is done on it is not guarded: one exchange at a time, and no cancel that the driver does not survive, are then the
     * caller's task. The session counts as changed: {@link #close()} resets it, or closes it where the product has no reset.
     *
     * @param type a type of the driver, such as {@code io.r2dbc.postgresql.api.PostgresqlConnection}
     * @param <C> the type
     * @return the driver's connection, to be used until this handle closes; {@link WrongConnectionTypeException} where it is not
     *     of the type
     */
    <C> Mono<C> unwrapped(Class<C> type);

    /**
     * The driver's own connection, or what is wrapped around it, where this handle has taken one already. Of a SQLite file that
     * may be one that only queries, since this does not wait; {@link #unwrapped} gives the one that writes.
     *
     * @param type a type of the driver
     * @return the connection; null where there is none yet or it is not of the type
     */
    @Override
    <E> @Nullable E unwrap(Class<E> type);

    /**
     * Whether a BEGIN has been sent that no commit or rollback has followed yet. A begin is recorded and sent with the first
     * statement.
     *
     * @return true from the first statement of a transaction to its end
     */
    boolean isTransactionActive();

    @Override
    Mono<Void> beginTransaction();

    @Override
    Mono<Void> beginTransaction(TransactionDefinition definition);

    @Override
    Mono<Void> commitTransaction();

    @Override
    Mono<Void> rollbackTransaction();

    @Override
    Mono<Void> createSavepoint(String name);

    @Override
    Mono<Void> releaseSavepoint(String name);

    @Override
    Mono<Void> rollbackTransactionToSavepoint(String name);

    @Override
    Mono<Void> setAutoCommit(boolean autoCommit);

    @Override
    Mono<Void> setLockWaitTimeout(Duration timeout);

    @Override
    Mono<Void> setStatementTimeout(Duration timeout);

    @Override
    Mono<Void> setTransactionIsolationLevel(IsolationLevel level);

    @Override
    Mono<Boolean> validate(ValidationDepth depth);

    /**
     * Gives the connection back: waits for open exchanges within bounds, rolls back an open transaction, undoes what was
     * changed, and completes when all of that is accounted for. Closing twice is the same as closing once.
     *
     * <p>When the subscriber cancels, the work goes on in the background; {@link ReactiveConnectionRegistry#quiescent()}
     * tells when it is done.
     *
     * @return completes when the connection is back in its pool, or closed
     */
    @Override
    Mono<Void> close();
}
