package dev.switchboard.core.micrometer;

import dev.switchboard.core.ConnectionMetrics;
import dev.switchboard.core.PoolCounts;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** The meters of one name, over all of its pools: a replaced one drains while the next one serves. */
final class NamedMeters {

    private final MeterRegistry meters;
    private final String tag;
    private final Set<Pool> pools = ConcurrentHashMap.newKeySet();
    private final List<Meter> registered = new ArrayList<>();
    private final Timer acquired;
    private final Timer notAcquired;
    private final Timer connected;
    private final Timer notConnected;
    private final Timer held;
    private final Counter leaks;

    NamedMeters(MeterRegistry meters, String tag) {
        this.meters = meters;
        this.tag = tag;
        gauge(
                "acquired",
                "Connections that borrowers have",
                pool -> pool.counts().inUse());
        gauge(
                "allocated",
                "Open connections",
                pool -> pool.counts().inUse() + pool.counts().idle());
        gauge("idle", "Open connections that nobody has", pool -> pool.counts().idle());
        gauge("pending", "Borrowers that wait", pool -> pool.counts().waiting());
        gauge("max.allocated", "The most connections", pool -> pool.counts().max());
        gauge("max.pending", "The most borrowers that may wait", Pool::maxWaiting);
        this.acquired = timer("acquire", "The wait for a connection", "success");
        this.notAcquired = timer("acquire", "The wait for a connection", "failure");
        this.connected = timer("connect", "Opening a connection", "success");
        this.notConnected = timer("connect", "Opening a connection", "failure");
        this.held = kept(Timer.builder("r2dbc.pool.hold")
                .description("How long borrowers had their connection")
                .tag("name", tag)
                .register(meters));
        this.leaks = kept(Counter.builder("r2dbc.pool.leaks")
                .description("Borrowers that had their connection for too long")
                .tag("name", tag)
                .register(meters));
    }

    private void gauge(String name, String description, ToLongFunction<Pool> value) {
        kept(Gauge.builder(
                        "r2dbc.pool." + name,
                        pools,
                        all -> all.stream().mapToLong(value).sum())
                .description(description)
                .tag("name", tag)
                .strongReference(true)
                .register(meters));
    }

    private Timer timer(String name, String description, String outcome) {
        return kept(Timer.builder("r2dbc.pool." + name)
                .description(description)
                .tag("name", tag)
                .tag("outcome", outcome)
                .register(meters));
    }

    private <M extends Meter> M kept(M meter) {
        registered.add(meter);
        return meter;
    }

    String tag() {
        return tag;
    }

    Pool opened(MicrometerMetrics metrics, int maxWaiting, Supplier<PoolCounts> counts) {
        Pool pool = new Pool(metrics, this, maxWaiting, counts);
        pools.add(pool);
        return pool;
    }

    /** True where it was the last one; then the meters are gone. */
    boolean closed(Pool pool) {
        boolean last = pools.remove(pool) && pools.isEmpty();
        if (last) {
            registered.forEach(meters::remove);
        }
        return last;
    }

    /** One of the pools. */
    static final class Pool implements ConnectionMetrics.OfPool {

        private final MicrometerMetrics metrics;
        private final NamedMeters named;
        private final int maxWaiting;
        private final Supplier<PoolCounts> counts;

        private Pool(MicrometerMetrics metrics, NamedMeters named, int maxWaiting, Supplier<PoolCounts> counts) {
            this.metrics = metrics;
            this.named = named;
            this.maxWaiting = maxWaiting;
            this.counts = counts;
        }

        PoolCounts counts() {
            return counts.get();
        }

        int maxWaiting() {
            return maxWaiting;
        }

        @Override
        public void acquired(long nanos, boolean delivered) {
            (delivered ? named.acquired : named.notAcquired).record(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void connected(long nanos, boolean opened) {
            (opened ? named.connected : named.notConnected).record(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void returned(long nanos) {
            named.held.record(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void leakSuspected() {
            named.leaks.increment();
        }

        @Override
        public void closed() {
            metrics.closed(named, this);
        }
    }
}
