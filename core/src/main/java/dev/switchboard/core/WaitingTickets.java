package dev.switchboard.core;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Who waits for a ticket of one lane, in the order in which they are served: first whoever holds a connection already, since all
 * others wait for less, then everybody else as they came. Beside them stand those whose {@link JointAdmission} does not ask yet.
 * Guarded by the lock of the {@link Admission}.
 */
final class WaitingTickets {

    private final Set<Ticket> holding = new LinkedHashSet<>();
    private final Set<Ticket> ordinary = new LinkedHashSet<>();
    private final Set<Ticket> parked = new LinkedHashSet<>();

    /** Nobody could be served even if there were tickets. */
    boolean isEmpty() {
        return holding.isEmpty() && ordinary.isEmpty();
    }

    /** With those that stand beside. */
    int size() {
        return holding.size() + ordinary.size() + parked.size();
    }

    void add(Ticket ticket) {
        parked.remove(ticket);
        (ticket.holds() ? holding : ordinary).add(ticket);
    }

    void park(Ticket ticket) {
        remove(ticket);
        parked.add(ticket);
    }

    boolean remove(Ticket ticket) {
        return holding.remove(ticket) || ordinary.remove(ticket) || parked.remove(ticket);
    }

    Ticket takeNext() {
        Set<Ticket> first = holding.isEmpty() ? ordinary : holding;
        Ticket next = first.iterator().next();
        first.remove(next);
        return next;
    }

    List<Ticket> takeAll() {
        List<Ticket> all = new ArrayList<>(holding);
        all.addAll(ordinary);
        all.addAll(parked);
        holding.clear();
        ordinary.clear();
        parked.clear();
        return all;
    }
}
