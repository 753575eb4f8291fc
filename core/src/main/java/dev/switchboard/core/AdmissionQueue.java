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

/**
 * The queue of one host, in front of the pools of the names that live there: a borrower enters a pool only with a ticket.
 * Waiting, deadline, cancel and fairness live here and nowhere else, so nothing ever waits inside a pool.
 *
 * <p>Names with waiters take turns; within a name, borrowers are served in the order in which they came. A name's lane
 * has as many tickets as its pool has connections at most. What it costs to queue, to leave and to be served does not
 * depend on how many others wait.
 */
final class AdmissionQueue {

    /** The lanes with a waiting borrower and a free ticket, the one whose turn it is first. */
    private final Set<Lane> ready = new LinkedHashSet<>();

    Lane lane(int tickets) {
        return lane(tickets, Integer.MAX_VALUE, IllegalStateException::new, () -> {});
    }

    /**
     * A lane in which only so many may wait; who comes when it is full gets the error at once. It tells, outside of the lock,
     * when its last ticket came back and nobody waits for one.
     */
    Lane lane(int tickets, int maxWaiting, Supplier<? extends Throwable> full, Runnable whenIdle) {
        return new Lane(tickets, maxWaiting, full, whenIdle);
    }

    /** Hands free tickets to waiting borrowers, one per name and turn; tells them outside of the lock. */
    private void grant() {
        List<Ticket> granted = new ArrayList<>(1);
        synchronized (this) {
            while (!ready.isEmpty()) {
                Lane lane = first(ready);
                granted.add(lane.grantNext());
                lane.queueAgain();
            }
        }
        granted.forEach(ticket -> ticket.admitted.tryEmitEmpty());
    }

    private static <T> T first(Set<T> ordered) {
        Iterator<T> oldest = ordered.iterator();
        T first = oldest.next();
        oldest.remove();
        return first;
    }

    /** The borrowers of one pool. */
    final class Lane {

        private final int tickets;
        private final int maxWaiting;
        private final Supplier<? extends Throwable> full;
        private final Runnable whenIdle;
        private final Set<Ticket> waiting = new LinkedHashSet<>();
        private final Sinks.Empty<Void> emptied = Sinks.empty();
        private int taken;
        private @Nullable Supplier<? extends Throwable> closed;

        private Lane(int tickets, int maxWaiting, Supplier<? extends Throwable> full, Runnable whenIdle) {
            this.tickets = tickets;
            this.maxWaiting = maxWaiting;
            this.full = full;
            this.whenIdle = whenIdle;
        }

        Ticket ticket() {
            return new Ticket(this);
        }

        /** A ticket that nobody else wants at this moment, already entered with; null where there is none. */
        @Nullable
        Ticket spare() {
            synchronized (AdmissionQueue.this) {
                if (closed != null || taken >= tickets || !waiting.isEmpty()) {
                    return null;
                }
                taken++;
                Ticket spare = new Ticket(this);
                spare.state = TicketState.ENTERED;
                return spare;
            }
        }

        /** Those who wait for a ticket that is free are about to get it and do not count. */
        private boolean isFull() {
            long free = (long) tickets - taken;
            return waiting.size() >= maxWaiting + free;
        }

        int waiting() {
            synchronized (AdmissionQueue.this) {
                return waiting.size();
            }
        }

        int taken() {
            synchronized (AdmissionQueue.this) {
                return taken;
            }
        }

        boolean isIdle() {
            synchronized (AdmissionQueue.this) {
                return taken == 0 && waiting.isEmpty();
            }
        }

        /** Sends every waiting borrower away, and every later one, each with an error made for it. */
        void close(Supplier<? extends Throwable> reason) {
            List<Ticket> dismissed;
            boolean empty;
            synchronized (AdmissionQueue.this) {
                closed = reason;
                dismissed = new ArrayList<>(waiting);
                waiting.clear();
                ready.remove(this);
                dismissed.forEach(ticket -> ticket.state = TicketState.RETURNED);
                empty = taken == 0;
            }
            dismissed.forEach(ticket -> ticket.admitted.tryEmitError(reason.get()));
            if (empty) {
                emptied.tryEmitEmpty();
            }
        }

        /** Completes once the lane is closed and every ticket is back. */
        Mono<Void> emptied() {
            return emptied.asMono();
        }

        private Ticket grantNext() {
            Ticket next = first(waiting);
            taken++;
            next.state = TicketState.GRANTED;
            return next;
        }

        private void queueAgain() {
            if (taken < tickets && !waiting.isEmpty()) {
                ready.add(this);
            }
        }
    }

    private enum TicketState {
        NEW,
        WAITING,
        GRANTED,
        ENTERED,
        RETURNED
    }

    /** One borrower's place in the queue, and then its right to one connection of its name. */
    final class Ticket {

        private final Lane lane;
        private final Sinks.Empty<Void> admitted = Sinks.empty();
        private TicketState state = TicketState.NEW;

        private Ticket(Lane lane) {
            this.lane = lane;
        }

        /** Joins the queue at subscription and completes when the borrower may enter its pool. */
        Mono<Void> admitted() {
            return Mono.defer(() -> {
                Supplier<? extends Throwable> refusal;
                synchronized (AdmissionQueue.this) {
                    boolean sentAway = lane.closed == null && state == TicketState.NEW && lane.isFull();
                    refusal = sentAway ? lane.full : lane.closed;
                    if (refusal == null && state == TicketState.NEW) {
                        state = TicketState.WAITING;
                        lane.waiting.add(this);
                        lane.queueAgain();
                    }
                }
                if (refusal != null) {
                    return Mono.error(refusal.get());
                }
                grant();
                return admitted.asMono();
            });
        }

        /** The borrower enters its pool: from here on only {@link #giveBack()} returns the ticket. False when it left. */
        boolean enter() {
            synchronized (AdmissionQueue.this) {
                if (state != TicketState.GRANTED) {
                    return false;
                }
                state = TicketState.ENTERED;
                return true;
            }
        }

        /** The borrower leaves before it entered its pool; afterwards this does nothing. */
        void leave() {
            giveBack(false);
        }

        /** Returns the ticket; idempotent. */
        void giveBack() {
            giveBack(true);
        }

        private void giveBack(boolean entered) {
            boolean empty;
            boolean idle;
            synchronized (AdmissionQueue.this) {
                if (state == TicketState.ENTERED && !entered) {
                    return;
                }
                boolean held = state == TicketState.GRANTED || state == TicketState.ENTERED;
                state = TicketState.RETURNED;
                if (held) {
                    lane.taken--;
                    lane.queueAgain();
                } else if (lane.waiting.remove(this) && lane.waiting.isEmpty()) {
                    ready.remove(lane);
                }
                idle = held && lane.isIdle();
                empty = held && lane.taken == 0 && lane.closed != null;
            }
            if (empty) {
                lane.emptied.tryEmitEmpty();
            }
            grant();
            if (idle) {
                lane.whenIdle.run();
            }
        }
    }
}
