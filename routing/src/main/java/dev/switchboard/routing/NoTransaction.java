package dev.switchboard.routing;

import dev.switchboard.core.TransactionStateException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What work sees that runs without a transaction, as {@link Propagation#SUPPORTS} and {@link Propagation#NEVER} let it. */
enum NoTransaction implements Transaction {
    INSTANCE;

    private static TransactionStateException refused() {
        return new TransactionStateException(
                null,
                "no transaction is running, every statement commits by itself",
                "Use Propagation.REQUIRED for work that needs one, or ask state() first");
    }

    @Override
    public Mono<Void> savepoint(String name) {
        return Mono.error(NoTransaction::refused);
    }

    @Override
    public Mono<Void> release(String name) {
        return Mono.error(NoTransaction::refused);
    }

    @Override
    public Mono<Void> rollbackTo(String name) {
        return Mono.error(NoTransaction::refused);
    }

    @Override
    public void setRollbackOnly() {
        throw refused();
    }

    @Override
    public boolean isRollbackOnly() {
        return false;
    }

    @Override
    public TransactionState state() {
        return TransactionState.NOT_STARTED;
    }

    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public void beforeCommit(Mono<Void> hook) {
        throw refused();
    }

    @Override
    public void afterCommit(Mono<Void> hook) {
        throw refused();
    }

    @Override
    public void afterRollback(Mono<Void> hook) {
        throw refused();
    }
}
