package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import java.util.concurrent.atomic.AtomicBoolean;
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
    }

    private final SlotPool pool;
    private final Connection pooled;
    private final PhysicalConnection physical;
    private final AdmissionQueue.Ticket ticket;
    private final Loan loan;
    private final AtomicBoolean returned = new AtomicBoolean();

    Lease(SlotPool pool, Connection pooled, PhysicalConnection physical, AdmissionQueue.Ticket ticket) {
        this.pool = pool;
        this.pooled = pooled;
        this.physical = physical;
        this.ticket = ticket;
        this.loan = new Loan(pool.report(), physical.life());
    }

    Loan loan() {
        return loan;
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
        return physical.close(CloseReason.LOST)
                .then(Mono.defer(this::closePooled))
                .then(Mono.fromRunnable(() -> pool.returned(this)));
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
