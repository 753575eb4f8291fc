package dev.switchboard.routing;

import dev.switchboard.core.TransactionStateException;
import reactor.core.publisher.Mono;

/** A savepoint inside of a running transaction. */
final class NestedTransaction extends TransactionScope {

    private final TransactionScope outer;
    private final RootTransaction root;
    private final String savepoint;

    NestedTransaction(TransactionScope outer) {
        super(outer.handle(), outer.binding(), outer.options());
        this.outer = outer;
        this.root = outer instanceof NestedTransaction nested ? nested.root : (RootTransaction) outer;
        this.savepoint = root.nextSavepoint();
    }

    @Override
    Mono<Void> sendBegin() {
        return outer.ready().then(Mono.defer(() -> {
            if (!outer.opened(this)) {
                return Mono.error(new TransactionStateException(
                        handle().connectionName(),
                        "two nested transactions are open at once in one transaction",
                        "Run them one after the other, with concatMap(..) instead of flatMap(..) for example"));
            }
            return handle().createSavepoint(savepoint);
        }));
    }

    @Override
    Mono<Void> sendCommit() {
        return handle().releaseSavepoint(savepoint)
                .doOnSuccess(unused -> hooks().moveTo(outer.hooks()))
                .onErrorResume(failure -> sendRollback()
                        .onErrorResume(second -> attach(second, failure))
                        .then(Mono.error(failure)));
    }

    /** Whether its savepoint is still there to roll back to is not known then. */
    @Override
    void leftWhileCommitting() {
        outer.doom("was cancelled while it ended (by take, first, next or a time-out)", null);
    }

    @Override
    Mono<Void> sendRollback() {
        return handle().rollbackTransactionToSavepoint(savepoint)
                .then(handle().releaseSavepoint(savepoint))
                .doOnError(failure -> outer.doom("could not roll back to its savepoint", failure))
                .doOnCancel(this::leftWhileCommitting);
    }

    @Override
    TransactionState openState() {
        return outer.state();
    }

    /** Its hooks wait for the outermost commit. */
    @Override
    Mono<Void> beforeCommit() {
        return Mono.empty();
    }

    @Override
    Mono<Void> release() {
        return Mono.fromRunnable(() -> outer.closed(this));
    }

    @Override
    void settleAfter(Mono<Void> done) {
        outer.waitFor(done);
    }
}
