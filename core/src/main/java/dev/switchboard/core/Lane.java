package dev.switchboard.core;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The borrowers and the connections of one pool, as its {@link AdmissionQueue} sees them. */
final class Lane extends Turns.Member {

    private final AdmissionQueue queue;
    private final Admission admission;
    private final String name;
    private final AdmissionQueue.Size size;
    private final Supplier<? extends Throwable> full;
    private final Runnable whenIdle;
    private final Quota quota;
    private final Set<Ticket> waiting = new LinkedHashSet<>();
    private final Set<Permit> open = new LinkedHashSet<>();
    private final Sinks.Empty<Void> emptied = Sinks.empty();
    private int taken;
    private int live;
    private int connecting;
    /** On their way although nobody wants them any more: their sockets are there until the driver answers. */
    private int givenUp;

    private int onTheirWay;

    /** Promised and not open yet, without those that were given up. */
    private int opening;

    private int returns;
    private @Nullable Supplier<? extends Throwable> closed;

    Lane(
            AdmissionQueue queue,
            String name,
            AdmissionQueue.Size size,
            Supplier<? extends Throwable> full,
            Runnable whenIdle) {
        this.queue = queue;
        this.admission = queue.admission();
        this.name = name;
        this.size = size;
        this.full = full;
        this.whenIdle = whenIdle;
        this.quota = new Quota(name, queue.quota());
        if (admission.budget() != null) {
            quota.cap(new Quota.Cap(size.tickets(), 0, 0, false));
        }
    }

    String name() {
        return name;
    }

    /** How many may hold a connection at a time. */
    int tickets() {
        return size.tickets();
    }

    boolean isBudgeted() {
        return admission.budget() != null;
    }

    /** Whether both are under one cap. */
    boolean competesWith(Lane other) {
        return queue == other.queue
                || (admission == other.admission && admission.total().cap().exists());
    }

    /** The cap that holds a borrower back, other than the size of its own pool; null where there is none. */
    @Nullable
    BudgetStatus inTheWay(Quota.Use use) {
        return admission.look(() -> {
            Quota full = fullFor(use);
            return full == null ? null : BudgetStatus.of(full);
        });
    }

    /** The soft cap that is exceeded at this moment, or null. */
    @Nullable
    BudgetStatus exceeded() {
        return admission.look(() -> {
            Quota exceeded = queue.quota().exceeded();
            return exceeded == null ? null : BudgetStatus.of(exceeded);
        });
    }

    private @Nullable Quota fullFor(Quota.Use use) {
        if (taken >= size.tickets()) {
            return null;
        }
        Quota full = queue.quota().full(use);
        return full == null && queue.opensTooMany() ? queue.quota() : full;
    }

    AdmissionQueue queue() {
        return queue;
    }

    /** How it takes connections over from other lanes; null where it takes none and gives none. */
    @Nullable
    Mover mover() {
        return size.mover();
    }

    /** How fast its connections are opened; null where they lead to no address. */
    @Nullable
    ConnectPace pace() {
        return size.pace();
    }

    Quota quota() {
        return quota;
    }

    @Override
    int quantum() {
        ConnectionBudget budget = admission.budget();
        return budget == null ? 1 : budget.quantum() * budget.weight(name);
    }

    Ticket ticket() {
        return new Ticket(this, null);
    }

    /** A ticket for a borrower that holds a connection of the same host already: it gets one at once, or the error. */
    Ticket ticket(Supplier<? extends Throwable> stuck) {
        return new Ticket(this, stuck);
    }

    /** A ticket that nobody else wants at this moment, already entered with; null where there is none. */
    @Nullable
    Ticket spare() {
        return admission.look(() -> {
            boolean wanted = !waiting.isEmpty() || queue.isWanted() || queue.opensTooMany();
            if (closed != null || taken >= size.tickets() || wanted || quota.full(Quota.Use.ORDINARY) != null) {
                return null;
            }
            Ticket spare = Ticket.entered(this);
            taken++;
            recount();
            return spare;
        });
    }

    /** The permit for one more connection, for whoever has a ticket; null while what it was promised is still being closed. */
    @Nullable
    Permit connect() {
        return admission.look(() -> mayConnect() ? new Permit(queue, this) : null);
    }

    int waiting() {
        return admission.look(waiting::size);
    }

    int taken() {
        return admission.look(() -> taken);
    }

    boolean isIdle() {
        return admission.look(() -> taken == 0 && waiting.isEmpty());
    }

    /** Sends every waiting borrower away, and every later one, each with an error made for it. */
    void close(Supplier<? extends Throwable> reason) {
        admission.change(this, () -> {
            closed = reason;
            List<Ticket> dismissed = new ArrayList<>(waiting);
            waiting.clear();
            dismissed.forEach(ticket -> ticket.dismissed(reason));
            return tellIfEmptied();
        });
    }

    /** Completes once the lane is closed and every ticket is back. */
    Mono<Void> emptied() {
        return emptied.asMono();
    }

    // ---- under the lock

    /** How it stands; one that drains is no part of its name's size. */
    BudgetStatus status() {
        BudgetStatus status = BudgetStatus.of(quota);
        PoolCounts counts = status.counts();
        return closed == null
                ? status
                : new BudgetStatus(
                        name,
                        status.open(),
                        new PoolCounts(counts.inUse(), counts.idle(), counts.opening(), counts.waiting(), 0),
                        status.reclaimed(),
                        status.moved());
    }

    Admission admission() {
        return admission;
    }

    /** Brings what others see of this lane up to date. */
    void recount() {
        quota.promised(Math.max(live, taken) + givenUp);
        quota.spare(Math.max(0, live - taken));
        quota.opening(Math.max(0, taken - live) + connecting);
        quota.waiting(waiting.size());
        ConnectPace pace = size.pace();
        if (pace != null) {
            int now = Math.max(0, taken - live) + onTheirWay;
            pace.opening(now - opening);
            opening = now;
        }
        queue.waits(this, !waiting.isEmpty() && taken + givenUp < size.tickets());
    }

    /** Whether a connection is there, or on its way, that nobody has a ticket for. */
    boolean hasSpare() {
        return live > taken;
    }

    boolean mayConnect() {
        ConnectPace pace = size.pace();
        return quota.mayConnect(Quota.Use.ORDINARY) && (pace == null || pace.mayConnect());
    }

    /** Whether the address of its connections is not to be asked for another one now. */
    boolean isHeldBack() {
        ConnectPace pace = size.pace();
        return pace != null && pace.holdsBack();
    }

    private void onTheirWay(int change) {
        onTheirWay += change;
        ConnectPace pace = size.pace();
        if (pace != null) {
            pace.connecting(change);
        }
    }

    /** How often a ticket came back so far. */
    int returns() {
        return returns;
    }

    /** Lets a borrower in, or lets it wait; else this is the error of one that may not. */
    @Nullable
    Supplier<? extends Throwable> join(Ticket ticket) {
        if (closed != null) {
            return closed;
        }
        if (ticket.stuck() != null && taken < size.tickets()) {
            return joinNested(ticket) ? null : ticket.stuck();
        }
        waiting.add(ticket);
        admission.settle(this);
        return waiting.size() > size.waiting() && waiting.remove(ticket) ? full : null;
    }

    /** A borrower that holds a connection here waits for nobody: that could be itself. */
    private boolean joinNested(Ticket ticket) {
        if (!hasSpare() && !queue.moved(this) && !queue.room(this)) {
            if (quota.full(Quota.Use.NESTED) != null) {
                return false;
            }
            ticket.drawn();
            quota.drawn(1);
        }
        grant(ticket);
        return true;
    }

    void grantNext() {
        Iterator<Ticket> order = waiting.iterator();
        Ticket next = order.next();
        order.remove();
        grant(next);
    }

    private void grant(Ticket ticket) {
        taken++;
        recount();
        ticket.granted();
    }

    void leaves(Ticket ticket) {
        waiting.remove(ticket);
    }

    void returned(boolean isDrawn) {
        taken--;
        returns++;
        if (isDrawn) {
            quota.drawn(-1);
        }
        tellIfEmptied();
        if (taken == 0 && waiting.isEmpty()) {
            admission.afterwards(whenIdle);
        }
        admission.knocked();
    }

    private boolean tellIfEmptied() {
        boolean isEmptied = closed != null && taken == 0;
        if (isEmptied) {
            admission.afterwards(emptied::tryEmitEmpty);
        }
        return isEmptied;
    }

    void connects() {
        live++;
        connecting++;
        onTheirWay(1);
        recount();
    }

    /** A connection is no longer on its way: it is open now, or closed. */
    void arrived(@Nullable Permit opened, boolean wasGivenUp) {
        connecting--;
        onTheirWay(wasGivenUp ? 0 : -1);
        givenUp -= wasGivenUp && isBudgeted() ? 1 : 0;
        if (opened != null) {
            open.add(opened);
            queue.occupied(this, true);
        }
    }

    /** An open connection of another lane is one of this lane's. */
    void gains(Permit permit) {
        live++;
        open.add(permit);
        queue.occupied(this, true);
    }

    /** Whether one more connection fits into it, though others of it may still be closing. */
    boolean mayTakeOver() {
        return quota.mayTakeOver();
    }

    /** The better one of this permit and all that a lane could take from here. */
    @Nullable
    Permit betterFor(Mover mover, @Nullable Permit other) {
        Permit best = other;
        for (Permit permit : open) {
            if (permit.isFor(mover)) {
                best = permit.betterFor(mover, best);
            }
        }
        return best;
    }

    void loses(Permit permit, boolean onItsWay) {
        live--;
        onTheirWay(onItsWay ? -1 : 0);
        givenUp += onItsWay && isBudgeted() ? 1 : 0;
        open.remove(permit);
        queue.occupied(this, !open.isEmpty());
    }

    @Nullable
    Permit longerIdle(@Nullable Permit other) {
        Permit oldest = other;
        for (Permit permit : open) {
            if (permit.isIdle() && permit.isOlderThan(oldest)) {
                oldest = permit;
            }
        }
        return oldest;
    }
}
