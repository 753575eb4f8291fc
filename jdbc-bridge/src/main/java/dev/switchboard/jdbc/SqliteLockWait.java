package dev.switchboard.jdbc;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.sqlite.BusyHandler;

/** Asked by SQLite whenever a lock is taken; naps until it is free, the time is used up or the statement is stopped. */
final class SqliteLockWait extends BusyHandler {
    static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long SHORTEST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(250);

    private final BooleanSupplier mustStop;
    private long patienceNanos;
    private long waitingSince;
    private long waitedNanos;
    private boolean waited;

    SqliteLockWait(BooleanSupplier mustStop) {
        this.mustStop = mustStop;
    }

    void setPatience(Duration patience) {
        patienceNanos = Nanos.of(patience);
    }

    long patienceNanos() {
        return patienceNanos;
    }

    /** A statement begins. */
    void begin() {
        waited = false;
    }

    /** Whether the statement at work has waited. */
    boolean hasWaited() {
        return waited;
    }

    /** How long it was ready to wait. */
    long waitedNanos() {
        return waitedNanos;
    }

    @Override
    protected int callback(int earlierCalls) {
        long now = System.nanoTime();
        if (earlierCalls == 0) {
            waitingSince = now;
        }
        waited = true;
        waitedNanos = patienceNanos;
        long left = patienceNanos - (now - waitingSince);
        if (left <= 0 || mustStop.getAsBoolean()) {
            return 0;
        }
        long nap = Math.min(LONGEST_NAP_NANOS, SHORTEST_NAP_NANOS << Math.min(earlierCalls, 10));
        LockSupport.parkNanos(Math.min(nap, left));
        return 1;
    }
}
