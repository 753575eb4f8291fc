package dev.switchboard.routing;

import dev.switchboard.core.PoolCounts;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryClosedException;
import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.context.Context;

/** One server of a group, and what it last said of itself. */
final class ReplicaMember {

    /** Each probe moves the average by a fifth of the difference. */
    private static final double SMOOTHING = 0.2;

    /** So often in a row a full pool excuses that a probe found no connection: a server that hangs fills its pool too. */
    static final int MOST_BUSY = 5;

    /**
     * What was said.
     *
     * @param state what it said
     * @param askedNanos before it was asked
     * @param part what it was taken for
     */
    record Seen(ServerState state, long askedNanos, ServerState.Part part) {

        /** How far it has come as a replica; null where it was not asked as one, or that is not known. */
        @Nullable
        LogPosition replayed() {
            return part == ServerState.Part.REPLICA ? state.position() : null;
        }
    }

    private final String name;
    private final ReactiveConnectionRegistry registry;
    private final Scheduler timer;
    private final AtomicReference<@Nullable Mono<Seen>> askingPrimary = new AtomicReference<>();
    private final AtomicReference<@Nullable Mono<Seen>> askingReplica = new AtomicReference<>();
    private volatile @Nullable Seen seen;
    private final AtomicInteger busyInRow = new AtomicInteger();
    private volatile double latencyNanos = -1;
    private volatile boolean failing;
    private volatile boolean closed;
    private volatile boolean wasReadOnly;

    ReplicaMember(String name, ReactiveConnectionRegistry registry, Scheduler timer) {
        this.name = name;
        this.registry = registry;
        this.timer = timer;
    }

    String name() {
        return name;
    }

    /** What it said last; null before that. */
    @Nullable
    Seen seen() {
        return seen;
    }

    /** How far it had come at least as a replica, by what it said within a time; null where that is not known. */
    @Nullable
    LogPosition positionWithin(Duration age) {
        Seen last = seen;
        return last == null || nanos() - last.askedNanos() > age.toNanos() ? null : last.replayed();
    }

    /** Whether its last probe failed. */
    boolean isFailing() {
        return failing;
    }

    /** Whether its registry is closed, and nothing is to be asked any more. */
    boolean isClosed() {
        return closed;
    }

    /** Whether it has said at some time that it takes no writes. */
    boolean wasReadOnly() {
        return wasReadOnly;
    }

    @Nullable
    Duration latency() {
        return latencyNanos < 0 ? null : Duration.ofNanos((long) latencyNanos);
    }

    int inUse() {
        PoolCounts counts = counts();
        return counts == null ? 0 : counts.inUse() + counts.waiting();
    }

    private @Nullable PoolCounts counts() {
        return registry.contains(name) ? registry.status(name).counts() : null;
    }

    /**
     * Asks it. Whoever comes while it is being asked for the same part gets the same answer: a server never goes back, so what it said a moment
     * earlier still holds. A cancel does not stop it.
     */
    Mono<Seen> ask(ServerState.Part part, Duration limit) {
        AtomicReference<@Nullable Mono<Seen>> asking = part == ServerState.Part.PRIMARY ? askingPrimary : askingReplica;
        return Mono.defer(() -> {
            Mono<Seen> running = asking.get();
            if (running != null) {
                return running;
            }
            Mono<Seen> mine = Mono.defer(() -> once(part, limit))
                    .doOnTerminate(() -> asking.set(null))
                    // Nothing of whoever happens to ask first: no transaction, no token, no hints.
                    .contextWrite(context -> Context.empty())
                    .cache();
            return asking.compareAndSet(null, mine) ? mine : ask(part, limit);
        });
    }

    private Mono<Seen> once(ServerState.Part part, Duration limit) {
        AtomicBoolean connected = new AtomicBoolean();
        return Mono.usingWhen(
                        Mono.from(registry.connectionFactory(name).create()).cast(SwitchboardConnection.class),
                        connection -> connection
                                .open()
                                .then(connection.product())
                                .flatMap(product -> {
                                    connected.set(true);
                                    long asked = nanos();
                                    return ServerState.ask(connection, product, part)
                                            .map(state -> answered(state, asked, part));
                                }),
                        Connection::close)
                .timeout(limit, timer)
                .doOnError(failure -> failed(failure, connected.get()));
    }

    Seen answered(ServerState state, long asked, ServerState.Part part) {
        double took = nanos() - asked;
        double before = latencyNanos;
        latencyNanos = before < 0 ? took : before + SMOOTHING * (took - before);
        wasReadOnly |= Boolean.FALSE.equals(state.writable());
        Seen now = new Seen(state, asked, part);
        seen = now;
        busyInRow.set(0);
        failing = false;
        return now;
    }

    /** Where borrowers have all connections it is busy, and may be well for a while. */
    void failed(Throwable failure, boolean connected) {
        closed = failure instanceof RegistryClosedException;
        PoolCounts counts = counts();
        boolean busy = !connected && counts != null && counts.inUse() >= counts.max();
        failing |= !busy || busyInRow.incrementAndGet() > MOST_BUSY;
    }

    private long nanos() {
        return timer.now(TimeUnit.NANOSECONDS);
    }
}
