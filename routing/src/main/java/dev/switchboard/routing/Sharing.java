package dev.switchboard.routing;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.Scannable;

/** Knows which fetches the rows of a shared stream come from. One for each operator that shares. */
abstract class Sharing {

    abstract void fetched(SharedSubscriber<?> subscriber, SharedFetch fetch);

    /** A subscriber comes. */
    void joins() {}

    /** A subscriber has got an error. */
    void failed() {}

    /** A subscriber has gone that had nothing yet. */
    void left() {}

    /** What the value, or the end, comes from that this subscriber gets now. */
    abstract SharedFetches behind(SharedSubscriber<?> subscriber);

    /** A stream of many values: each run has an object that its subscribers are bound to. */
    static final class OfMany extends Sharing {

        private static final int MOST_STEPS = 16;

        private final Map<Object, SharedFetches> byRun = Collections.synchronizedMap(new WeakHashMap<>());
        private volatile SharedFetches latest = new SharedFetches();

        @Override
        void fetched(SharedSubscriber<?> subscriber, SharedFetch fetch) {
            SharedFetches run = of(subscriber);
            run.add(fetch);
            latest = run;
        }

        @Override
        SharedFetches behind(SharedSubscriber<?> subscriber) {
            return of(subscriber);
        }

        private SharedFetches of(SharedSubscriber<?> subscriber) {
            Object run = runOf(subscriber.upstream());
            return run == null ? latest : byRun.computeIfAbsent(run, key -> new SharedFetches());
        }

        private static @Nullable Object runOf(@Nullable Object subscription) {
            Object step = subscription;
            for (int i = 0; i < MOST_STEPS && step instanceof Scannable scannable; i++) {
                String name = scannable.getClass().getSimpleName();
                if (name.equals("PublishSubscriber") || name.equals("ReplaySubscriber")) {
                    return scannable;
                }
                step = scannable.scan(Scannable.Attr.PARENT);
            }
            return null;
        }
    }

    /** A cache of one value: what was fetched since the last one belongs to the value that arrives. */
    static final class OfOne extends Sharing {

        private final boolean stopsWhenLeft;
        private SharedFetches running = new SharedFetches();
        private SharedFetches kept = new SharedFetches();
        private int waiting;

        OfOne(boolean stopsWhenLeft) {
            this.stopsWhenLeft = stopsWhenLeft;
        }

        @Override
        synchronized void joins() {
            waiting++;
        }

        @Override
        synchronized void fetched(SharedSubscriber<?> subscriber, SharedFetch fetch) {
            running.add(fetch);
        }

        @Override
        synchronized SharedFetches behind(SharedSubscriber<?> subscriber) {
            SharedFetches before = subscriber.seen();
            if (before != null) {
                return before;
            }
            waiting--;
            if (running.size() > 0) {
                kept = running;
                running = new SharedFetches();
            }
            return kept;
        }

        @Override
        synchronized void failed() {
            waiting--;
            running = new SharedFetches();
        }

        @Override
        synchronized void left() {
            waiting--;
            if (stopsWhenLeft && waiting == 0) {
                running = new SharedFetches();
            }
        }
    }
}
