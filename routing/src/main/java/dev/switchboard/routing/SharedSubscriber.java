package dev.switchboard.routing;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Stands between an operator that shares and one of its subscribers: marks the hints that it gives to the stream, and looks
 * at what comes back.
 */
final class SharedSubscriber<T> implements CoreSubscriber<T>, Subscription, Scannable {

    private final CoreSubscriber<? super T> actual;
    private final Sharing sharing;
    private final RouteHints hints;
    private final Context context;
    private volatile @Nullable Subscription upstream;
    private final AtomicBoolean settled = new AtomicBoolean();
    private boolean done;
    private @Nullable SharedFetches seen;
    private int checked;

    SharedSubscriber(CoreSubscriber<? super T> actual, Sharing sharing) {
        this.actual = actual;
        this.sharing = sharing;
        sharing.joins();
        this.hints = RouteHints.from(actual.currentContext());
        this.context = hints.sharedBy(this).writeInto(actual.currentContext());
    }

    void fetched(SharedFetch fetch) {
        sharing.fetched(this, fetch);
    }

    @Nullable
    Subscription upstream() {
        return upstream;
    }

    /** What its rows came from until now. */
    @Nullable
    SharedFetches seen() {
        return seen;
    }

    @Override
    public Context currentContext() {
        return context;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        upstream = subscription;
        actual.onSubscribe(this);
    }

    @Override
    public void onNext(T value) {
        if (done) {
            Operators.onNextDropped(value, context);
            return;
        }
        RouteLeakException leak = leak();
        if (leak == null) {
            actual.onNext(value);
        } else {
            Operators.onDiscard(value, context);
            done = true;
            cancel();
            actual.onError(leak);
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (done) {
            Operators.onErrorDropped(failure, context);
            return;
        }
        done = true;
        if (settled.compareAndSet(false, true)) {
            sharing.failed();
        }
        actual.onError(failure);
    }

    @Override
    public void onComplete() {
        if (done) {
            return;
        }
        done = true;
        RouteLeakException leak = leak();
        if (leak == null) {
            actual.onComplete();
        } else {
            actual.onError(leak);
        }
    }

    /** Looks at each fetch once; those of another run from the beginning. */
    private @Nullable RouteLeakException leak() {
        settled.set(true);
        SharedFetches behind = sharing.behind(this);
        if (behind != seen) {
            seen = behind;
            checked = 0;
        }
        for (; checked < behind.size(); checked++) {
            SharedFetch fetch = behind.get(checked);
            if (!fetch.serves(hints)) {
                return new RouteLeakException(fetch.way().connectionName(), fetch.found(), hints);
            }
        }
        return null;
    }

    @Override
    public void request(long n) {
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.request(n);
        }
    }

    @Override
    public void cancel() {
        if (settled.compareAndSet(false, true)) {
            sharing.left();
        }
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
        }
    }

    @Override
    @SuppressWarnings("rawtypes") // The interface of Reactor has it so.
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.PARENT) {
            return upstream;
        }
        if (key == Attr.ACTUAL) {
            return actual;
        }
        return key == Attr.RUN_STYLE ? Attr.RunStyle.SYNC : null;
    }
}
