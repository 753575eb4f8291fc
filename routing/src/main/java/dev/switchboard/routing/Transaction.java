package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A running transaction, as the work inside of it gets it from {@link SqlClient#inTransaction(java.util.function.Function)}.
 * Thread-safe. What returns a Mono does nothing before it is subscribed, and belongs into the chain of the work.
 *
 * <p>Work that has joined an outer transaction gets a view of that one.
 */
public interface Transaction {

    /**
     * Sets a savepoint. Begins the transaction in the database where that has not happened.
     *
     * @param name any text without a NUL character; it is quoted. The database may cut it off, PostgreSQL after 63 bytes
     * @return completes when it is set; {@link dev.switchboard.core.TransactionStateException} after the end. A cancel does not
     *     stop it
     */
    Mono<Void> savepoint(String name);

    /**
     * Forgets a savepoint and those after it, and keeps what was done since.
     *
     * @param name the name that it was set with
     * @return completes when it is gone; the database's error where there is none of that name
     */
    Mono<Void> release(String name);

    /**
     * Undoes what was done since a savepoint, which stays.
     *
     * @param name the name that it was set with
     * @return completes when it is undone; the database's error where there is none of that name
     */
    Mono<Void> rollbackTo(String name);

    /**
     * Lets the transaction end with a rollback instead of a commit. The values of the work arrive all the same. Work that has
     * joined an outer transaction decides for that one, which then fails with {@link RollbackOnlyException}.
     */
    void setRollbackOnly();

    /** {@return whether it will be rolled back, since that was asked for or work that had joined it failed} */
    boolean isRollbackOnly();

    /** {@return how far it has come; of a nested one that is done, how far the one around it has come} */
    TransactionState state();

    /** {@return the connection that it runs on, or null before its first statement} */
    @Nullable
    String connectionName();

    /**
     * Runs something when the work is done and before the commit, inside of the transaction; what fails there rolls back. In
     * the order in which they were given. Of a nested transaction, before the commit of the outermost one, and only if the
     * nested one was not rolled back.
     *
     * @param hook subscribed once, on the thread that the work ended on
     */
    void beforeCommit(Mono<Void> hook);

    /**
     * Runs something after the commit, when the connection has been given back, before the caller hears of the end. All of
     * them run, one after the other; what fails there is a {@link TransactionHookException} for the caller, and the commit
     * stands. Not run where the outcome is {@link TransactionState#UNKNOWN}, and lost with the process: what must not be lost
     * belongs into a table that the transaction writes.
     *
     * @param hook subscribed once
     */
    void afterCommit(Mono<Void> hook);

    /**
     * Runs something after a rollback, when the connection has been given back; in the background where it was a cancel. All
     * of them run, one after the other. What fails there is added to the error of the work as a suppressed one.
     *
     * @param hook subscribed once
     */
    void afterRollback(Mono<Void> hook);
}
