package dev.switchboard.core;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/**
 * How many connections to one address may be on their way at a time. As long as it answers, as many as the budget says, or 64.
 * After a failure it is one, and not before a pause, which doubles with each further failure and is a little different each
 * time, so that many programs do not come back together; then each success doubles the number. So a server that comes back
 * is not run over by everybody who waits for it. Guarded by the lock of its {@link Admission}.
 */
final class ConnectPace {

    /** More handshakes at a time make none of them quicker. */
    static final int MOST = 64;

    private static final Duration FIRST_PAUSE = Duration.ofMillis(25);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);
    private static final int MOST_DOUBLINGS = 10;

    private final AdmissionQueue queue;
    private final String address;
    private final Scheduler timer;
    private final CircuitBreakers.@Nullable Breaker breaker;
    private int allowed = MOST;
    private int opening;
    private int connecting;
    private int failures;
    private long failedNanos;
    private long notBeforeNanos;
    private @Nullable String reason;

    ConnectPace(AdmissionQueue queue, String address, Scheduler timer, CircuitBreakers.@Nullable Breaker breaker) {
        this.queue = queue;
        this.address = address;
        this.timer = timer;
        this.breaker = breaker;
    }

    /**
     * The last failure of an address that has not answered since.
     *
     * @param address where
     * @param reason the class of the cause
     * @param ago for how long it has been so
     */
    record Failure(String address, String reason, Duration ago) {}

    CircuitBreakers.@Nullable Breaker breaker() {
        return breaker;
    }

    long nowNanos() {
        return timer.now(TimeUnit.NANOSECONDS);
    }

    /** Why nobody could connect lately; null where somebody could. */
    @Nullable
    Failure lastFailure() {
        return queue.admission()
                .look(() -> reason == null
                        ? null
                        : new Failure(address, reason, Duration.ofNanos(Math.max(0, nowNanos() - failedNanos))));
    }

    /** The address has answered whoever began at that moment. */
    void answered(long begunNanos) {
        boolean isFaster = queue.admission().look(() -> {
            boolean isNews = allowed < MOST && begunNanos - failedNanos > 0;
            if (isNews) {
                failures = 0;
                reason = null;
                allowed = Math.min(MOST, 2 * allowed);
            }
            return isNews;
        });
        if (isFaster) {
            queue.admission().reconsider(queue);
        }
    }

    /** Whoever began at that moment got no connection. */
    void failed(long begunNanos, Throwable failure) {
        Duration pause = queue.admission().look(() -> failedNow(begunNanos, ErrorFacts.kind(failure)));
        if (pause != null) {
            timer.schedule(() -> queue.admission().reconsider(queue), pause.toNanos(), TimeUnit.NANOSECONDS);
        }
        // Where a breaker has opened by this, nobody waits any more.
        queue.admission().reconsider(queue);
    }

    // ---- under the lock

    /** Those who were on their way together fail together, and that is one failure. */
    private @Nullable Duration failedNow(long begunNanos, String kind) {
        boolean isNews = failures == 0 || begunNanos - failedNanos > 0;
        long now = nowNanos();
        failedNanos = now;
        reason = kind;
        allowed = 1;
        if (!isNews) {
            return null;
        }
        Duration pause = pause(failures);
        failures++;
        notBeforeNanos = now + pause.toNanos();
        return pause;
    }

    /** Half of it to one and a half. */
    private static Duration pause(int failuresBefore) {
        Duration doubled = FIRST_PAUSE.multipliedBy(1L << Math.min(failuresBefore, MOST_DOUBLINGS));
        long nanos = (doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE).toNanos();
        return Duration.ofNanos(nanos / 2 + ThreadLocalRandom.current().nextLong(nanos));
    }

    private boolean isPausing() {
        return failures > 0 && nowNanos() - notBeforeNanos < 0;
    }

    /** Where a breaker is open everybody may try, and hears at once that it is. */
    private boolean isOpen() {
        return breaker != null && breaker.isOpen();
    }

    private int allowed() {
        return Math.min(allowed, queue.openings());
    }

    /** Whether whoever would have to open a connection waits rather than gets a ticket for it. */
    boolean holdsBack() {
        return (opening >= allowed() || isPausing()) && !isOpen();
    }

    /** Whether one more socket may be connected now. */
    boolean mayConnect() {
        return (connecting < allowed() && !isPausing()) || isOpen();
    }

    /** So many more are promised and not open, or so many fewer. */
    void opening(int change) {
        opening += change;
    }

    /** So many more are on their way, or so many fewer. */
    void connecting(int change) {
        connecting += change;
    }
}
