package dev.switchboard.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.ContextView;
import reactor.util.retry.Retry;

/**
 * The slots of one name for the overrides that chains brought to it: one for each override that comes to something else,
 * bounded in number. Who needs another one while all are taken waits, in order of arrival, until one of them is idle: the one
 * whose last borrower came longest ago is closed, and its place is free when it is closed. Nobody closes one that is in use.
 *
 * <p>A slot here lives as long as the definition that it was merged from: when that goes, so do all slots, and who waited for
 * one of them asks again.
 */
final class DerivedSlots {

    private static final Retry MOVED = Retry.indefinitely().filter(SlotPool.MovedException.class::isInstance);

    private final ConnectionSlot base;
    private final RegistryCore core;
    /** Least recently used first. */
    private final Map<ConnectionOverride, Derived> slots = new LinkedHashMap<>(16, 0.75f, true);
    /** Who waits for a slot that is not there, by what they wait for, in order of arrival. */
    private final Map<ConnectionOverride, Set<Place>> waiting = new LinkedHashMap<>();

    private int closing;
    private @Nullable Supplier<? extends RuntimeException> closed;

    DerivedSlots(ConnectionSlot base, RegistryCore core) {
        this.base = base;
        this.core = core;
    }

    /** Gets a connection to the receiver within the base's acquire time-out. */
    Mono<Void> acquire(Route route, ConnectionOverride override, ContextView context, Lease.Receiver receiver) {
        return Mono.defer(() -> {
            Duration limit = base.definition().pool().acquireTimeout();
            Borrower borrower = new Borrower(route, override, context, receiver);
            return Mono.defer(borrower::attempt)
                    .retryWhen(MOVED)
                    .timeout(limit, Mono.defer(() -> Mono.error(borrower.timedOut(limit))), core.timer());
        });
    }

    synchronized List<ConnectionSlot> snapshot() {
        return slots.values().stream().map(derived -> derived.slot).toList();
    }

    /** Takes all slots out of service, at once; they drain when subscribed, and the next borrower opens new ones. */
    Mono<Void> clear() {
        return cleared(SlotPool.MovedException::new);
    }

    /** The same for good, with the reason for everybody who comes. */
    synchronized Mono<Void> close(Supplier<? extends RuntimeException> reason) {
        closed = reason;
        return cleared(reason);
    }

    private synchronized Mono<Void> cleared(Supplier<? extends RuntimeException> reason) {
        List<Derived> gone = new ArrayList<>(slots.values());
        List<Place> dismissed = new ArrayList<>();
        slots.clear();
        waiting.values().forEach(dismissed::addAll);
        waiting.clear();
        return Mono.defer(() -> {
            dismissed.forEach(place -> place.granted.tryEmitError(reason.get()));
            return Mono.when(
                    gone.stream().map(derived -> derived.slot.remove(reason)).toList());
        });
    }

    /** Gives places to those who wait, as far as there are any, and makes room for the others. */
    private void grant() {
        List<Place> granted = new ArrayList<>();
        List<Derived> evicted = new ArrayList<>();
        synchronized (this) {
            int most = base.definition().overrides().maxPools();
            while (!waiting.isEmpty() && slots.size() + closing < most) {
                Iterator<Map.Entry<ConnectionOverride, Set<Place>>> first =
                        waiting.entrySet().iterator();
                Map.Entry<ConnectionOverride, Set<Place>> oldest = first.next();
                first.remove();
                grant(oldest.getKey(), oldest.getValue(), granted);
            }
            while (closing < waiting.size()) {
                Derived idle = leastRecentlyUsedIdle();
                if (idle == null) {
                    break;
                }
                evicted.add(idle);
                closing++;
            }
        }
        granted.forEach(Place::tell);
        evicted.forEach(this::evict);
    }

    private void grant(ConnectionOverride difference, Set<Place> places, List<Place> granted) {
        for (Place place : places) {
            // A place that was asked for under a definition that went meanwhile stays without a slot, and is told so.
            if (place.definition.equals(base.definition())) {
                place.take(slots.computeIfAbsent(difference, absent -> place.derive()));
            }
            granted.add(place);
        }
    }

    private @Nullable Derived leastRecentlyUsedIdle() {
        Iterator<Derived> candidates = slots.values().iterator();
        while (candidates.hasNext()) {
            Derived candidate = candidates.next();
            if (candidate.isIdle()) {
                candidates.remove();
                return candidate;
            }
        }
        return null;
    }

    private void evict(Derived idle) {
        core.background().start(idle.slot.remove(SlotPool.MovedException::new).doOnTerminate(this::evicted));
    }

    private void evicted() {
        synchronized (this) {
            closing--;
        }
        grant();
    }

    /** A slot and how many borrowers are on their way to it; once they have a connection, its pool counts them. */
    private static final class Derived {

        private final ConnectionSlot slot;
        private int acquiring;

        Derived(ConnectionSlot slot) {
            this.slot = slot;
        }

        boolean isIdle() {
            return acquiring == 0 && slot.isIdle();
        }
    }

    /** One borrower, from its request to its delivery. */
    private final class Borrower {

        private final Route route;
        private final ConnectionOverride override;
        private final ContextView context;
        private final Lease.Receiver receiver;
        private volatile ConnectionSlot slot = base;
        private volatile @Nullable ConnectionOverride waitsFor;

        Borrower(Route route, ConnectionOverride override, ContextView context, Lease.Receiver receiver) {
            this.route = route;
            this.override = override;
            this.context = context;
            this.receiver = receiver;
        }

        Mono<Void> attempt() {
            ConnectionDefinition definition = base.definition();
            OverrideMerge merge = new OverrideMerge(definition, override);
            merge.refuseIf(
                    override.schema() != null && route.preparationKey() != null,
                    "its route has prepared a session for somebody already, and a schema would be without effect",
                    "a schema on a route that has none",
                    "Leave the schema to the router");
            ConnectionOverride difference = merge.difference();
            if (difference.isEmpty()) {
                return base.attempt(route, context, receiver);
            }
            Place place = new Place(definition, difference, merge);
            waitsFor = difference;
            return place.granted().flatMap(this::enter).doFinally(signal -> place.leave());
        }

        private Mono<Void> enter(ConnectionSlot granted) {
            slot = granted;
            waitsFor = null;
            return granted.attempt(route, context, receiver);
        }

        Throwable timedOut(Duration limit) {
            ConnectionOverride missing = waitsFor;
            ConnectionDefinition definition = base.definition();
            return missing == null
                    ? slot.timedOut(limit, receiver)
                    : new OverridePoolsBusyException(
                            definition.name(),
                            missing,
                            limit,
                            definition.overrides().maxPools());
        }
    }

    /** A borrower's right to a slot: while it holds, the slot is not idle. Its fields belong to the lock of all places. */
    private final class Place {

        private final ConnectionDefinition definition;
        private final ConnectionOverride difference;
        private final OverrideMerge merge;
        private final Sinks.One<ConnectionSlot> granted = Sinks.one();
        private @Nullable ConnectionDefinition merged;
        private @Nullable Derived derived;
        private volatile @Nullable ConnectionSlot taken;

        Place(ConnectionDefinition definition, ConnectionOverride difference, OverrideMerge merge) {
            this.definition = definition;
            this.difference = difference;
            this.merge = merge;
        }

        /** The slot, at once where it is there already. */
        Mono<ConnectionSlot> granted() {
            return Mono.defer(() -> {
                if (!join(null)) {
                    join(OverrideMerge.merged(definition, difference));
                    grant();
                }
                return granted.asMono();
            });
        }

        /** Takes the slot, or waits for the one that is to be made of the definition given; false where none is given. */
        private boolean join(@Nullable ConnectionDefinition toWaitFor) {
            Supplier<? extends RuntimeException> refusal;
            synchronized (DerivedSlots.this) {
                Derived open = slots.get(difference);
                refusal = closed;
                if (open != null) {
                    take(open);
                } else if (toWaitFor == null) {
                    return false;
                } else if (refusal == null) {
                    merged = toWaitFor;
                    waiting.computeIfAbsent(difference, first -> new LinkedHashSet<>())
                            .add(this);
                    return true;
                }
            }
            if (taken == null && refusal != null) {
                granted.tryEmitError(refusal.get());
            } else {
                tell();
            }
            return true;
        }

        private Derived derive() {
            ConnectionSlot.Owner owner = new ConnectionSlot.Owner(
                    () -> merge.refuseLinks(difference), DerivedSlots.this::grant, base::changed, base::echo);
            return new Derived(new ConnectionSlot(Objects.requireNonNull(merged), core, owner, base.gate()));
        }

        private void take(Derived open) {
            open.acquiring++;
            derived = open;
            taken = open.slot;
        }

        void tell() {
            ConnectionSlot slot = taken;
            if (slot == null) {
                granted.tryEmitError(new SlotPool.MovedException());
            } else {
                granted.tryEmitValue(slot);
            }
        }

        /** The borrower has its connection, or does not want one any more. */
        void leave() {
            synchronized (DerivedSlots.this) {
                Set<Place> others = waiting.get(difference);
                if (derived != null) {
                    derived.acquiring--;
                } else if (others != null && others.remove(this) && others.isEmpty()) {
                    waiting.remove(difference);
                }
                derived = null;
            }
            grant();
        }
    }
}
