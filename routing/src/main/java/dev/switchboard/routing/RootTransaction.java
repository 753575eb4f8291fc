package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/** A transaction on a connection of its own. */
class RootTransaction extends TransactionScope {

    /** How the names of the savepoints of nested transactions begin. */
    static final String SAVEPOINT = "switchboard_";

    private final AtomicInteger savepoints = new AtomicInteger();

    RootTransaction(SwitchboardConnection handle, HintBinding binding, TransactionOptions options) {
        super(handle, binding, options);
    }

    String nextSavepoint() {
        return SAVEPOINT + savepoints.incrementAndGet();
    }

    @Override
    Mono<Void> sendBegin() {
        return options().isPlain() ? handle().beginTransaction() : handle().beginTransaction(options());
    }

    @Override
    Mono<Void> sendCommit() {
        return handle().commitTransaction().doOnSuccess(unused -> ended(TransactionState.COMMITTED));
    }

    @Override
    TransactionState openState() {
        return handle().isTransactionActive() ? TransactionState.ACTIVE : TransactionState.NOT_STARTED;
    }

    @Override
    Mono<Void> beforeCommit() {
        return Mono.defer(() -> isRollbackOnly() ? Mono.empty() : hooks().runBeforeCommit());
    }

    @Override
    Mono<Void> sendRollback() {
        return handle().rollbackTransaction();
    }

    @Override
    Mono<Void> release() {
        return handle().close();
    }
}
