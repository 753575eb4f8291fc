package dev.switchboard.core;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The queue of one host, in front of the pools of the names that live there: a borrower enters a pool only with a
 * {@link Ticket}, which promises it an idle connection of its name or the right to open one. Waiting, deadline, cancel and
 * fairness live here and nowhere else, so nothing ever waits inside a pool.
 *
 * <p>Names with waiters take {@link Turns}; within a name, in its {@link Lane}, borrowers are served in the order in which they
 * came. What it costs to queue, to leave and to be served does not depend on how many others wait.
 */
final class AdmissionQueue extends Turns.Member {

    private static final int MOST_TRIES = 8;

    private final Admission admission;
    private final String host;
    private final Quota quota;
    private final Turns<Lane> turns = new Turns<>();
    private final Set<Lane> lanes = new LinkedHashSet<>();
    /** The lanes with open connections. */
    private final Set<Lane> occupied = new LinkedHashSet<>();

    private final Map<String, ConnectPace> paces = new LinkedHashMap<>();
    private final HostReport report = new HostReport(this);

    AdmissionQueue() {
        this(new Admission(null), "");
    }

    AdmissionQueue(Admission admission, String host) {
        this.admission = admission;
        this.host = host;
        this.quota = new Quota(host, admission.total());
        limit();
        admission.add(this);
    }

    /** How many may hold a connection of a name, and how many may wait for one; how fast new ones are opened, where that matters. */
    record Size(
            int tickets,
            int waiting,
            @Nullable ConnectPace pace,
            @Nullable Mover mover) {

        Size(int tickets, int waiting) {
            this(tickets, waiting, null, null);
        }
    }

    /** A lane of as many tickets as its pool has connections at most. */
    Lane lane(int tickets) {
        return lane("", new Size(tickets, Integer.MAX_VALUE), IllegalStateException::new, () -> {});
    }

    /**
     * A lane in which only so many may wait; who comes when it is full gets the error at once. It tells, outside of the lock,
     * when its last ticket came back and nobody waits for one.
     */
    Lane lane(String name, Size size, Supplier<? extends Throwable> full, Runnable whenIdle) {
        Lane lane = new Lane(this, name, size, full, whenIdle);
        return admission.look(() -> {
            lanes.add(lane);
            return lane;
        });
    }

    Admission admission() {
        return admission;
    }

    /** An equal likeness that another lane has already, or this one: the same one is compared in no time. */
    Object shared(Object likeness) {
        return admission.look(() -> lanes.stream()
                .map(Lane::mover)
                .filter(Objects::nonNull)
                .map(Mover::likeness)
                .filter(likeness::equals)
                .findFirst()
                .orElse(likeness));
    }

    Quota quota() {
        return quota;
    }

    /** How fast connections to one of its addresses are opened. */
    ConnectPace pace(String address, Function<String, ConnectPace> fresh) {
        return admission.look(() -> paces.computeIfAbsent(address, fresh));
    }

    /** Nothing leads here any more. */
    void forgotten() {
        admission.remove(this);
        List<ConnectPace> left = admission.look(() -> List.copyOf(paces.values()));
        for (ConnectPace pace : left) {
            CircuitBreakers.Breaker breaker = pace.breaker();
            if (breaker != null) {
                breaker.closed();
            }
        }
    }

    String host() {
        return host;
    }

    HostReport report() {
        return report;
    }

    /** How it stands at one moment. */
    BudgetStatus status() {
        return admission.look(() -> BudgetStatus.of(quota));
    }

    /** Takes the cap over from the budget. */
    void limit() {
        ConnectionBudget budget = admission.budget();
        quota.cap(budget == null ? Quota.Cap.NONE : budget.hostCap(host));
    }

    @Override
    int quantum() {
        ConnectionBudget budget = admission.budget();
        return budget == null ? 1 : budget.quantum();
    }

    /** The permit for a few words that stop what a connection is doing; null while there is no room for it. */
    @Nullable
    Permit control() {
        return admission.look(() -> mayControl() ? new Permit(this, null) : null);
    }

    /** Completes when there may be room for a control connection. */
    Mono<Void> controlRoom() {
        return admission.room(this::mayControl);
    }

    boolean isEmpty() {
        return admission.look(() -> quota.sockets() == 0);
    }

    // ---- under the lock

    /** Control connections to a host that does not answer must not use up the total either. */
    private boolean mayControl() {
        ConnectionBudget budget = admission.budget();
        return quota.mayConnect(Quota.Use.CONTROL) && (budget == null || quota.controls() < budget.openingsPerHost());
    }

    /** Hands one ticket to whoever is first in turn; false where nobody can be served. */
    boolean serve(@Nullable Lane own) {
        return !turns.isEmpty() && mayServe() && turns.serve(own, this::granted);
    }

    /** Looks at the host before each of its names is looked at. */
    private boolean mayServe() {
        Quota full = quota.full(Quota.Use.ORDINARY);
        return full == null ? quota.spare() > 0 || !(opensTooMany() || isHeldBack()) : full.spare() > 0;
    }

    /** Whether nobody can be served who would have to connect anywhere. */
    private boolean isHeldBack() {
        return !paces.isEmpty() && paces.values().stream().allMatch(ConnectPace::holdsBack);
    }

    private boolean granted(Lane lane) {
        if (!lane.hasSpare() && !moved(lane) && (opensTooMany() || lane.isHeldBack() || !room(lane))) {
            return false;
        }
        lane.grantNext();
        return true;
    }

    /** How many connections to one address may be on their way at the same time. */
    int openings() {
        ConnectionBudget budget = admission.budget();
        return budget == null ? ConnectPace.MOST : Math.min(ConnectPace.MOST, budget.openingsPerHost());
    }

    /** Whether so many connections are being opened that the next one must wait; those of a dead host are opened for long. */
    boolean opensTooMany() {
        ConnectionBudget budget = admission.budget();
        return budget != null && quota.opening() >= budget.openingsPerHost();
    }

    /** Takes an idle connection over from another name that is alike; false where there is none. */
    boolean moved(Lane lane) {
        Mover mover = lane.mover();
        if (mover == null || !lane.quota().mayTakeOver()) {
            return false;
        }
        boolean atCap = quota.full(Quota.Use.ORDINARY) != null;
        // One that is taken at this very moment is not movable any more; so often in a row is not worth the lock.
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            Permit best = null;
            for (Lane other : occupied) {
                if (other != lane && other.hasSpare() && gives(other, mover, atCap)) {
                    best = other.open().betterFor(mover, best);
                }
            }
            if (best == null || best.movedTo(lane, mover)) {
                return best != null;
            }
        }
        return false;
    }

    private static boolean gives(Lane lane, Mover taker, boolean atCap) {
        Mover giver = lane.mover();
        return giver != null
                && (atCap || !giver.keepsIdle())
                && taker.likeness().equals(giver.likeness());
    }

    /** Whether one more connection may be promised, where need be after an idle one of another name is closed for it. */
    boolean room(Lane lane) {
        Quota full = quota.full(Quota.Use.ORDINARY);
        return full == null || (!full.isOver() && admission.reclaim(full == quota ? this : null, lane));
    }

    boolean isWanted() {
        return !turns.isEmpty() || admission.isWanted();
    }

    Set<Lane> lanes() {
        return lanes;
    }

    /** The pool of a lane is closed, and the lane empty. */
    void forget(Lane lane) {
        admission.look(() -> lanes.remove(lane));
    }

    void waits(Lane lane, boolean waits) {
        turns.waits(lane, waits);
        admission.waits(this, !turns.isEmpty());
    }

    void occupied(Lane lane, boolean hasConnections) {
        if (hasConnections) {
            occupied.add(lane);
        } else {
            occupied.remove(lane);
        }
    }

    /** The longer idle one of this permit and all spare ones here. */
    @Nullable
    Permit longerIdle(@Nullable Permit other, @Nullable Lane notOf) {
        Permit oldest = other;
        for (Lane lane : occupied) {
            if (lane != notOf && lane.hasSpare()) {
                oldest = lane.open().longerIdle(oldest);
            }
        }
        return oldest;
    }
}
