package dev.switchboard.core;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Several connections that one piece of work holds at the same time: it gets all of them or none, whatever the sizes of the pools
 * and the caps of the budget, so that two such pieces never stand there each with a part of what the other one needs. This is the
 * seam for the layers above, as for an ordered fan-out; programs need none of it.
 *
 * <p>Each connection has a {@link Place}, which stands in the Context of the chain that asks for it. The first acquire of each
 * chain waits until all others have asked too, then until all of them can go on; then all go on together. A chain that asks
 * again, when its first connection is back or beside it, holds something by the others: it gets what is free at this moment or a
 * {@link BudgetDeadlockException}. The same holds for all places together where the chain around them holds a connection.
 * One that can never go on, since it asks for more than a cap or a pool has, is a {@link CapTooLowException} before anything is
 * taken. Deadlines are those of each acquire; a chain that leaves gives its ticket back, and so do the others until it comes again.
 */
public final class JointAdmission {

    private static final Object KEY = new Object() {
        @Override
        public String toString() {
            return "dev.switchboard.place";
        }
    };

    /** For how long tickets are set aside at first before those who wait behind get them; doubled each time. */
    private static final long FIRST_PATIENCE_MILLIS = 1_000;

    private static final int BEING_SCATTERED = -1;
    private static final int MOST_NAMES = 8;

    private enum Phase {
        /** Not all have asked. */
        FORMING,
        /** In the line of its registry. */
        QUEUED,
        /** Its tickets wait in their lanes, or are set aside. */
        COLLECTING,
        /** They are being taken out of their lanes again. */
        SCATTERING,
        /** It has them all. */
        GRANTED,
        /** It never will. */
        REFUSED
    }

    // All below belongs to the lock of this, which is taken inside of that of an Admission and never around one.
    private final Set<Ticket> tickets = new LinkedHashSet<>();
    private final Disposable.Swap deadline = Disposables.swap();
    private Phase phase = Phase.FORMING;
    private Set<Object> scopes = Set.of();
    /** What is collected before the rest: those that were not there when patience ended. */
    private Set<Ticket> scarce = Set.of();

    private @Nullable JointLine line;
    private int missing;
    private int aside;
    private int wanted;
    private int round;
    private long patienceMillis = FIRST_PATIENCE_MILLIS;
    private boolean holds;

    private JointAdmission(int connections) {
        this.missing = connections;
    }

    /**
     * For so many connections, each with a place of its own.
     *
     * @param connections one or more
     * @return takes nothing by itself
     */
    public static JointAdmission of(int connections) {
        if (connections < 1) {
            throw new IllegalArgumentException(
                    "A joint admission was asked for " + connections + " connections. Allowed: one or more.");
        }
        return new JointAdmission(connections);
    }

    /** {@return a place for one of the connections; to be called once for each} */
    public Place place() {
        return new Place(this);
    }

    /** What stands in the Context of the chain that asks for one of the connections. */
    public static final class Place {

        private final JointAdmission joint;
        private @Nullable Ticket ticket;
        private boolean ended;

        private Place(JointAdmission joint) {
            this.joint = joint;
        }

        /**
         * Writes this place into the Context of its chain.
         *
         * @param context the Context of the chain
         * @return the Context with the place
         */
        public Context writeTo(Context context) {
            if (context.hasKey(KEY)) {
                joint.holdsSomething();
            }
            return context.put(KEY, this);
        }

        /** The chain has ended, or has begun to answer: whoever has not asked by now needs no connection. */
        public void ended() {
            if (joint.ends(this)) {
                joint.proceed();
            }
        }

        Ticket ticket(Lane lane, JointLine line, List<String> held) {
            Supplier<BudgetDeadlockException> stuck = () -> new BudgetDeadlockException(
                    lane.name(), held.isEmpty() ? joint.names() : held, lane.inTheWay(Quota.Use.ORDINARY));
            return new Ticket(lane, stuck, !held.isEmpty(), new Ticket.Member(this, joint, line));
        }
    }

    static @Nullable Place placeIn(ContextView context) {
        return context.getOrDefault(KEY, null);
    }

    private synchronized void holdsSomething() {
        holds = true;
    }

    // ---- under the lock of an Admission

    /** The ticket of a place stands in its lane; false for one that is too many. */
    synchronized boolean arrives(Ticket ticket, Ticket.Member member, boolean itHolds) {
        Place place = member.place();
        boolean isOfOneRegistry = line == null || line == member.line();
        boolean isFirst = place.ticket == null && !place.ended && isOpen() && isOfOneRegistry;
        if (isFirst) {
            line = member.line();
            place.ticket = ticket;
            tickets.add(ticket);
            holds |= itHolds;
            missing--;
        }
        return isFirst;
    }

    private boolean isOpen() {
        return phase != Phase.GRANTED && phase != Phase.REFUSED;
    }

    /** A ticket of a place leaves its lane for good. */
    synchronized void left(Place place, Ticket ticket) {
        if (!isOpen() || !tickets.remove(ticket)) {
            return;
        }
        place.ticket = null;
        missing += place.ended ? 0 : 1;
        if (phase == Phase.COLLECTING) {
            phase = Phase.SCATTERING;
        } else if (phase == Phase.QUEUED) {
            phase = Phase.FORMING;
        }
    }

    synchronized boolean isCollecting(int itsRound) {
        return phase == Phase.COLLECTING && round == itsRound;
    }

    synchronized boolean isGranted() {
        return phase == Phase.GRANTED;
    }

    /** A ticket was set aside; what follows once the lock is free. */
    synchronized @Nullable Runnable setAside() {
        if (phase != Phase.COLLECTING) {
            return null;
        }
        aside++;
        if (aside == tickets.size()) {
            phase = Phase.GRANTED;
            return this::tell;
        }
        return aside == wanted ? this::collectTheRest : null;
    }

    /** Whether a ticket that was set aside can be had by somebody else. */
    synchronized boolean takenBack() {
        if (phase == Phase.COLLECTING) {
            aside--;
        }
        return phase != Phase.GRANTED;
    }

    // ---- under no lock

    private synchronized boolean ends(Place place) {
        boolean isNews = !place.ended && place.ticket == null && isOpen();
        place.ended = true;
        if (isNews) {
            missing--;
        }
        return isNews;
    }

    /** Goes on from wherever a ticket that came or went has left it. */
    void proceed() {
        JointLine mine;
        Phase now;
        synchronized (this) {
            mine = line;
            now = phase;
        }
        if (mine == null) {
            return;
        }
        if (now == Phase.SCATTERING) {
            scatter(mine);
        } else if (now == Phase.FORMING) {
            mine.look();
            form(mine);
        }
    }

    /** Ends with all tickets beside their lanes, and with this behind all others in the line. */
    private void scatter(JointLine mine) {
        List<Ticket> all;
        synchronized (this) {
            if (phase != Phase.SCATTERING || aside == BEING_SCATTERED) {
                return;
            }
            aside = BEING_SCATTERED;
            all = List.copyOf(tickets);
        }
        deadline.update(Disposables.disposed());
        Set<Ticket> notThere = new LinkedHashSet<>();
        for (Ticket ticket : all) {
            if (!ticket.scattered()) {
                notThere.add(ticket);
            }
        }
        mine.leave(this);
        synchronized (this) {
            scarce = notThere;
            phase = Phase.FORMING;
        }
        form(mine);
    }

    private void form(JointLine mine) {
        List<Ticket> all = everybody();
        Supplier<CapTooLowException> refusal = JointNeeds.refusal(all);
        Set<Object> needed = JointNeeds.scopes(all);
        boolean passes;
        synchronized (this) {
            // Whoever changes these afterwards comes here too.
            if (phase != Phase.FORMING || missing > 0 || all.isEmpty() || !all.equals(everybody())) {
                return;
            }
            phase = refusal == null ? Phase.QUEUED : Phase.REFUSED;
            scopes = needed;
            passes = holds;
        }
        if (refusal != null) {
            mine.look();
            all.forEach(ticket -> ticket.refused(refusal));
        } else if (passes) {
            // It could be waiting for itself; so it does not wait, and is in nobody's way.
            collect();
        } else {
            mine.enter(this);
        }
    }

    /** Whether it is to have its turn in the line, or has it. */
    synchronized boolean isInLine() {
        return phase == Phase.QUEUED || phase == Phase.COLLECTING || phase == Phase.SCATTERING;
    }

    private synchronized List<Ticket> everybody() {
        return List.copyOf(tickets);
    }

    /** What others must not collect at the same time. Fixed before it stands in the line. */
    synchronized Set<Object> scopes() {
        return scopes;
    }

    /** It is this one's turn in the line. */
    void collect() {
        List<Ticket> first;
        int mine;
        synchronized (this) {
            if (phase != Phase.QUEUED) {
                return;
            }
            phase = Phase.COLLECTING;
            Set<Ticket> here = new LinkedHashSet<>(holds ? Set.of() : scarce);
            here.retainAll(tickets);
            first = List.copyOf(here.isEmpty() ? tickets : here);
            aside = 0;
            wanted = first.size();
            round++;
            mine = round;
        }
        collect(first, mine);
    }

    private void collectTheRest() {
        List<Ticket> rest;
        int mine;
        synchronized (this) {
            wanted = tickets.size();
            rest = List.copyOf(tickets);
            mine = round;
        }
        collect(rest, mine);
    }

    private void collect(List<Ticket> some, int itsRound) {
        some.forEach(ticket -> ticket.collected(itsRound));
        JointLine mine;
        synchronized (this) {
            mine = line;
            if (!isCollecting(itsRound) || mine == null) {
                return;
            }
            if (!holds) {
                deadline.update(mine.timer().schedule(() -> tire(itsRound), patienceMillis, TimeUnit.MILLISECONDS));
                return;
            }
            if (wanted < tickets.size()) {
                return;
            }
            phase = Phase.REFUSED;
        }
        everybody().forEach(ticket -> ticket.refused(ticket.stuck()));
    }

    /** Others may need what is set aside, perhaps to give back what this waits for. */
    private void tire(int itsRound) {
        synchronized (this) {
            if (!isCollecting(itsRound)) {
                return;
            }
            phase = Phase.SCATTERING;
            patienceMillis *= 2;
        }
        proceed();
    }

    private void tell() {
        deadline.dispose();
        JointLine mine;
        synchronized (this) {
            mine = line;
        }
        if (mine != null) {
            mine.leave(this);
        }
        everybody().forEach(Ticket::tell);
    }

    /** Some of the names that have asked, for errors. */
    synchronized List<String> names() {
        return tickets.stream()
                .map(ticket -> ticket.lane().name())
                .distinct()
                .sorted()
                .limit(MOST_NAMES)
                .toList();
    }
}
