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
            return held.forceDiscard(CloseReason.BROKEN);
        }
        if (held.pool().options().alwaysReset()) {
            session.changes().unknown();
        }
        if (!session.inTransaction() && !session.changes().any()) {
            return held.release();
        }
        Duration limit = held.pool().options().resetTimeout();
        return session.rollback()
                .then(Mono.defer(this::reset))
                .timeout(limit, session.timer())
                .then(Mono.defer(this::letGo))
                .onErrorResume(failure -> held.forceDiscard(CloseReason.NOT_RESET));
    }

    /** The same for a handle that goes on: its session is then as it was when it was delivered. */
    Mono<Void> inPlace(Route route) {
        PhysicalConnection physical = held.physical();
        SlotPool pool = held.pool();
        if (!SessionReset.possible(physical, session.changes())) {
            return Mono.error(new UnsupportedFeatureException(
                    session.connectionName(),
                    physical.sheet().product(),
                    "a reset of what was changed in SQL",
                    "Close the connection, which discards its session then, and take another one"));
        }
        SlotPool.SessionRequest request =
                new SlotPool.SessionRequest(route, session.binding().capturedContext(), 0);
        return session.rollback()
                .then(Mono.defer(this::reset))
                .then(Mono.defer(() -> pool.preparation().establish(physical, request, pool)))
                .timeout(pool.options().resetTimeout(), session.timer())
                .doOnSuccess(done -> session.settings().forget())
                .doOnError(failure -> session.broken());
    }

    private Mono<Void> reset() {
        PhysicalConnection physical = held.physical();
        if (session.isBroken() || !SessionReset.possible(physical, session.changes())) {
            return Mono.empty();
        }
        PoolReport report = held.pool().report();
        long since = report.nanos();
        return Mono.from(session.offloaded(Mono.defer(() -> SessionReset.undo(physical, session.changes()))))
                .doOnSuccess(done -> report.reset(physical.life(), since));
    }

    private Mono<Void> letGo() {
        if (session.isBroken()) {
            return held.forceDiscard(CloseReason.BROKEN);
        }
        return SessionReset.possible(held.physical(), session.changes())
                ? held.release()
                : held.discard(CloseReason.NOT_RESET);
    }
}
