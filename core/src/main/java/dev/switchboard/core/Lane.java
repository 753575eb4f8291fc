package dev.switchboard.core;

import java.util.List;
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
    private final WaitingTickets waiting = new WaitingTickets();
    private final OpenPermits open = new OpenPermits();
    private final Sinks.Empty<Void> emptied = Sinks.empty();
    private int taken;
    private int aside; // of those that are taken: wait for others of their joint admission
    private int live;
    private int connecting;
    private int givenUp; // on their way though nobody wants them; their sockets are there until the driver answers
    private int onTheirWay;
    private int opening; // promised and not open yet, without those that were given up
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
        return new Ticket(this, null, false, null);
    }

    /** A ticket for a borrower that holds a connection of the same host already: it gets one at once, or the error. */
    Ticket ticket(Supplier<? extends Throwable> stuck) {
        return new Ticket(this, stuck, true, null);
    }

    /** A ticket that nobody else wants at this moment, already entered with; null where there is none. */
    @Nullable
    Ticket spare() {
        return admission.look(() -> {
            boolean wanted = waiting.size() > 0 || queue.isWanted() || queue.opensTooMany();
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
        return admission.look(() -> taken == 0 && waiting.size() == 0);
    }

    /** Sends every waiting borrower away, and every later one, each with an error made for it. */
    void close(Supplier<? extends Throwable> reason) {
        admission.change(this, () -> {
            closed = reason;
            List<Ticket> dismissed = waiting.takeAll();
            dismissed.addAll(admission.takeBack(lane -> lane == this, Integer.MAX_VALUE));
            dismissed.forEach(waiting::remove);
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

    /** Its open connections. */
    OpenPermits open() {
        return open;
    }

    /** Brings what others see of this lane up to date. */
    void recount() {
        quota.promised(Math.max(live, taken) + givenUp);
        quota.spare(Math.max(0, live - taken));
        quota.opening(Math.max(0, taken - aside - live) + connecting);
        quota.waiting(waiting.size());
        ConnectPace pace = size.pace();
        if (pace != null) {
            int now = Math.max(0, taken - aside - live) + onTheirWay;
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

    /** The error of whoever comes now, where nobody may. */
    @Nullable
    Supplier<? extends Throwable> refusal(boolean isMember) {
        boolean isFull = isMember && taken >= size.tickets() && waiting.size() >= size.waiting();
        return closed == null && isFull ? full : closed;
    }

    /** Lets a borrower in, or lets it wait; else this is the error of one that may not. */
    @Nullable
    Supplier<? extends Throwable> join(Ticket ticket) {
        if (ticket.holds() && taken >= size.tickets()) {
            admission.takeBack(lane -> lane == this, 1);
        }
        if (ticket.stuck() != null && (taken < size.tickets() || ticket.isLateMember())) {
            return taken < size.tickets() && joinNested(ticket) ? null : ticket.stuck();
        }
        waiting.add(ticket);
        admission.settle(this);
        return waiting.size() > size.waiting() && waiting.remove(ticket) ? full : null;
    }

    /** Lets a borrower stand beside until its joint admission collects. */
    void park(Ticket ticket) {
        waiting.park(ticket);
    }

    /** Lets one that stood beside wait. */
    void collect(Ticket ticket) {
        if (ticket.holds() && taken >= size.tickets()) {
            admission.takeBack(lane -> lane == this, 1);
        }
        waiting.add(ticket);
    }

    /** A ticket was granted that is of no use before others are. */
    void setAside(Ticket ticket, boolean isAside) {
        aside += isAside ? 1 : -1;
        admission.setAside(ticket, isAside);
        recount();
    }

    /** A ticket that was set aside waits again, behind those who wait by now. */
    void takeBack(Ticket ticket) {
        setAside(ticket, false);
        taken--;
        waiting.add(ticket);
        recount();
    }

    /** A borrower that holds a connection here waits for nobody: that could be itself. */
    private boolean joinNested(Ticket ticket) {
        if (!hasSpare() && !queue.moved(this) && !roomForNested()) {
            if (quota.full(Quota.Use.NESTED) != null) {
                return false;
            }
            ticket.drawn();
            quota.drawn(1);
        }
        grant(ticket);
        return true;
    }

    /** What is set aside for others is given back before the reserve would be empty. */
    private boolean roomForNested() {
        boolean room = queue.room(this);
        Quota full = room ? null : quota.full(Quota.Use.NESTED);
        if (full == null) {
            return room;
        }
        boolean everywhere = full == admission.total();
        admission.takeBack(lane -> everywhere || lane.queue() == queue, Integer.MAX_VALUE);
        return hasSpare() || queue.moved(this) || queue.room(this);
    }

    void grantNext() {
        grant(waiting.takeNext());
    }

    private void grant(Ticket ticket) {
        taken++;
        recount();
        ticket.granted();
    }

    void leaves(Ticket ticket) {
        waiting.remove(ticket);
    }

    /** A connection is there for whoever found none: it looks again, as after a return. */
    void delivered() {
        returns++;
    }

    void returned(boolean isDrawn) {
        taken--;
        returns++;
        if (isDrawn) {
            quota.drawn(-1);
        }
        tellIfEmptied();
        if (taken == 0 && waiting.size() == 0) {
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

    void loses(Permit permit, boolean onItsWay) {
        live--;
        onTheirWay(onItsWay ? -1 : 0);
        givenUp += onItsWay && isBudgeted() ? 1 : 0;
        open.remove(permit);
        queue.occupied(this, !open.isEmpty());
    }
}
