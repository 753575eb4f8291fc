package dev.switchboard.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Owns everything that must go on when nobody listens any more: draining, resetting, closing, a connection being opened
 * for a borrower who left. What it starts is bounded by its own time-outs and never cancelled.
 */
final class BackgroundWork {

    private static final Logger LOGGER = LoggerFactory.getLogger(BackgroundWork.class);

    private final List<Sinks.Empty<Void>> waiting = new ArrayList<>();
    private int active;

    /** Subscribes to the work now; a failure nobody waits for is logged. */
    void start(Mono<?> work) {
        enter();
        work.subscribe(
                ignored -> {},
                failure -> {
                    LOGGER.warn("Background work failed: {}", failure.toString());
                    leave();
                },
                this::leave);
    }

    /** Starts the work at the first subscription and lets it run to its end whoever leaves; all subscribers see that end. */
    Mono<Void> detached(Mono<Void> work) {
        Sinks.Empty<Void> end = Sinks.empty();
        AtomicBoolean started = new AtomicBoolean();
        return Mono.defer(() -> {
            if (started.compareAndSet(false, true)) {
                start(work.doOnError(end::tryEmitError).onErrorComplete().doOnSuccess(ignored -> end.tryEmitEmpty()));
            }
            return end.asMono();
        });
    }

    /**
     * Work that a cancel would leave half done, so it is never cancelled: who waits for it may stop waiting. It is not
     * counted, since it may never end: a driver may wait for a dead server as long as the network lets it.
     */
    <T> Mono<T> uncancelled(Mono<T> work) {
        return Mono.defer(() -> {
            Sinks.One<T> end = Sinks.one();
            work.subscribe(end::tryEmitValue, end::tryEmitError, end::tryEmitEmpty);
            return end.asMono();
        });
    }

    /** Listens as long as somebody wants it; that is no work to wait for. */
    Disposable listening(Flux<?> stream) {
        return stream.subscribe();
    }

    /** Marks work that runs under somebody else's subscription, such as a drain. Paired with {@link #leave()}. */
    synchronized void enter() {
        active++;
    }

    void leave() {
        List<Sinks.Empty<Void>> quiet;
        synchronized (this) {
            active--;
            if (active > 0 || waiting.isEmpty()) {
                return;
            }
            quiet = new ArrayList<>(waiting);
            waiting.clear();
        }
        quiet.forEach(Sinks.Empty::tryEmitEmpty);
    }

    /** Completes at a moment when no background work is active. */
    Mono<Void> quiescent() {
        return Mono.defer(() -> {
            Sinks.Empty<Void> quiet = Sinks.empty();
            synchronized (this) {
                if (active == 0) {
                    return Mono.empty();
                }
                waiting.add(quiet);
            }
            return quiet.asMono().doOnCancel(() -> forget(quiet));
        });
    }

    private synchronized void forget(Sinks.Empty<Void> quiet) {
        waiting.remove(quiet);
    }
}
