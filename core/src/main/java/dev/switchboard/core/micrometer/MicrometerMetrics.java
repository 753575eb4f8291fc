package dev.switchboard.core.micrometer;

import dev.switchboard.core.BudgetStatus;
import dev.switchboard.core.ConnectionMetrics;
import dev.switchboard.core.PoolCounts;
import dev.switchboard.core.ReactiveConnectionRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import reactor.core.Disposable;

/**
 * Tells Micrometer how pools are used, as in
 * {@code RegistryOptions.builder().metrics(MicrometerMetrics.of(meters)).build()}. Each meter has the tag {@code name}, the name
 * of the connection.
 *
 * <p>The gauges are those of Spring Boot: {@code r2dbc.pool.acquired}, {@code .allocated}, {@code .idle}, {@code .pending},
 * {@code .max.allocated} and {@code .max.pending}. Beside them stand the timers {@code r2dbc.pool.acquire} (the wait of
 * borrowers) and {@code r2dbc.pool.connect}, both with the tag {@code outcome} (success or failure), {@code r2dbc.pool.hold}
 * (how long borrowers had their connection) and the counter {@code r2dbc.pool.leaks}. The meters of a name leave with its last
 * pool.
 *
 * <p>Each host, or group of hosts of the budget, has the gauges {@code switchboard.host.open} (sockets), {@code .used}, {@code .idle},
 * {@code .waiting} (borrowers) and {@code .cap} (not a number where there is none), with the tag {@code host}. They leave with its
 * last pool.
 */
@SuppressWarnings("exports") // Whoever calls it has Micrometer; whoever does not must not need it.
public final class MicrometerMetrics implements ConnectionMetrics {

    private static final int MOST_NAMES = 100;
    private static final String OTHER = "other";

    private final MeterRegistry meters;
    private final int maxNames;
    private final Map<String, NamedMeters> byTag = new HashMap<>();
    private final Map<String, HostMeters> byHost = new HashMap<>();

    private MicrometerMetrics(MeterRegistry meters, int maxNames) {
        this.meters = Objects.requireNonNull(meters, "meters");
        this.maxNames = maxNames;
    }

    /**
     * Meters for at most 100 names and as many hosts at the same time.
     *
     * @param meters where they are registered
     * @return what the options of a registry take
     */
    public static MicrometerMetrics of(MeterRegistry meters) {
        return of(meters, MOST_NAMES);
    }

    /**
     * Meters for so many names, and so many hosts, at the same time. Pools of further names, and further hosts, are counted
     * together as {@code other}.
     *
     * @param meters where they are registered
     * @param maxNames 0 counts all of them together
     * @return what the options of a registry take
     */
    public static MicrometerMetrics of(MeterRegistry meters, int maxNames) {
        return new MicrometerMetrics(meters, maxNames);
    }

    /**
     * Shows what a registry says of itself as a whole, without tags: the counter {@code switchboard.events.lost} (events that
     * subscribers lost because they fell behind), the gauge {@code switchboard.statements.running}, and of its budget the gauges
     * {@code switchboard.budget.open}, {@code .idle}, {@code .waiting}, {@code .cap} (not a number where there is none) and the counter
     * {@code switchboard.budget.reclaimed}. They are read when Micrometer asks for them.
     *
     * @param meters where they are registered; one registry of connections in each
     * @param registry whose they are
     * @return removes them
     */
    public static Disposable bind(MeterRegistry meters, ReactiveConnectionRegistry registry) {
        return new RegistryMeters(meters, registry).bound();
    }

    @Override
    public synchronized OfPool opened(String name, int maxWaiting, Supplier<PoolCounts> counts) {
        String tag = tag(name, byTag);
        NamedMeters named = byTag.computeIfAbsent(tag, absent -> new NamedMeters(meters, tag));
        return named.opened(this, maxWaiting, counts);
    }

    @Override
    public synchronized OfHost hostOpened(String host, Supplier<BudgetStatus> status) {
        String tag = tag(host, byHost);
        HostMeters hosts = byHost.computeIfAbsent(tag, absent -> new HostMeters(meters, tag));
        hosts.add(status);
        return () -> closed(hosts, status);
    }

    private synchronized void closed(HostMeters hosts, Supplier<BudgetStatus> status) {
        if (hosts.remove(status)) {
            byHost.remove(hosts.tag());
        }
    }

    /** Its own name as long as there is room for one more. */
    private String tag(String name, Map<String, ?> taken) {
        long names = taken.keySet().stream().filter(tag -> !tag.equals(OTHER)).count();
        return taken.containsKey(name) || names < maxNames ? name : OTHER;
    }

    synchronized void closed(NamedMeters named, NamedMeters.Pool pool) {
        if (named.closed(pool)) {
            byTag.remove(named.tag());
        }
    }
}
