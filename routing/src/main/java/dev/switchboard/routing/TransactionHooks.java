package dev.switchboard.routing;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a program wants to run around the end of a transaction. A hook may add further ones. */
final class TransactionHooks {

    private final Queue<Mono<Void>> beforeCommit = new ConcurrentLinkedQueue<>();
    private final Queue<Mono<Void>> afterCommit = new ConcurrentLinkedQueue<>();
    private final Queue<Mono<Void>> afterRollback = new ConcurrentLinkedQueue<>();

    void addBeforeCommit(Mono<Void> hook) {
        beforeCommit.add(hook);
    }

    void addAfterCommit(Mono<Void> hook) {
        afterCommit.add(hook);
    }

    void addAfterRollback(Mono<Void> hook) {
        afterRollback.add(hook);
    }

    /** Those of a nested transaction become those of the outer one, whose end is theirs. */
    void moveTo(TransactionHooks outer) {
        outer.beforeCommit.addAll(beforeCommit);
        outer.afterCommit.addAll(afterCommit);
        outer.afterRollback.addAll(afterRollback);
        beforeCommit.clear();
        afterCommit.clear();
        afterRollback.clear();
    }

    /** The first failure ends it. */
    Mono<Void> runBeforeCommit() {
        return each(beforeCommit).concatMap(hook -> hook, 0).then();
    }

    /** All of them run; fails afterwards where any failed. */
    Mono<Void> runAfter(TransactionState end) {
        return switch (end) {
            case COMMITTED ->
                each(afterCommit).concatMapDelayError(hook -> hook).then();
            case ROLLED_BACK ->
                each(afterRollback).concatMapDelayError(hook -> hook).then();
            default -> Mono.empty();
        };
    }

    private static Flux<Mono<Void>> each(Queue<Mono<Void>> hooks) {
        return Flux.generate(sink -> {
            Mono<Void> next = hooks.poll();
            if (next == null) {
                sink.complete();
            } else {
                sink.next(next);
            }
        });
    }
}
