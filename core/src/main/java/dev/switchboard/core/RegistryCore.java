package dev.switchboard.core;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** What the pools and handles of one registry share: its timer, its background work, its queues by host. */
final class RegistryCore {

    private final Scheduler timer;
    private final ExchangeOptions exchangeOptions;
    private final BackgroundWork background = new BackgroundWork();
    private final ConnectionEvents events = new ConnectionEvents(background);
    private final RegistryClock clock;
    private final @Nullable ConnectionMetrics metrics;
    private final Map<String, HostQueue> queues = new ConcurrentHashMap<>();

    private volatile boolean looksForLeaks;

    RegistryCore(RegistryOptions options) {
        this.timer = options.timer();
        this.exchangeOptions = options.exchange();
        this.clock = new RegistryClock(timer);
        this.metrics = options.metrics();
    }

    Scheduler timer() {
        return timer;
    }

    ExchangeOptions exchangeOptions() {
        return exchangeOptions;
    }

    BackgroundWork background() {
        return background;
    }

    ConnectionEvents events() {
        return events;
    }

    RegistryClock clock() {
        return clock;
    }

    @Nullable
    ConnectionMetrics metrics() {
        return metrics;
    }

    /** Makes an event for those who listen, and none where nobody does. */
    void tell(Function<Instant, ConnectionEvent> event) {
        if (events.areHeard()) {
            events.emit(event.apply(clock.now()));
        }
    }

    /** A name has this definition from now on. */
    void defined(ConnectionDefinition definition) {
        if (definition.pool().leakThreshold() != null) {
            looksForLeaks = true;
        }
    }

    /** Whether a definition has asked for it so far. */
    boolean looksForLeaks() {
        return looksForLeaks;
    }

    /** The queue of a host, for one more pool. Paired with {@link #release}. */
    AdmissionQueue queueOf(String host) {
        return queues.merge(host, new HostQueue(new AdmissionQueue(), 1), (present, fresh) -> present.used(1))
                .queue();
    }

    /** A pool on this host has closed; a host without pools is forgotten. */
    void release(String host) {
        queues.computeIfPresent(host, (name, present) -> present.pools() == 1 ? null : present.used(-1));
    }

    int hosts() {
        return queues.size();
    }

    private record HostQueue(AdmissionQueue queue, int pools) {

        HostQueue used(int difference) {
            return new HostQueue(queue, pools + difference);
        }
    }
}
