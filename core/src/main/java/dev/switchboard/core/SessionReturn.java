package dev.switchboard.core;

import java.time.Duration;
import reactor.core.publisher.Mono;

/** Brings a handle's connection back: rolled back and reset, or closed where that cannot be had. */
final class SessionReturn {

    private final HandleSession session;
    private final Lease held;

    SessionReturn(HandleSession session, Lease held) {
        this.session = session;
        this.held = held;
    }

    Mono<Void> run() {
        PhysicalConnection physical = held.physical();
        if (session.isBroken() || physical.isGone()) {
            return held.forceDiscard();
        }
        if (!session.inTransaction() && !session.changes().any()) {
            return held.release();
        }
        Duration limit = held.pool().options().resetTimeout();
        return session.rollback()
                .then(Mono.defer(this::reset))
                .timeout(limit, session.timer())
                .then(Mono.defer(this::letGo))
                .onErrorResume(failure -> held.forceDiscard());
    }

    private Mono<Void> reset() {
        PhysicalConnection physical = held.physical();
        return session.isBroken() || !SessionReset.possible(physical, session.changes())
                ? Mono.empty()
                : Mono.from(session.offloaded(Mono.defer(() -> SessionReset.undo(physical, session.changes()))));
    }

    private Mono<Void> letGo() {
        if (session.isBroken()) {
            return held.forceDiscard();
        }
        return SessionReset.possible(held.physical(), session.changes()) ? held.release() : held.discard();
    }
}
