package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
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
    private final @Nullable Admission shared;
    private final @Nullable CircuitBreakers breakers;
    private final @Nullable Duration idlePoolTimeout;

    private final JointLine jointLine;

    private final Shutdown shutdown = new Shutdown(this);

    private volatile boolean looksForLeaks;

    RegistryCore(RegistryOptions options) {
        this.timer = options.timer();
        this.jointLine = new JointLine(timer);
        this.exchangeOptions = options.exchange();
        this.clock = new RegistryClock(timer);
        this.metrics = options.metrics();
        this.idlePoolTimeout = options.idlePoolTimeout();
        this.breakers = options.circuitBreakers();
        ConnectionBudget budget = options.budget();
        this.shared = budget == null ? null : new Admission(budget);
    }

    /** Where those stand who want several connections at once. */
    JointLine jointLine() {
        return jointLine;
    }

    /** How long nobody uses a pool before it is closed; null where pools stay open. */
    @Nullable
    Duration idlePoolTimeout() {
        return idlePoolTimeout;
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

    /** The end of the registry. */
    Shutdown shutdown() {
        return shutdown;
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

    /** What all queues share; null where there is no budget, and each queue is on its own. */
    @Nullable
    Admission admission() {
        return shared;
    }

    /** The queue of a place's host, for one more pool. Paired with {@link #release}. */
    AdmissionQueue queueOf(String where) {
        AdmissionQueue queue = Objects.requireNonNull(queues.compute(
                        hostOf(where),
                        (host, present) -> present == null ? new HostQueue(queue(host), 1) : present.used(1)))
                .queue();
        queue.report().opened(metrics);
        return queue;
    }

    /** How fast connections of a definition are opened in its queue; null where it has no address that the registry knows. */
    @Nullable
    ConnectPace paceOf(ConnectionDefinition definition, AdmissionQueue queue) {
        ConnectionFactoryOptions options = definition.options();
        if (options == null || !ConnectionAddress.isServer(options)) {
            return null;
        }
        return queue.pace(
                definition.where(),
                address -> new ConnectPace(queue, address, timer, breakers == null ? null : breakers.opened(address)));
    }

    private AdmissionQueue queue(String host) {
        return new AdmissionQueue(shared == null ? new Admission(null) : shared, host);
    }

    private String hostOf(String where) {
        ConnectionBudget budget = shared == null ? null : shared.budget();
        return budget == null ? where : budget.hostOf(where);
    }

    /** A pool on this host has closed; a host without pools and without sockets is forgotten. */
    void release(String where) {
        queues.computeIfPresent(hostOf(where), (host, present) -> present.used(-1));
        queues.forEach((host, queue) -> {
            if (queues.computeIfPresent(host, (name, present) -> present.unlessForgotten()) == null) {
                queue.queue().report().closed();
            }
        });
    }

    int hosts() {
        return queues.size();
    }

    private record HostQueue(AdmissionQueue queue, int pools) {

        HostQueue used(int difference) {
            return new HostQueue(queue, pools + difference);
        }

        /** Itself, or null where nothing of it is left: sockets may be closing for longer than pools. */
        @Nullable
        HostQueue unlessForgotten() {
            boolean isForgotten = pools == 0 && queue.isEmpty();
            if (isForgotten) {
                queue.forgotten();
            }
            return isForgotten ? null : this;
        }
    }
}
