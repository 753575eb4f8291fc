package dev.switchboard.core;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.scheduler.Scheduler;

/** What the pools and handles of one registry share: its timer, its background work, its queues by host. */
final class RegistryCore {

    private final Scheduler timer;
    private final ExchangeOptions exchangeOptions;
    private final BackgroundWork background = new BackgroundWork();
    private final Map<String, HostQueue> queues = new ConcurrentHashMap<>();

    RegistryCore(Scheduler timer, ExchangeOptions exchangeOptions) {
        this.timer = timer;
        this.exchangeOptions = exchangeOptions;
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
