package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/** A transaction on a connection of its own. */
final class RootTransaction extends TransactionScope {

    private final AtomicInteger savepoints = new AtomicInteger();

    RootTransaction(SwitchboardConnection handle, HintBinding binding, TransactionOptions options) {
        super(handle, binding, options);
    }

    String nextSavepoint() {
        return "switchboard_" + savepoints.incrementAndGet();
    }

    @Override
    Mono<Void> sendBegin() {
        return options().isPlain() ? handle().beginTransaction() : handle().beginTransaction(options());
    }

    @Override
    Mono<Void> sendCommit() {
        return handle().commitTransaction();
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
