package dev.switchboard.routing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * One of the databases that a fan-out asks.
 *
 * @param shard the name of the connection
 * @param hints lead there
 */
record FanOutTarget(String shard, Function<Context, Context> hints) {

    private static final int LOOKS = 4;

    /** The query here, from its begin to its end within the time; for ever where there is none. */
    <T> Flux<T> asked(Flux<T> query, @Nullable Duration limit) {
        Flux<T> routed = query.contextWrite(hints);
        return limit == null ? routed : ended(routed, Mono.delay(limit), limit);
    }

    /** By a completion: an error of the other publisher would leave the query running, and its connection in use. */
    private <T> Flux<T> ended(Flux<T> query, Mono<Long> end, Duration limit) {
        return Flux.defer(() -> {
            AtomicBoolean late = new AtomicBoolean();
            return query.takeUntilOther(end.doOnNext(tick -> late.set(true)))
                    .concatWith(Mono.defer(() -> late.get() ? Mono.error(late(limit)) : Mono.empty()));
        });
    }

    /** The query here, whose rows each come within the time from when they are asked for. The reader's time does not count. */
    <T> Flux<T> streamed(Flux<T> query, @Nullable Duration limit) {
        Flux<T> routed = query.contextWrite(hints);
        return limit == null
                ? routed
                : Flux.defer(() -> {
                    Stall stall = new Stall();
                    Flux<T> watched =
                            routed.doOnNext(row -> stall.came.incrementAndGet()).doOnRequest(stall::asked);
                    Mono<Long> stalled = Flux.interval(limit.dividedBy(LOOKS).plusNanos(1))
                            .filter(tick -> stall.lasts())
                            .next();
                    return ended(watched, stalled, limit);
                });
    }

    private ShardTimeoutException late(Duration limit) {
        return new ShardTimeoutException(shard, limit);
    }

    /** The same error, which says where it came from. */
    Throwable named(Throwable failure) {
        if (!(failure instanceof ShardTimeoutException || failure instanceof ShardOrderException)) {
            failure.addSuppressed(new ShardOfError(shard));
        }
        return failure;
    }

    /** Whether rows are asked for and none came since a few looks ago. Only who looks counts looks. */
    private static final class Stall {

        private final AtomicLong wanted = new AtomicLong();
        private final AtomicLong came = new AtomicLong();
        private long seen = -1;
        private int looks;

        void asked(long rows) {
            wanted.accumulateAndGet(rows, (one, more) -> one + more < 0 ? Long.MAX_VALUE : one + more);
        }

        boolean lasts() {
            long now = came.get();
            looks = now == seen && now < wanted.get() ? looks + 1 : 0;
            seen = now;
            return looks >= LOOKS;
        }
    }

    /** Says in a stack trace where an error came from. */
    private static final class ShardOfError extends RuntimeException {

        private static final long serialVersionUID = 1L;

        ShardOfError(String shard) {
            super("signalled by the shard " + Shown.quoted(shard), null, false, false);
        }
    }
}
