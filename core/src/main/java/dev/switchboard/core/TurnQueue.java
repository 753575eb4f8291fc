package dev.switchboard.core;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/**
 * One exchange at a time on one connection, in the order in which they were subscribed. A statement that waits behind a
 * result nobody reads from is told so after the overlap time-out instead of waiting for ever.
 */
final class TurnQueue {

    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Deque<Turn> waiting = new ArrayDeque<>();
    private final Scheduler timer;
    private final ExchangeOptions options;
    private final Supplier<@Nullable String> connectionName;
    private final Sinks.Empty<Void> idle = Sinks.empty();
    private final AtomicBoolean refusing = new AtomicBoolean();
    private @Nullable Turn current;
    private @Nullable Function<String, Throwable> closed;

    TurnQueue(Scheduler timer, ExchangeOptions options, Supplier<@Nullable String> connectionName) {
        this.connectionName = connectionName;
        this.timer = timer;
        this.options = options;
    }

    Turn turn(String sql, boolean endsTransaction) {
        return new Turn(this, sql, endsTransaction);
    }

    void enter(Turn turn) {
        Turn ahead;
        Function<String, Throwable> refusal;
        synchronized (this) {
            refusal = closed;
            ahead = current;
            if (refusal == null) {
                if (ahead == null) {
                    current = turn;
                } else {
                    waiting.add(turn);
                }
            }
        }
        if (refusal != null) {
            turn.refuse(refusal.apply(turn.sql()));
        } else if (ahead == null) {
            turn.admit();
        } else {
            waitBehind(ahead, turn);
        }
    }

    private void waitBehind(Turn ahead, Turn turn) {
        OpenExchange exchange = ahead.exchange();
        if (exchange != null) {
            if (turn.endsTransaction()) {
                exchange.mayCostTransaction();
            }
            if (exchange.giveWay()) {
                // Not the end of it: others may be in the queue before this turn.
                watch(turn, options.overlapTimeout().toNanos());
                return;
            }
        }
        boolean abandoned = exchange == null ? ahead.isCancelled() : exchange.isAbandoned();
        if (options.strictOverlap() && !abandoned && !turn.endsTransaction()) {
            giveUp(turn, ahead, Duration.ZERO);
        } else {
            watch(turn, options.overlapTimeout().toNanos());
        }
    }

    /** Looks again after a while: only an exchange without demand for the whole overlap time-out is an obstacle. */
    private void watch(Turn turn, long delay) {
        timer.schedule(() -> look(turn), Math.max(1, delay), TimeUnit.NANOSECONDS);
    }

    private void look(Turn turn) {
        Turn ahead;
        synchronized (this) {
            if (!waiting.contains(turn)) {
                return;
            }
            ahead = current;
        }
        long limit = options.overlapTimeout().toNanos();
        OpenExchange exchange = ahead == null ? null : ahead.exchange();
        long stalled = exchange == null ? 0 : exchange.stalledNanos();
        if (exchange == null || stalled < limit) {
            watch(turn, limit - stalled);
        } else if (exchange.discardUnread()) {
            watch(turn, limit);
        } else if (ahead != null) {
            giveUpAlone(turn, ahead);
        }
    }

    /**
     * One at a time: a refusal usually makes its chain cancel the others that wait here. Refused at the same moment, they
     * would be errors that nobody can take any more.
     */
    private void giveUpAlone(Turn turn, Turn ahead) {
        if (!refusing.compareAndSet(false, true)) {
            watch(turn, LOOK_AGAIN_NANOS);
            return;
        }
        try {
            giveUp(turn, ahead, options.overlapTimeout());
        } finally {
            refusing.set(false);
        }
    }

    private void giveUp(Turn turn, Turn ahead, Duration waited) {
        synchronized (this) {
            if (!waiting.remove(turn)) {
                return;
            }
        }
        turn.refuse(new OverlappingStatementException(connectionName.get(), turn.sql(), ahead.sql(), waited));
    }

    /** Why nothing may begin any more, or null while the queue is open. */
    @Nullable
    Throwable refusal(String sql) {
        Function<String, Throwable> reason;
        synchronized (this) {
            reason = closed;
        }
        return reason == null ? null : reason.apply(sql);
    }

    /** Tells an exchange that begins what came while it was not there to be told. */
    void begins(OpenExchange exchange) {
        boolean closing;
        boolean rollbackWaits;
        synchronized (this) {
            closing = closed != null;
            rollbackWaits = waiting.stream().anyMatch(Turn::endsTransaction);
        }
        if (closing) {
            exchange.closing();
        } else if (rollbackWaits) {
            exchange.mayCostTransaction();
        }
    }

    void left(Turn turn) {
        Turn next = null;
        boolean empty = false;
        synchronized (this) {
            if (current == turn) {
                next = waiting.poll();
                current = next;
                empty = next == null && closed != null;
            } else {
                waiting.remove(turn);
            }
        }
        if (next != null) {
            next.admit();
        }
        if (empty) {
            idle.tryEmitEmpty();
        }
    }

    /** Refuses new exchanges, sends the waiting ones away and completes when the one at hand has ended. */
    Mono<Void> close(Function<String, Throwable> reason) {
        List<Turn> dismissed;
        Turn last;
        synchronized (this) {
            closed = reason;
            dismissed = new ArrayList<>(waiting);
            waiting.clear();
            last = current;
        }
        dismissed.forEach(turn -> turn.refuse(reason.apply(turn.sql())));
        if (last == null) {
            return Mono.empty();
        }
        OpenExchange exchange = last.exchange();
        if (exchange == null) {
            last.cancel();
        } else {
            exchange.closing();
        }
        return idle.asMono();
    }
}
