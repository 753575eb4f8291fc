package dev.switchboard.core;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import reactor.core.scheduler.Scheduler;

/** Tells the time of a registry by the timer that it was given, so that it stands still where that does. */
record RegistryClock(Scheduler timer) {

    Instant now() {
        return Instant.ofEpochMilli(timer.now(TimeUnit.MILLISECONDS));
    }

    /** For lengths only: they begin anywhere. */
    long nanos() {
        return timer.now(TimeUnit.NANOSECONDS);
    }

    Duration since(long nanos) {
        return Duration.ofNanos(Math.max(0, nanos() - nanos));
    }

    /** The moment of these nanoseconds. */
    Instant at(long nanos) {
        return now().minus(since(nanos));
    }
}
