package dev.switchboard.core;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.ContextView;

/**
 * Where borrowers of a name, and of its overrides, wait while the name is paused. Who has gone through is counted until it has its
 * connection, or none: when nobody is inside of a closed gate, nobody is on the way to a connection either.
 */
final class Gate {

    /** One closing of the gate, from its begin to its end. */
    private record Pause(long sinceNanos, Sinks.Empty<Void> end, AtomicInteger waiting) {}

    private final AtomicReference<@Nullable Pause> pause = new AtomicReference<>();
    private final AtomicInteger inside = new AtomicInteger();
    private volatile Sinks.Empty<Void> emptied = Sinks.empty();

    /**
     * Does the work when the gate is open, or at once for a chain that holds a connection of the name already: what is before the
     * pause may need a second one to come to its end.
     *
     * @param tooMany why one more may not wait, told how many do; null where it may
     */
    Mono<Void> through(ContextView context, String name, IntFunction<@Nullable Throwable> tooMany, Mono<Void> work) {
        return Mono.defer(() -> {
            inside.incrementAndGet();
            Pause closed = pause.get();
            if (closed == null || HeldConnections.holds(context, name)) {
                return work.doFinally(signal -> leaves());
            }
            leaves();
            Throwable refusal = tooMany.apply(closed.waiting().getAndIncrement());
            Mono<Void> wait = refusal == null ? closed.end().asMono() : Mono.error(refusal);
            return wait.doFinally(signal -> closed.waiting().decrementAndGet())
                    .then(through(context, name, tooMany, work));
        });
    }

    private void leaves() {
        if (inside.decrementAndGet() == 0 && pause.get() != null) {
            emptied.tryEmitEmpty();
        }
    }

    /** Whether somebody is on the way to a connection. */
    boolean isEmpty() {
        return inside.get() == 0;
    }

    /** Completes when nobody is on the way any more. */
    Mono<Void> empty() {
        return Mono.defer(() -> {
            Sinks.Empty<Void> signal = Sinks.empty();
            emptied = signal;
            return isEmpty() ? Mono.empty() : signal.asMono();
        });
    }

    /** False where it is closed already. */
    boolean close(long nowNanos) {
        return pause.compareAndSet(null, new Pause(nowNanos, Sinks.empty(), new AtomicInteger()));
    }

    /** Lets those in who wait, in the order in which they came; says since when it was closed, or null where it was open. */
    @Nullable
    Long open() {
        Pause ended = pause.getAndSet(null);
        if (ended == null) {
            return null;
        }
        ended.end().tryEmitEmpty();
        return ended.sinceNanos();
    }

    boolean isClosed() {
        return pause.get() != null;
    }

    int waiting() {
        Pause closed = pause.get();
        return closed == null ? 0 : closed.waiting().get();
    }
}
