package dev.switchboard.core;

import java.time.Duration;
import reactor.core.publisher.Mono;

/** Brings a handle's connection back: rolled back and reset, or closed where that cannot be had. */
final class SessionReturn {

    private final HandleSession session;
    private final Lease held;
    private final SessionChanges changes;

    SessionReturn(HandleSession session, Lease held, SessionChanges changes) {
        this.session = session;
        this.held = held;
        this.changes = changes;
    }

    Mono<Void> run() {
        PhysicalConnection physical = held.physical();
        if (session.isBroken() || physical.isGone()) {
            return held.forceDiscard();
        }
        return session.inTransaction() || changes.any() ? afterReset(session.rollback()) : held.release();
    }

    /** The same for a connection that the handle goes on without, to another one, outside of any transaction. */
    Mono<Void> handOver() {
        if (session.isBroken() || held.physical().isGone()) {
            return held.forceDiscard();
        }
        return changes.any() ? afterReset(Mono.empty()) : held.release();
    }

    private Mono<Void> afterReset(Mono<Void> before) {
        Duration limit = held.pool().options().resetTimeout();
        return before.then(Mono.defer(this::reset))
                .timeout(limit, session.timer())
                .then(Mono.defer(this::letGo))
                .onErrorResume(failure -> held.forceDiscard());
    }

    private Mono<Void> reset() {
        PhysicalConnection physical = held.physical();
        return session.isBroken() || !SessionReset.possible(physical, changes)
                ? Mono.empty()
                : Mono.from(session.offloaded(Mono.defer(() -> SessionReset.undo(physical, changes))));
    }

    private Mono<Void> letGo() {
        if (session.isBroken()) {
            return held.forceDiscard();
        }
        return SessionReset.possible(held.physical(), changes) ? held.release() : held.discard();
    }
}
