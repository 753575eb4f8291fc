package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A physical connection on loan: what a borrower holds, and how it gives it back. It is given back once. */
final class Lease {

    /** Takes a lease over. */
    @FunctionalInterface
    interface Receiver {

        /**
         * Called once, when the connection is ready.
         *
         * @return false when the receiver has gone, so that the lease must be released by its giver
         */
        boolean accept(Lease lease);

        /** Whether it needs a connection that writes; asked where only one does. */
        default boolean writes() {
            return true;
        }

        /** How long it wants to wait for a lock, or null where it does not say. */
        default @Nullable Duration lockWaitTimeout() {
            return null;
        }

        /** What it does with its connection, for whoever waits for it. */
        default String work() {
            return "somebody";
        }
    }

    private final SlotPool pool;
    private final Connection pooled;
    private final PhysicalConnection physical;
    private final Ticket ticket;
    private final Loan loan;
    private final AtomicBoolean returned = new AtomicBoolean();
    private volatile @Nullable Receiver borrower;
    private volatile long lentNanos;
    private volatile boolean queryOnly;

    Lease(SlotPool pool, Connection pooled, PhysicalConnection physical, Ticket ticket) {
        this.pool = pool;
        this.pooled = pooled;
        this.physical = physical;
        this.ticket = ticket;
        this.loan = new Loan(pool.report(), physical.life());
    }

    Loan loan() {
        return loan;
    }

    /** Notes who has it, where a database has one writer. */
    Lease lentTo(Receiver receiver, boolean onlyQueries) {
        lentNanos = pool.nowNanos();
        queryOnly = onlyQueries;
        borrower = receiver;
        return this;
    }

    /** Whether the connection refuses to write, and another one of its name does not. */
    boolean isQueryOnly() {
        return queryOnly;
    }

    /** What its borrower does with it. */
    String work() {
        Receiver has = borrower;
        return has == null ? "somebody" : has.work();
    }

    Duration lentFor() {
        return Duration.ofNanos(pool.nowNanos() - lentNanos);
    }

    PhysicalConnection physical() {
        return physical;
    }

    SlotPool pool() {
        return pool;
    }

    /** Back into the pool, which closes it when the pool is going; one that died meanwhile is closed. */
    Mono<Void> release() {
        return Mono.defer(() -> {
            physical.used(pool.nowNanos());
            if (!physical.move(PhysicalConnection.State.IN_USE, PhysicalConnection.State.IDLE)) {
                return discard(CloseReason.LOST);
            }
            return backToPool();
        });
    }

    /** Closes the connection; its pool forgets it. */
    Mono<Void> discard(CloseReason reason) {
        return physical.close(reason).then(Mono.defer(this::backToPool));
    }

    /** Closes the connection although the server may still be busy with it. */
    Mono<Void> forceDiscard(CloseReason reason) {
        physical.life().ends(reason);
        return physical.forceClose(pool.options().resetTimeout())
                .onErrorComplete()
                .then(Mono.defer(this::backToPool));
    }

    /** Closes the connection of a borrower who goes on to take another one with the same ticket. */
    Mono<Void> discardKeepingTicket() {
        return physical.close(CloseReason.LOST).then(leaveKeepingTicket());
    }

    /** The same for one that somebody else is closing. */
    Mono<Void> leaveKeepingTicket() {
        return Mono.defer(this::closePooled).then(Mono.fromRunnable(() -> pool.returned(this)));
    }

    /** The ticket last: whoever gets it next finds everything in order. */
    private Mono<Void> backToPool() {
        return closePooled().then(Mono.fromRunnable(() -> {
            pool.returned(this);
            ticket.giveBack();
        }));
    }

    /**
     * The pool's own connection refuses to be closed twice, and does so by throwing. The pool has more to do after it has told
     * that a connection is back, so whoever hears of it must not go on inside that call: who then disposes of the pool
     * would make it destroy a connection twice.
     */
    private Mono<Void> closePooled() {
        return returned.compareAndSet(false, true)
                ? pool.background()
                        .uncancelled(Mono.defer(() -> Mono.from(pooled.close())))
                        .onErrorComplete()
                : Mono.empty();
    }
}
