package dev.switchboard.core.micrometer;

import dev.switchboard.core.BudgetStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** The meters of one host, or of all those for which there was no room any more. */
final class HostMeters {

    private final MeterRegistry meters;
    private final String tag;
    private final Set<Supplier<BudgetStatus>> hosts = ConcurrentHashMap.newKeySet();
    private final List<Meter> registered = new ArrayList<>();

    HostMeters(MeterRegistry meters, String tag) {
        this.meters = meters;
        this.tag = tag;
        gauge("open", "Sockets, from before they are connected until they are closed", BudgetStatus::open);
        gauge("used", "Connections that borrowers have", host -> host.counts().inUse());
        gauge("idle", "Open connections that nobody has", host -> host.counts().idle());
        gauge("waiting", "Borrowers that wait", host -> host.counts().waiting());
        gauge("cap", "The most connections", host -> host.counts().max());
    }

    private void gauge(String name, String description, ToIntFunction<BudgetStatus> value) {
        registered.add(Gauge.builder("switchboard.host." + name, hosts, all -> sum(all, value))
                .description(description)
                .tag("host", tag)
                .strongReference(true)
                .register(meters));
    }

    /** Not a number where one of them has no cap. */
    private static double sum(Set<Supplier<BudgetStatus>> hosts, ToIntFunction<BudgetStatus> value) {
        double sum = 0;
        for (Supplier<BudgetStatus> host : hosts) {
            int one = value.applyAsInt(host.get());
            sum += one == Integer.MAX_VALUE ? Double.NaN : one;
        }
        return sum;
    }

    String tag() {
        return tag;
    }

    void add(Supplier<BudgetStatus> status) {
        hosts.add(status);
    }

    /** True where it was the last one; then the meters are gone. */
    boolean remove(Supplier<BudgetStatus> status) {
        boolean last = hosts.remove(status) && hosts.isEmpty();
        if (last) {
            registered.forEach(meters::remove);
        }
        return last;
    }
}
