package dev.switchboard.core;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/**
 * Stands between a driver's stream and its reader, and turns the reader's cancel into what the driver survives: a cancel
 * where it may be passed on, otherwise reading on without a reader.
 *
 * @param <T> what the stream carries
 */
final class Piece<T> implements CoreSubscriber<T>, Subscription {

    /** What a row becomes once its reader has left. */
    static final Object DROPPED = new Object();

    /** Stands for a time without demand while the reader asks for more. */
    static final long IN_DEMAND = Long.MIN_VALUE;

    /** The value of {@link #withoutDemandSince(List, boolean)} where there is no reader who could ask. */
    static final long UNASKED = Long.MIN_VALUE + 1;

    private static final int LIVE = 0;
    private static final int LEFT = 1;
    private static final int EXPELLED = 2;
    private static final int ENDED = 3;

    /** Added to {@link #emitting} when the reader is to hear that it was expelled. */
    private static final int OVER = 1 << 30;

    private final OpenExchange exchange;
    private final @Nullable CoreSubscriber<? super T> reader;
    private final @Nullable Consumer<? super T> unwanted;
    private final boolean carriesResults;
    private final AtomicInteger state = new AtomicInteger(LIVE);
    private final AtomicLong demand = new AtomicLong();
    private final AtomicInteger emitting = new AtomicInteger();
    private final Sinks.Empty<Void> left = Sinks.empty();
    /** When demand ran out, in nanoseconds of the timer. */
    private volatile long withoutDemandSince;

    private volatile @Nullable Subscription upstream;

    private Piece(
            OpenExchange exchange,
            @Nullable CoreSubscriber<? super T> reader,
            @Nullable Consumer<? super T> unwanted,
            boolean carriesResults) {
        this.exchange = exchange;
        this.reader = reader;
        this.unwanted = unwanted;
        this.carriesResults = carriesResults;
        this.withoutDemandSince = exchange.nowNanos();
    }

    /** The driver's stream of results, or of whatever a command answers with. */
    static <T> Piece<T> ofCommand(
            OpenExchange exchange, CoreSubscriber<? super T> reader, Consumer<? super T> unwanted) {
        return new Piece<>(exchange, reader, unwanted, true);
    }

    /** A result that is being read. */
    static <T> Piece<T> ofRows(OpenExchange exchange, CoreSubscriber<? super T> reader) {
        return new Piece<>(exchange, reader, null, false);
    }

    /** A result that nobody wants any more: read to its end, or cancelled where the driver takes a cancel. */
    static Piece<Object> ofNobody(OpenExchange exchange) {
        Piece<Object> piece = new Piece<>(exchange, null, null, false);
        piece.state.set(LEFT);
        return piece;
    }

    boolean isLeft() {
        return state.get() != LIVE;
    }

    /** Completes when the reader leaves while the driver's stream goes on: what only the reader wanted ends with it. */
    Mono<Void> left() {
        return left.asMono();
    }

    boolean isEnded() {
        return state.get() == ENDED;
    }

    /** When the last of the readers ran out of demand; those of results come first, the command's counts where there are none. */
    static long withoutDemandSince(List<Piece<?>> pieces, boolean readers) {
        long since = UNASKED;
        for (Piece<?> piece : pieces) {
            if (piece.isLeft() || (readers && piece.carriesResults)) {
                continue;
            }
            long zero = piece.withoutDemandSince;
            if (zero == IN_DEMAND) {
                return IN_DEMAND;
            }
            since = Math.max(since, zero);
        }
        return since;
    }

    @Override
    public Context currentContext() {
        CoreSubscriber<? super T> to = reader;
        return to == null ? Context.empty() : to.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        upstream = subscription;
        CoreSubscriber<? super T> to = reader;
        if (to != null) {
            to.onSubscribe(this);
        } else if (exchange.passesCancel()) {
            subscription.cancel();
            end(false);
        } else {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n) && state.get() == LIVE) {
            demand.accumulateAndGet(n, Operators::addCap);
            withoutDemandSince = IN_DEMAND;
            forward(n);
        }
    }

    private void forward(long n) {
        Subscription source = upstream;
        if (source != null) {
            exchange.worker().request(source, n);
        }
    }

    @Override
    public void cancel() {
        if (!state.compareAndSet(LIVE, LEFT)) {
            return;
        }
        Subscription source = upstream;
        if (exchange.passesCancel() && source != null) {
            source.cancel();
            end(false);
        } else {
            readOn();
        }
    }

    private void readOn() {
        left.tryEmitEmpty();
        forward(Long.MAX_VALUE);
        exchange.changed(this, false);
    }

    /** The handle closes over the reader's head: read on for nobody; the reader hears of it at the stream's end. */
    void expel() {
        if (state.compareAndSet(LIVE, EXPELLED)) {
            Subscription source = upstream;
            if (exchange.passesCancel() && source != null) {
                source.cancel();
                abort();
            } else {
                readOn();
            }
        }
    }

    /** The connection was closed under the stream; it may never signal again. */
    void abort() {
        int before = end(true);
        if (before == LIVE || before == EXPELLED) {
            tellExpelled();
        }
    }

    /** Once, by whoever ended the piece; a reader that is in the middle of a value hears of it after that value. */
    private void tellExpelled() {
        if (emitting.getAndAdd(OVER) == 0) {
            over();
        }
    }

    private void over() {
        CoreSubscriber<? super T> to = reader;
        if (to != null) {
            to.onError(exchange.session().released("reading a result"));
        }
    }

    @Override
    public void onNext(T value) {
        CoreSubscriber<? super T> to = reader;
        if (to == null || value == DROPPED || state.get() != LIVE) {
            drop(value);
            return;
        }
        if (emitting.incrementAndGet() > OVER) {
            emitting.decrementAndGet();
            drop(value);
            return;
        }
        countDemand();
        to.onNext(value);
        if (emitting.decrementAndGet() == OVER) {
            over();
        }
    }

    private void countDemand() {
        if (demand.get() != Long.MAX_VALUE && demand.decrementAndGet() == 0) {
            withoutDemandSince = exchange.nowNanos();
            if (demand.get() > 0) {
                withoutDemandSince = IN_DEMAND; // a request came between the two lines above
            }
        }
    }

    private void drop(T value) {
        exchange.dropped();
        Consumer<? super T> consumer = unwanted;
        if (consumer != null) {
            consumer.accept(value);
        } else if (value != DROPPED) {
            Operators.onDiscard(value, currentContext());
        }
    }

    @Override
    public void onError(Throwable failure) {
        Throwable translated = exchange.translated(failure);
        int before = end(true);
        CoreSubscriber<? super T> to = reader;
        if (before == LIVE && to != null) {
            to.onError(translated);
        } else if (before == EXPELLED) {
            tellExpelled();
        }
    }

    @Override
    public void onComplete() {
        int before = end(false);
        CoreSubscriber<? super T> to = reader;
        if (before == LIVE && to != null) {
            to.onComplete();
        } else if (before == EXPELLED) {
            tellExpelled();
        }
    }

    /** Accounts for the end before the reader hears of it. */
    private int end(boolean failed) {
        int before = state.getAndSet(ENDED);
        if (before != ENDED) {
            exchange.changed(this, failed);
        }
        return before;
    }
}
