package dev.switchboard.core;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One exchange's place in the order of its handle. A turn is left exactly once: at once when its subscriber cancels between
 * two steps, otherwise when the step at hand has ended, so that nothing is sent while the connection is still busy.
 */
final class Turn {

    private static final int BUSY = 1;
    private static final int CANCELLED = 2;
    private static final int LEFT = 4;

    private final TurnQueue queue;
    private final String sql;
    private final boolean endsTransaction;
    private final AtomicInteger state = new AtomicInteger();
    private final Sinks.Empty<Void> mine = Sinks.empty();
    private volatile @Nullable OpenExchange exchange;

    Turn(TurnQueue queue, String sql, boolean endsTransaction) {
        this.queue = queue;
        this.sql = sql;
        this.endsTransaction = endsTransaction;
    }

    String sql() {
        return sql;
    }

    /** Whether this turn rolls back or closes, so that an abandoned exchange before it may cost the transaction. */
    boolean endsTransaction() {
        return endsTransaction;
    }

    @Nullable
    OpenExchange exchange() {
        return exchange;
    }

    void exchange(OpenExchange opened) {
        exchange = opened;
        queue.begins(opened);
    }

    /** Queues at subscription, completes when it is this turn's time. */
    Mono<Void> mine() {
        return Mono.defer(() -> {
            queue.enter(this);
            if ((state.get() & LEFT) != 0) {
                queue.left(this); // a cancel came between subscription and here, when there was nothing to leave yet
            }
            return mine.asMono();
        });
    }

    void admit() {
        mine.tryEmitEmpty();
    }

    void refuse(Throwable reason) {
        state.getAndUpdate(now -> now | LEFT);
        mine.tryEmitError(reason);
    }

    /** Begins a step that a cancel must not interrupt; false when the subscriber has left already. */
    boolean begin() {
        while (true) {
            int now = state.get();
            if ((now & (CANCELLED | LEFT)) != 0) {
                return false;
            }
            if (state.compareAndSet(now, now | BUSY)) {
                return true;
            }
        }
    }

    /** What a subscriber hears for whom {@link #begin()} was refused: why the handle closed; one who left hears nothing. */
    <T> Mono<T> refused() {
        Throwable reason = queue.refusal(sql);
        return reason == null ? Mono.never() : Mono.error(reason);
    }

    /** Ends a step; the turn goes on unless its subscriber left meanwhile. */
    void end() {
        int before = state.getAndUpdate(now -> now & ~BUSY);
        if ((before & CANCELLED) != 0) {
            leave();
        }
    }

    void cancel() {
        int before = state.getAndUpdate(now -> now | CANCELLED);
        if ((before & BUSY) == 0) {
            leave();
        }
    }

    boolean isCancelled() {
        return (state.get() & CANCELLED) != 0;
    }

    /** Lets the next turn go on; only the first call counts. */
    void leave() {
        if ((state.getAndUpdate(now -> now | LEFT) & LEFT) == 0) {
            queue.left(this);
        }
    }
}
