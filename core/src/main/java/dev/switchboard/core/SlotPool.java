package dev.switchboard.core;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;

/**
 * One opened pool of one definition: the lane of the admission queue in front, r2dbc-pool in the middle, physical
 * connections below. A name that is replaced or recreated gets another one; this one then drains and closes.
 */
final class SlotPool {

    private static final Logger LOGGER = LoggerFactory.getLogger(SlotPool.class);

    private final ConnectionDefinition definition;
    private final String where;
    private final DriverSheet sheet;
    private final RegistryCore core;
    private final Preparation preparation;
    private final Lane lane;
    private final Opener opener;
    private final ConnectionPool pool;
    private final IdleKeeper keeper;
    private final ConnectionSlot slot;
    private final PoolReport report;
    private final @Nullable MovingPool mover;
    private final Set<PoolEntry> entries = ConcurrentHashMap.newKeySet();
    private final Set<Lease> leases = ConcurrentHashMap.newKeySet();
    private final AtomicInteger taking = new AtomicInteger();
    private final Sinks.Empty<Void> nobodyTakes = Sinks.empty();
    private final Disposable.Swap idling = Disposables.swap();
    private volatile long lastUsedNanos;
    private volatile boolean draining;

    SlotPool(ConnectionDefinition registered, RegistryCore core, ConnectionSlot slot, PoolReport report) {
        MovingPool.Terms moving = MovingPool.Terms.of(registered, core, slot);
        this.definition = moving.definition();
        this.slot = slot;
        this.where = definition.where();
        this.core = core;
        this.sheet = DriverSheet.of(definition.driver());
        this.preparation = Preparation.of(definition, sheet, moving.likeness() != null);
        ConnectionFactory driverFactory = definition.open();
        this.opener = new Opener(this, driverFactory);
        this.pool = new ConnectionPool(configuration());
        AdmissionQueue queue = core.queueOf(where);
        this.mover = moving.mover(this, opener, slot, queue);
        this.lane = queue.lane(
                definition.name(),
                new AdmissionQueue.Size(
                        options().maxSize(), options().maxWaiting(), core.paceOf(definition, queue), mover),
                this::queueFull,
                slot::idle);
        this.keeper = new IdleKeeper(this, opener, lane);
        this.lastUsedNanos = nowNanos();
        this.report = report;
    }

    private WaitingQueueFullException queueFull() {
        return new WaitingQueueFullException(
                definition.name(), counts(), options().maxWaiting());
    }

    private ConnectionPoolConfiguration configuration() {
        // The pool's own limits are never reached: tickets, deadlines, validation and life times are ours.
        return ConnectionPoolConfiguration.builder(opener)
                .name(Objects.requireNonNullElse(options().name(), definition.name()))
                .initialSize(0)
                .minIdle(0)
                .maxSize(options().maxSize())
                .acquireRetry(0)
                .validationDepth(ValidationDepth.LOCAL)
                .customizer(builder -> builder.evictInBackground(
                                options().idleTimeout().dividedBy(2), timer())
                        .evictionPredicate((connection, metadata) ->
                                connection instanceof PhysicalConnection physical && physical.isRefused()))
                .build();
    }

    /** All connections end with their present use; completes when those that nobody uses are closed. */
    Mono<Void> softInvalidate() {
        return Mono.defer(() -> {
            report.nextGeneration();
            return Flux.fromIterable(opener.connections())
                    .doOnNext(connection -> report.softInvalidated(connection.life()))
                    .filter(PhysicalConnection::retire)
                    .flatMap(connection -> connection.close(CloseReason.SOFT_INVALIDATED), Integer.MAX_VALUE)
                    .then();
        });
    }

    /** One connection ends with its present use. */
    void softInvalidate(PhysicalConnection connection) {
        if (connection.life().retire()) {
            report.softInvalidated(connection.life());
        }
    }

    /** What is running on its connections. */
    Stream<InFlight> inFlight() {
        return opener.connections().stream()
                .map(connection -> connection.life().running())
                .filter(Objects::nonNull);
    }

    PoolReport report() {
        return report;
    }

    /** The r2dbc-pool in the middle: whoever asks it leaves the queue, the guards and the resets. */
    ConnectionPool inner() {
        if (mover != null) {
            mover.shared();
        }
        return pool;
    }

    /** How it exchanges connections with other names, or null. */
    @Nullable
    MovingPool mover() {
        return mover;
    }

    int idle() {
        return opener.idle();
    }

    /** It is the pool of its name now: it keeps connections ready, or is closed when nobody uses it. */
    void start() {
        keeper.start();
        Duration longest = core.idlePoolTimeout();
        if (longest != null) {
            long nanos = longest.toNanos();
            idling.update(timer().schedulePeriodically(
                            () -> background().start(slot.retire(this, nanos)),
                            nanos / 2,
                            nanos / 2,
                            TimeUnit.NANOSECONDS));
        }
    }

    /** Whether it keeps nothing ready, and nobody has used it for so long. */
    boolean isUnusedFor(long nanos) {
        return options().minIdle() == 0 && lane.isIdle() && nowNanos() - lastUsedNanos >= nanos;
    }

    Echo echo() {
        return slot.echo();
    }

    IdleKeeper keeper() {
        return keeper;
    }

    boolean hasConnections() {
        return opener.hasConnections();
    }

    /** A connection was opened or closed. */
    void changed() {
        slot.changed();
        keeper.look();
    }

    ConnectionDefinition definition() {
        return definition;
    }

    PoolOptions options() {
        return definition.pool();
    }

    DriverSheet sheet() {
        return sheet;
    }

    Preparation preparation() {
        return preparation;
    }

    Scheduler timer() {
        return core.timer();
    }

    BackgroundWork background() {
        return core.background();
    }

    long nowNanos() {
        return core.timer().now(TimeUnit.NANOSECONDS);
    }

    Lane lane() {
        return lane;
    }

    /** The scope of the budget whose cap holds its borrowers back, or null where none does. */
    @Nullable
    BudgetStatus capInTheWay() {
        return lane.inTheWay(Quota.Use.ORDINARY);
    }

    boolean isDraining() {
        return draining;
    }

    /** Whether nobody has a connection or waits for one. */
    boolean isIdle() {
        return lane.isIdle();
    }

    PoolCounts counts() {
        int inUse = leases.size();
        int opening = Math.max(0, lane.taken() - inUse);
        return new PoolCounts(
                inUse, opener.idle(), opening, lane.waiting(), options().maxSize());
    }

    void forget(PhysicalConnection connection) {
        opener.forget(connection);
    }

    void movedAway(PhysicalConnection connection) {
        opener.movedAway(connection);
    }

    /** An idle connection is being closed: nobody gets it any more. */
    void leaving(PhysicalConnection connection) {
        opener.leaving(connection);
    }

    /** A worker to call the driver on, to be disposed of; null where it does not block its subscriber. */
    @Nullable
    Scheduler worker() {
        return sheet.can(DriverSheet.Capability.BLOCKS_SUBSCRIBER)
                ? Schedulers.single(Schedulers.boundedElastic())
                : null;
    }

    /** Moves a driver that would block its subscriber to a bounded-elastic worker. */
    <T> Publisher<T> offload(Publisher<T> call) {
        return sheet.can(DriverSheet.Capability.BLOCKS_SUBSCRIBER)
                ? Flux.from(call).subscribeOn(Schedulers.boundedElastic(), true)
                : call;
    }

    /**
     * Gets a prepared connection to the receiver. What is delivered is delivered by the receiver's call, never by a
     * signal, so no operator can lose it; the returned Mono only tells that it has happened.
     *
     * @param whileWaiting put around the wait for a ticket, which it may end with an error
     */
    Mono<Void> acquire(
            Route route, ContextView context, Lease.Receiver receiver, UnaryOperator<Mono<Void>> whileWaiting) {
        return Mono.defer(() -> {
            preparation.refuse(route);
            Ticket ticket = report.watched(HeldConnections.ticket(lane, context, core.jointLine()));
            long since = report.nanos();
            PoolEntry entry = new PoolEntry(this, ticket, receiver, new SessionRequest(route, context, since));
            Mono<Void> admitted = whileWaiting.apply(ticket.admitted()).doOnError(failure -> ticket.leave());
            return admitted.then(entry.delivered())
                    .doOnError(failure -> !(failure instanceof MovedException), failure -> report.notAcquired(since))
                    .doOnCancel(() -> {
                        ticket.leave();
                        entry.abandon();
                        report.notAcquired(since);
                    });
        });
    }

    /** Lets an entry in; false when the pool takes no new borrowers. */
    boolean entered(PoolEntry entry) {
        entries.add(entry);
        if (draining) {
            entries.remove(entry);
            return false;
        }
        return true;
    }

    void exited(PoolEntry entry) {
        entries.remove(entry);
    }

    /**
     * A connection of the pool in the middle. Nobody may ask that pool while it is being disposed, since it forgets who
     * does; so its disposal waits for everybody who is in here, and nobody gets in any more.
     */
    Mono<Connection> take() {
        return Mono.defer(() -> {
            taking.incrementAndGet();
            return draining
                    ? Mono.<Connection>error(new MovedException()).doOnTerminate(this::taken)
                    : pool.create().doOnTerminate(this::taken);
        });
    }

    private void taken() {
        if (taking.decrementAndGet() == 0 && draining) {
            nobodyTakes.tryEmitEmpty();
        }
    }

    /** One of the connections that are on loan, or null. */
    @Nullable
    Lease anyLease() {
        return leases.stream().findAny().orElse(null);
    }

    void lent(Lease lease) {
        leases.add(lease);
    }

    void returned(Lease lease) {
        lastUsedNanos = nowNanos();
        leases.remove(lease);
        lease.loan().ends();
    }

    /**
     * Takes the pool out of service at once: waiting borrowers get the error (or move on) and idle connections close;
     * connections on loan finish within the drain time-out and are closed by force after it.
     */
    Mono<Void> drain(Supplier<? extends Throwable> forWaiting) {
        draining = true;
        opener.endIdle();
        keeper.stop();
        idling.dispose();
        lane.close(forWaiting);
        entries.forEach(entry -> entry.dismiss(forWaiting));
        if (taking.get() == 0) {
            nobodyTakes.tryEmitEmpty();
        }
        Mono<Void> disposed =
                nobodyTakes.asMono().then(Mono.defer(pool::disposeLater)).onErrorResume(this::notDisposed);
        Mono<?> patience = core.shutdown().patience(options().drainTimeout());
        Mono<Void> returned = lane.emptied().timeout(patience, Mono.defer(this::forceOut));
        return Mono.when(disposed, returned).then(Mono.defer(opener::closeAll)).doOnTerminate(() -> {
            lane.queue().forget(lane);
            core.release(where);
        });
    }

    private Mono<Void> notDisposed(Throwable failure) {
        LOGGER.warn("Connection '{}': its pool did not close cleanly: {}", definition.name(), failure.toString());
        return Mono.empty();
    }

    /** Who still asks the pool in the middle waits for a connection that somebody took out of it behind our back. */
    private Mono<Void> forceOut() {
        opener.stop();
        return Flux.fromIterable(leases)
                .doOnNext(lease -> core.shutdown().forced(this, lease.physical().life()))
                .flatMap(lease -> lease.physical().forceClose(options().resetTimeout()), Integer.MAX_VALUE)
                .then(Mono.fromRunnable(nobodyTakes::tryEmitEmpty));
    }

    /** Tells an acquire that its pool was taken out of service and that the name may have another one. */
    static final class MovedException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        MovedException() {
            super("The pool was replaced", null, false, false);
        }
    }

    /** Which session a borrower needs, and since when. */
    record SessionRequest(Route route, ContextView context, long sinceNanos) {

        @Nullable
        Object key() {
            return route.preparationKey();
        }
    }
}
