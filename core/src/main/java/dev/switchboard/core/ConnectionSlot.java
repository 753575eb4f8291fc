package dev.switchboard.core;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;
import reactor.util.retry.Retry;

/**
 * What stands behind one name: its definition and, once it is used, its pool or pools. A slot outlives its pools; only
 * unregistering the name ends it.
 */
final class ConnectionSlot {

    private static final Retry MOVED = Retry.indefinitely().filter(SlotPool.MovedException.class::isInstance);

    /**
     * Whose slot this is.
     *
     * @param beforeOpening checks, on a worker, whether its pool may be opened
     * @param whenIdle hears when nobody has one of its connections or waits for one
     * @param whenChanged hears when it may have come into use, or out of it; null where nobody listens
     * @param echo what of its statements is written down; null where that is said of the slot itself
     */
    record Owner(
            Runnable beforeOpening,
            Runnable whenIdle,
            @Nullable Runnable whenChanged,
            @Nullable Supplier<Echo> echo) {

        private static final Owner NAME = new Owner(() -> {}, () -> {}, null, null);

        static Owner watching(Runnable whenChanged) {
            return new Owner(() -> {}, () -> {}, whenChanged, null);
        }
    }

    private final RegistryCore core;
    private final Owner owner;
    private final Gate gate;
    private final boolean gatekeeper;
    private final AtomicInteger comers = new AtomicInteger();
    private volatile @Nullable DerivedSlots derived;
    private volatile ConnectionDefinition definition;
    private volatile @Nullable SlotPools pools;
    private volatile Echo echo = Echo.OFF;
    private volatile long retiredNanos;
    private @Nullable Mono<Void> opening;
    private @Nullable Supplier<? extends RuntimeException> removed;

    ConnectionSlot(ConnectionDefinition definition, RegistryCore core) {
        this(definition, core, Owner.NAME);
    }

    ConnectionSlot(ConnectionDefinition definition, RegistryCore core, Owner owner) {
        this(definition, core, owner, null);
    }

    /** With the gate of the name whose override it is, or a new one. */
    ConnectionSlot(ConnectionDefinition definition, RegistryCore core, Owner owner, @Nullable Gate ofName) {
        this.gate = ofName == null ? new Gate() : ofName;
        this.gatekeeper = ofName == null;
        this.definition = definition;
        this.core = core;
        this.owner = owner;
        this.retiredNanos = core.clock().nanos() - Long.MAX_VALUE / 2;
        core.defined(definition);
    }

    ConnectionDefinition definition() {
        return definition;
    }

    /** The open pools, or null while nobody has used the name. */
    @Nullable
    SlotPools pools() {
        return pools;
    }

    /** Whether it is a registered name's own, and neither an override's nor a directory's. */
    boolean isOfName() {
        return owner.equals(Owner.NAME);
    }

    /** All connections of the name that have begun to log in by now are to end with their present use. */
    void retired(long nanos) {
        retiredNanos = nanos;
    }

    /** When that was said last; a moment before everything where it never was. */
    long retiredNanos() {
        return retiredNanos;
    }

    /** One of its connections was opened or closed, or somebody comes for the first one. */
    void changed() {
        Runnable whenChanged = owner.whenChanged();
        if (whenChanged != null) {
            whenChanged.run();
        }
    }

    /** Nobody has one of its connections or waits for one. */
    void idle() {
        owner.whenIdle().run();
    }

    /** Whether it has open connections, those for overrides included, or somebody is on the way to one. */
    boolean isInUse() {
        return comers.get() > 0 || withDerived().anyMatch(ConnectionSlot::hasConnections);
    }

    private boolean hasConnections() {
        SlotPools open = pools;
        return open != null && open.hasConnections();
    }

    Echo echo() {
        Supplier<Echo> elsewhere = owner.echo();
        return elsewhere == null ? echo : elsewhere.get();
    }

    void echo(Echo wanted) {
        echo = wanted;
    }

    ConnectionStatus status() {
        ConnectionDefinition now = definition;
        String product = DriverSheet.of(now.driver()).product();
        SlotPools open = pools;
        return new ConnectionStatus(
                now.name(),
                product,
                now.where(),
                open != null,
                counts(),
                now.pool().acquireTimeout());
    }

    private PoolCounts counts() {
        SlotPools open = pools;
        return open == null ? new PoolCounts(0, 0, 0, 0, definition.pool().maxSize()) : open.counts();
    }

    /** Opens the pool, where that has not happened yet, and its first connections; says how many are open then. */
    Mono<Integer> warmUp() {
        return open().flatMap(opened -> core.background()
                .detached(opened.warmUp())
                .then(Mono.fromSupplier(() -> {
                    PoolCounts counts = opened.counts();
                    return counts.inUse() + counts.idle();
                })));
    }

    /** Gets a connection to the receiver within the acquire time-out, whatever happens to the pool meanwhile. */
    Mono<Void> acquire(Route route, ContextView context, Lease.Receiver receiver) {
        Mono<Void> acquired = wanted(route, context, receiver);
        return owner.whenChanged() == null
                ? acquired
                : Mono.defer(() -> {
                    if (comers.getAndIncrement() == 0 && !hasConnections()) {
                        changed();
                    }
                    return acquired.doFinally(signal -> gone());
                });
    }

    private void gone() {
        if (comers.decrementAndGet() == 0 && !hasConnections()) {
            changed();
        }
    }

    private Mono<Void> wanted(Route route, ContextView context, Lease.Receiver receiver) {
        ConnectionOverride override = route.override();
        return override == null
                ? inTime(route, context, receiver)
                : Mono.defer(() -> derived().acquire(route, override, context, receiver));
    }

    private Mono<Void> inTime(Route route, ContextView context, Lease.Receiver receiver) {
        return Mono.defer(() -> {
            Duration limit = definition.pool().acquireTimeout();
            return attempt(route, context, receiver)
                    .onErrorResume(
                            SlotPool.MovedException.class,
                            moved -> attempt(route, context, receiver).retryWhen(MOVED))
                    .timeout(limit, Mono.defer(() -> Mono.error(timedOut(limit, receiver))), core.timer());
        });
    }

    /** The slots for overrides of this name's definition, made when the first override comes. */
    private DerivedSlots derived() {
        DerivedSlots present = derived;
        if (present != null) {
            return present;
        }
        synchronized (this) {
            if (removed != null) {
                throw removed.get();
            }
            present = derived == null ? new DerivedSlots(this, core) : derived;
            derived = present;
            return present;
        }
    }

    /** This slot and those for its overrides. */
    Stream<ConnectionSlot> withDerived() {
        DerivedSlots present = derived;
        return present == null ? Stream.of(this) : Stream.concat(Stream.of(this), present.snapshot().stream());
    }

    /** Whether nobody has a connection, waits for one or opens the pool. */
    boolean isIdle() {
        SlotPools open;
        synchronized (this) {
            open = pools;
            if (opening != null) {
                return false;
            }
        }
        return open == null || open.isIdle();
    }

    /** Tries once: fails with {@link SlotPool.MovedException} when its pool goes meanwhile. */
    Mono<Void> attempt(Route route, ContextView context, Lease.Receiver receiver) {
        Mono<Void> work = Mono.defer(this::open).flatMap(open -> open.acquire(route, context, receiver));
        return gate.through(context, route.connectionName(), this::tooMany, work);
    }

    private @Nullable Throwable tooMany(int waiting) {
        int most = definition.pool().maxWaiting();
        return waiting < most ? null : new WaitingQueueFullException(definition.name(), counts(), most);
    }

    /** Where borrowers wait while the name is paused. */
    Gate gate() {
        return gate;
    }

    /** Drains until nobody has a connection, nor is on the way to one; whoever came before the gate was closed ends first. */
    Mono<Void> emptied() {
        return gate.empty()
                .then(Mono.defer(this::dispose))
                .then(Mono.defer(() -> gate.isEmpty() && pools == null ? Mono.empty() : emptied()));
    }

    Mono<SlotPools> open() {
        SlotPools open = pools;
        if (open != null) {
            return Mono.just(open);
        }
        Mono<Void> opened;
        synchronized (this) {
            if (removed != null) {
                return Mono.error(removed.get());
            }
            opened = opening;
            if (opened == null && pools == null) {
                // Looking for a driver reads the class path; and half a look-up helps nobody, so it is never
                // interrupted.
                opened = core.background()
                        .detached(Mono.<Void>fromRunnable(this::openNow).subscribeOn(Schedulers.boundedElastic()));
                opening = opened;
            }
        }
        return opened == null ? Mono.defer(this::open) : opened.then(Mono.defer(this::open));
    }

    /** Opens a pool of the definition; should that be another one by then, the first borrower to come opens again. */
    private void openNow() {
        ConnectionDefinition wanted = definition;
        SlotPools fresh = null;
        try {
            owner.beforeOpening().run();
            fresh = new SlotPools(wanted, core, this);
        } finally {
            boolean opened = opened(wanted, fresh);
            if (fresh != null && opened) {
                fresh.start();
            } else if (fresh != null) {
                core.background().start(fresh.drain(SlotPool.MovedException::new));
            }
            idle();
        }
    }

    private synchronized boolean opened(ConnectionDefinition wanted, @Nullable SlotPools fresh) {
        opening = null;
        if (removed != null || !definition.equals(wanted)) {
            return false;
        }
        pools = fresh;
        return true;
    }

    AcquireTimeoutException timedOut(Duration limit, Lease.Receiver receiver) {
        SlotPools open = pools;
        if (gate.isClosed()) {
            return AcquireTimeoutException.paused(definition.name(), limit, counts(), gate.waiting());
        }
        return open == null
                ? new AcquireTimeoutException(definition.name(), limit, counts())
                : open.timedOut(limit, receiver);
    }

    /** From now on the name means this definition; the old pool drains, its waiting borrowers move to the new one. */
    Mono<Void> replace(ConnectionDefinition next) {
        return take(next);
    }

    /** The same, unless the name means something else than expected by now; null then. */
    @Nullable
    synchronized Mono<Void> replace(ConnectionDefinition expected, ConnectionDefinition next) {
        return removed != null || !definition.equals(expected) ? null : take(next);
    }

    /** Closes the pool; the next use opens another one. */
    Mono<Void> dispose() {
        return take(null);
    }

    /** Closes pools that nobody has used for so long, unless they are not this name's any more. */
    Mono<Void> retire(SlotPool unused, long nanos) {
        return Mono.defer(() -> {
            SlotPools old;
            synchronized (this) {
                old = pools;
                if (old == null || !old.has(unused) || !old.isUnusedFor(nanos)) {
                    return Mono.empty();
                }
                pools = null;
            }
            return old.drain(SlotPool.MovedException::new);
        });
    }

    /** Takes all pools out of service, those for overrides included: from here on nobody finds one of the old definition. */
    private synchronized Mono<Void> take(@Nullable ConnectionDefinition next) {
        Mono<Void> drained = drained(pools, SlotPool.MovedException::new);
        if (next != null) {
            definition = next;
            core.defined(next);
            drained = drained.doFirst(() -> core.tell(time -> new ConnectionEvent.Replaced(next.name(), time)));
        }
        pools = null;
        DerivedSlots present = derived;
        return present == null ? drained : Mono.when(drained, present.clear());
    }

    /** Ends the name: waiting borrowers fail at once, with the reason given. */
    synchronized Mono<Void> remove(Supplier<? extends RuntimeException> reason) {
        removed = reason;
        Mono<Void> drained = drained(pools, reason);
        if (owner.equals(Owner.NAME)) {
            drained =
                    drained.doFirst(() -> core.tell(time -> new ConnectionEvent.Unregistered(definition.name(), time)));
        }
        pools = null;
        DerivedSlots present = derived;
        Mono<Void> ended = present == null ? drained : Mono.when(drained, present.close(reason));
        return gatekeeper ? ended.doFirst(gate::open) : ended;
    }

    /** Drains when subscribed, since that calls the borrowers who wait: whoever holds a lock subscribes after letting it go. */
    private static Mono<Void> drained(@Nullable SlotPools old, Supplier<? extends Throwable> reason) {
        return old == null ? Mono.empty() : Mono.defer(() -> old.drain(reason));
    }
}
