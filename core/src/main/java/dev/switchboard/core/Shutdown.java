package dev.switchboard.core;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The end of a registry: who is waited for, for how long, and what had to be closed by force. */
final class Shutdown {

    private static final Logger LOGGER = LoggerFactory.getLogger(Shutdown.class);

    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofDays(1);

    /** What closing by force needs: the server is told to stop, and answers. */
    private static final Duration LONGEST_FORCING = Duration.ofSeconds(2);

    private final RegistryCore core;
    private final Sinks.Empty<Void> hurried = Sinks.empty();
    private final Queue<ShutdownReport.Forced> forced = new ConcurrentLinkedQueue<>();
    private volatile boolean begun;

    Shutdown(RegistryCore core) {
        this.core = core;
    }

    /** Completes after so long, or when nobody may take his time any more. */
    Mono<Void> patience(Duration longest) {
        return Mono.firstWithSignal(Mono.delay(longest, core.timer()).then(), hurried.asMono());
    }

    /** A connection is closed under its borrower. */
    void forced(SlotPool pool, ConnectionLife life) {
        InFlight running = life.running();
        life.ends(CloseReason.DRAIN_TIMED_OUT);
        LOGGER.warn(
                "Connection '{}': closed by force, since it was not given back in time; it was {}",
                pool.report().name(),
                running == null ? "held without a statement" : "running a statement");
        if (begun) {
            forced.add(
                    new ShutdownReport.Forced(pool.report().name(), life.id(), running == null ? null : running.sql()));
        }
    }

    /** Ends all names and waits for the end of everything. */
    Mono<Void> end(Mono<Void> names) {
        return Mono.defer(() -> {
            begun = true;
            return core.background()
                    .detached(names.doOnTerminate(core.events()::end))
                    .then(core.background().quiescent());
        });
    }

    /** The same in a time that is not exceeded. */
    Mono<ShutdownReport> within(Duration limit, Mono<Void> names) {
        Limits.between("limit", limit, SHORTEST, LONGEST);
        return Mono.defer(() -> {
            long since = core.clock().nanos();
            Duration quarter = limit.dividedBy(4);
            Duration forcing = quarter.compareTo(LONGEST_FORCING) < 0 ? quarter : LONGEST_FORCING;
            Disposable hurry = core.timer()
                    .schedule(hurried::tryEmitEmpty, limit.minus(forcing).toNanos(), TimeUnit.NANOSECONDS);
            return end(names)
                    .then(Mono.fromSupplier(() -> report(since, true)))
                    .timeout(limit, Mono.fromSupplier(() -> report(since, false)), core.timer())
                    .doOnSuccess(report -> hurry.dispose());
        });
    }

    private ShutdownReport report(long since, boolean isComplete) {
        return new ShutdownReport(core.clock().since(since), List.copyOf(forced), isComplete);
    }
}
