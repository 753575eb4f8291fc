package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What the work of a transaction sees of it.
 *
 * @param scope the transaction
 * @param joined whether it belongs to somebody further out
 */
record ScopedTransaction(TransactionScope scope, boolean joined) implements Transaction {

    @Override
    public Mono<Void> savepoint(String name) {
        return onSavepoint(name, handle -> handle.createSavepoint(name));
    }

    @Override
    public Mono<Void> release(String name) {
        return onSavepoint(name, handle -> handle.releaseSavepoint(name));
    }

    @Override
    public Mono<Void> rollbackTo(String name) {
        return onSavepoint(name, handle -> handle.rollbackTransactionToSavepoint(name));
    }

    private Mono<Void> onSavepoint(String name, Function<SwitchboardConnection, Mono<Void>> operation) {
        check(name);
        return scope.ready().then(Mono.defer(() -> {
            checkOpen();
            scope.checkNotNested();
            if (scope.servesAllRoutes()) {
                throw new TransactionStateException(
                        connectionName(),
                        "a savepoint was to be set in a transaction over several databases",
                        "Use savepoints in a transaction of one database");
            }
            return operation.apply(scope.handle());
        }));
    }

    /** Names of our own, of nested transactions, must not be hidden by one of the same name. */
    private static void check(String name) {
        Objects.requireNonNull(name, "name");
        if (name.isBlank() || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "The name of a savepoint is empty or holds a NUL character; any other text is allowed");
        }
        if (name.toLowerCase(Locale.ROOT).startsWith(RootTransaction.SAVEPOINT)) {
            throw new IllegalArgumentException("The savepoint " + Shown.quoted(name) + " begins with '"
                    + RootTransaction.SAVEPOINT + "', as those of nested transactions do; choose another name");
        }
    }

    private void checkOpen() {
        if (scope.hasEnded()) {
            throw new TransactionStateException(
                    connectionName(),
                    "the transaction has ended, it is " + scope.state(),
                    "Use it inside of the inTransaction(..) that it was given to");
        }
    }

    @Override
    public void setRollbackOnly() {
        checkOpen();
        if (joined) {
            scope.doom("asked for a rollback", null);
        } else {
            scope.setRollbackOnly();
        }
    }

    @Override
    public boolean isRollbackOnly() {
        return scope.isRollbackOnly();
    }

    @Override
    public TransactionState state() {
        return scope.state();
    }

    @Override
    public @Nullable String connectionName() {
        return scope.handle().connectionName();
    }

    @Override
    public void beforeCommit(Mono<Void> hook) {
        checkOpen();
        scope.hooks().addBeforeCommit(hook);
    }

    @Override
    public void afterCommit(Mono<Void> hook) {
        checkOpen();
        scope.hooks().addAfterCommit(hook);
    }

    @Override
    public void afterRollback(Mono<Void> hook) {
        checkOpen();
        scope.hooks().addAfterRollback(hook);
    }
}
