package dev.switchboard.jdbc;

import java.time.Duration;

/**
 * Tells a running statement to stop: it was cancelled, or its time is used up. The database asks it while it works; only
 * {@link #cancel()} and {@link #close()} are called from other threads, everything else belongs to the worker. The time counts while the
 * database works on the statement, not while rows wait for demand.
 */
final class StopSignal {
    private final long budgetNanos;
    private volatile boolean cancelled;
    private volatile boolean closing;
    private volatile Runnable hook = () -> {};
    private long usedNanos;
    private long enteredAt;

    StopSignal(Duration statementTimeout) {
        this.budgetNanos = statementTimeout.isZero() ? 0 : Math.max(1, Nanos.of(statementTimeout));
    }

    static StopSignal unlimited() {
        return new StopSignal(Duration.ZERO);
    }

    /** Nobody listens any more. */
    void cancel() {
        cancelled = true;
        hook.run();
    }

    /** The connection closes; who listens gets an error. */
    void close() {
        closing = true;
        hook.run();
    }

    /** What tells a database to stop that does not ask; runs on the thread of who stops, so it must only start that. */
    void whenStopped(Runnable stop) {
        hook = stop;
    }

    /** What is left of the time; asked on the worker. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, budgetNanos - usedNanos));
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** The time begins anew, for the next statement of the same caller. */
    void restart() {
        usedNanos = 0;
    }

    void enter() {
        if (budgetNanos != 0) {
            enteredAt = System.nanoTime();
        }
    }

    void leave() {
        if (budgetNanos != 0) {
            usedNanos += System.nanoTime() - enteredAt;
        }
    }

    /** Whether the time is used up; asked between {@link #enter()} and {@link #leave()}. */
    boolean isExpired() {
        return budgetNanos != 0 && usedNanos + System.nanoTime() - enteredAt >= budgetNanos;
    }

    boolean mustStop() {
        return cancelled || closing || isExpired();
    }

    Duration budget() {
        return Duration.ofNanos(budgetNanos);
    }
}
