package dev.switchboard.core;

import org.jspecify.annotations.Nullable;

/** One attempt to open a connection, as the pace and the breaker of its address hear of it. */
final class ConnectAttempt {

    private final SlotPool pool;
    private final @Nullable ConnectPace pace;
    private final CircuitBreakers.@Nullable Breaker breaker;
    private final long begunNanos;

    ConnectAttempt(SlotPool pool) {
        this.pool = pool;
        this.pace = pool.lane().pace();
        this.breaker = pace == null ? null : pace.breaker();
        this.begunNanos = pool.nowNanos();
    }

    boolean isPermitted() {
        return breaker == null || breaker.tryAcquirePermission();
    }

    CircuitOpenException refusal() {
        ConnectPace.Failure last = pace == null ? null : pace.lastFailure();
        return new CircuitOpenException(
                pool.definition().name(), pool.definition().where(), last);
    }

    void answered() {
        if (breaker != null) {
            breaker.succeeded(pool.nowNanos() - begunNanos);
        }
        if (pace != null) {
            pace.answered(begunNanos);
        }
    }

    /** Which failure it was decides what it says about the address. */
    void failed(Throwable described) {
        if (pool.isDraining() || described instanceof PasswordUnavailableException) {
            released();
        } else if (ConnectFailures.isOfAddress(described)) {
            if (breaker != null) {
                breaker.failed(pool.nowNanos() - begunNanos, described);
            }
            if (pace != null) {
                pace.failed(begunNanos, described);
            }
        } else {
            answered();
        }
    }

    void released() {
        if (breaker != null) {
            breaker.released();
        }
    }
}
