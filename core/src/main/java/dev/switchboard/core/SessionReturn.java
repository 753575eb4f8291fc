package dev.switchboard.core;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
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
        if (changes.areUntracked()) {
            held.physical().untracked();
        }
    }

    Mono<Void> run() {
        PhysicalConnection physical = held.physical();
        if (session.isBroken() || physical.isGone()) {
            session.binding().lost();
            return held.forceDiscard(CloseReason.BROKEN);
        }
        Mono<Void> written = Mono.defer(() -> written(session));
        return session.inTransaction() || mustReset()
                ? afterReset(session.rollback().then(written))
                : written.then(
                        Mono.defer(() -> session.isBroken() ? held.forceDiscard(CloseReason.BROKEN) : held.release()));
    }

    /** Lets the layer above look at the connection after a write; what goes wrong there is its own affair. */
    static Mono<Void> written(HandleSession session) {
        Lease held = session.lease().held();
        if (held == null || session.isBroken() || held.physical().isGone()) {
            session.binding().lost();
            return Mono.empty();
        }
        Mono<Void> look = session.binding().written(held.physical().driver());
        return look == Mono.<Void>empty()
                ? look
                : session.command(look)
                        .timeout(held.pool().options().resetTimeout(), session.timer())
                        // What did not answer may still be busy.
                        .doOnError(TimeoutException.class, late -> session.broken())
                        .doOnError(failure -> session.binding().lost())
                        .onErrorComplete();
    }

    /** The same for a connection that the handle goes on without, to another one, outside of any transaction. */
    Mono<Void> handOver() {
        if (session.isBroken() || held.physical().isGone()) {
            return held.forceDiscard(CloseReason.BROKEN);
        }
        return mustReset() ? afterReset(Mono.empty()) : held.release();
    }

    private boolean mustReset() {
        if (held.pool().options().alwaysReset()) {
            changes.unknown();
        }
        return changes.any();
    }

    private Mono<Void> afterReset(Mono<Void> before) {
        Duration limit = held.pool().options().resetTimeout();
        return before.then(Mono.defer(this::reset))
                .timeout(limit, session.timer())
                .then(Mono.defer(this::letGo))
                .doOnError(failure -> session.binding().lost())
                .onErrorResume(failure -> held.forceDiscard(CloseReason.NOT_RESET));
    }

    /** The same for a handle that goes on: its session is then as it was when it was delivered. */
    static Mono<Void> inPlace(HandleSession session) {
        Lease held = session.lease().held();
        Route route = session.decidedRoute();
        return held == null || route == null
                ? session.rollback().doOnSuccess(done -> session.settings().forget())
                : new SessionReturn(session, held, session.changes()).inPlace(route);
    }

    private Mono<Void> inPlace(Route route) {
        PhysicalConnection physical = held.physical();
        SlotPool pool = held.pool();
        if (!SessionReset.possible(physical, changes)) {
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
        if (session.isBroken() || !SessionReset.possible(physical, changes)) {
            return Mono.empty();
        }
        PoolReport report = held.pool().report();
        long since = report.nanos();
        return Mono.from(session.offloaded(Mono.defer(() -> SessionReset.undo(physical, changes))))
                .doOnSuccess(done -> report.reset(physical.life(), since));
    }

    private Mono<Void> letGo() {
        if (session.isBroken()) {
            return held.forceDiscard(CloseReason.BROKEN);
        }
        return SessionReset.possible(held.physical(), changes) ? held.release() : held.discard(CloseReason.NOT_RESET);
    }
}
