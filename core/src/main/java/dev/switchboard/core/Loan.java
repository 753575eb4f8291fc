package dev.switchboard.core;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/** One borrower's time with a connection, from its delivery to its return, and whether that is too long. */
final class Loan {

    private static final Logger LOGGER = LoggerFactory.getLogger(Loan.class);

    private final PoolReport report;
    private final ConnectionLife life;
    private volatile @Nullable Disposable watch;
    private volatile @Nullable Origin origin;
    private volatile long begunNanos;
    private volatile boolean begun;

    Loan(PoolReport report, ConnectionLife life) {
        this.report = report;
        this.life = life;
    }

    /** The borrower gets the connection, having waited since then. */
    void begins(Route route, long waitingSinceNanos) {
        Duration waited = report.since(waitingSinceNanos);
        begunNanos = report.nanos();
        begun = true;
        life.used();
        report.measure(metrics -> metrics.acquired(waited.toNanos(), true));
        report.tell(time -> new ConnectionEvent.Acquired(report.name(), life.id(), time, waited));
        Duration threshold = report.leakThreshold();
        if (threshold != null) {
            watch = report.timer().schedule(() -> tooLong(route), threshold.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /** Whose it is, for when it lasts too long. */
    void heldBy(Origin chain) {
        origin = chain;
    }

    private void tooLong(Route route) {
        Origin chain = origin;
        Duration held = report.since(begunNanos);
        String holder = (route.readOnly() ? "read-only" : "read-write") + " on " + ErrorText.quoted(route.shownName())
                + (chain == null ? "" : ", assembled: " + chain);
        LOGGER.warn(
                "Connection '{}' has been on loan for {}: is it never closed? Held by {}",
                report.name(),
                ErrorText.duration(held),
                holder);
        report.measure(ConnectionMetrics.OfPool::leakSuspected);
        report.tell(time -> new ConnectionEvent.LeakSuspected(report.name(), life.id(), time, held, holder));
    }

    /** The connection is back, or closed; where nobody had got it there is nothing to tell. */
    void ends() {
        Disposable watching = watch;
        if (watching != null) {
            watching.dispose();
        }
        if (!begun) {
            return;
        }
        begun = false;
        Duration held = report.since(begunNanos);
        report.measure(metrics -> metrics.returned(held.toNanos()));
        report.tell(time -> new ConnectionEvent.Returned(report.name(), life.id(), time, held));
    }
}
