package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Wrapped;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One borrower's way through its pool, from ticket to prepared connection. It runs as background work and is never
 * cancelled: a borrower who leaves only leaves its connection to the pool, so the pool's own cancellation is not needed.
 * Whatever happens on the way, the ticket comes back, and before the borrower hears of it.
 */
final class PoolEntry {

    private enum State {
        PENDING,
        DELIVERED,
        ABANDONED
    }

    private final SlotPool pool;
    private final Ticket ticket;
    private final Lease.Receiver receiver;
    private final SlotPool.SessionRequest request;
    private final Sinks.Empty<Void> delivered = Sinks.empty();
    private final Sinks.Empty<Void> left = Sinks.empty();
    private final AtomicReference<State> state = new AtomicReference<>(State.PENDING);
    private @Nullable Lease held;
    private @Nullable Throwable lastFailure;
    private int deadConnections;

    PoolEntry(SlotPool pool, Ticket ticket, Lease.Receiver receiver, SlotPool.SessionRequest request) {
        this.pool = pool;
        this.ticket = ticket;
        this.receiver = receiver;
        this.request = request;
    }

    /** Enters the pool, if the ticket still stands, and completes when the receiver has its connection. */
    Mono<Void> delivered() {
        return Mono.defer(() -> {
            if (!ticket.enter()) {
                return Mono.never();
            }
            if (!pool.entered(this)) {
                ticket.giveBack();
                return Mono.error(new SlotPool.MovedException());
            }
            pool.background().start(run());
            return delivered.asMono();
        });
    }

    /** The borrower left. */
    void abandon() {
        if (state.compareAndSet(State.PENDING, State.ABANDONED)) {
            left.tryEmitEmpty();
        }
    }

    /** The borrower is sent away unless it has its connection already; only from here it hears why. */
    void dismiss(Supplier<? extends Throwable> reason) {
        if (state.compareAndSet(State.PENDING, State.ABANDONED)) {
            left.tryEmitEmpty();
            delivered.tryEmitError(reason.get());
        }
    }

    private boolean abandoned() {
        return state.get() == State.ABANDONED;
    }

    private Mono<Void> run() {
        return borrow().flatMap(this::deliver).onErrorResume(this::failed).doFinally(signal -> pool.exited(this));
    }

    /** Tries again on a dead connection, though not more often than there can be dead ones. */
    private Mono<Lease> borrow() {
        return Mono.defer(() -> {
            if (abandoned() || pool.isDraining()) {
                return Mono.error(new SlotPool.MovedException());
            }
            if (deadConnections > pool.options().maxSize()) {
                return Mono.error(
                        new ValidationFailedException(pool.definition().name(), lastFailure));
            }
            return pool.take()
                    .map(this::lent)
                    .onErrorResume(failure -> Mono.just(notTaken(failure)))
                    .flatMap(Function.identity());
        });
    }

    /** An error that is not ours says that an idle connection turned out to be dead; the pool has closed it already. */
    private Mono<Lease> notTaken(Throwable failure) {
        if (failure instanceof Ticket.NoRoomException) {
            return Mono.firstWithSignal(ticket.room(), left.asMono()).then(borrow());
        }
        if (failure instanceof SwitchboardError || failure instanceof SlotPool.MovedException) {
            return Mono.error(failure);
        }
        lastFailure = failure;
        deadConnections++;
        return borrow();
    }

    private Mono<Lease> lent(Connection pooled) {
        PhysicalConnection physical = (PhysicalConnection) ((Wrapped<?>) pooled).unwrap();
        Lease lease = new Lease(pool, pooled, physical, ticket);
        held = lease;
        pool.lent(lease);
        if (!physical.move(PhysicalConnection.State.IDLE, PhysicalConnection.State.IN_USE)) {
            return physical.isIdle() ? pinged(lease) : taken(lease);
        }
        pool.keeper().look();
        long since = pool.report().nanos();
        boolean trusted = physical.quietNanos(pool.nowNanos())
                < pool.options().validateAfterIdle().toNanos();
        return (trusted ? Mono.just(true) : validate(physical))
                .flatMap(valid -> valid ? prepared(lease) : invalid(lease, since));
    }

    private Mono<Boolean> validate(PhysicalConnection physical) {
        return Validation.of(physical, pool, pool.options().validation(), failure -> lastFailure = failure);
    }

    private Mono<Lease> invalid(Lease lease, long sinceNanos) {
        pool.report().notValidated(lease.physical().life(), sinceNanos, lastFailure);
        return again(lease);
    }

    /** A dead connection costs the borrower nothing but the time to take the next one. */
    private Mono<Lease> again(Lease lease) {
        deadConnections++;
        return taken(lease);
    }

    /** Somebody closed it on its way here, to make room; that says nothing about the server. */
    private Mono<Lease> taken(Lease lease) {
        return lease.discardKeepingTicket().doOnSuccess(closed -> held = null).then(borrow());
    }

    /** Nobody waits for the answer to a ping, which may never come, nor for the end of a connection in the middle of one. */
    private Mono<Lease> pinged(Lease lease) {
        pool.background().start(lease.physical().close(CloseReason.PINGED_WHEN_WANTED));
        pool.background().start(lease.leaveKeepingTicket());
        held = null;
        return borrow();
    }

    private Mono<Lease> prepared(Lease lease) {
        MovingPool mover = pool.mover();
        Mono<Lease> prepared =
                pool.preparation().establish(lease.physical(), request, pool).thenReturn(lease);
        if (mover == null) {
            return prepared;
        }
        return lease.physical().isForeign()
                ? prepared.onErrorResume(failure -> notMoved(lease, mover, failure))
                : prepared.doOnSuccess(own -> mover.trust());
    }

    /** What came from another name cannot be made this one's: the borrower gets one of its own, or hears from that what is wrong. */
    private Mono<Lease> notMoved(Lease lease, MovingPool mover, Throwable failure) {
        mover.distrust();
        lastFailure = failure;
        lease.physical().life().ends(CloseReason.NOT_PREPARED);
        Mono<Void> closed = failure instanceof AcquireTimeoutException
                ? lease.physical().forceClose(pool.options().resetTimeout()).onErrorComplete()
                : Mono.empty();
        return closed.then(Mono.defer(() -> again(lease)));
    }

    private Mono<Void> deliver(Lease lease) {
        if (!state.compareAndSet(State.PENDING, State.DELIVERED)) {
            return lease.release();
        }
        lease.loan().begins(request.route(), request.sinceNanos());
        // A receiver that has gone is not waiting, but whoever subscribed for it may be.
        return (receiver.accept(lease) ? Mono.<Void>empty() : lease.release()).doOnTerminate(delivered::tryEmitEmpty);
    }

    private Mono<Void> failed(Throwable failure) {
        return accounted(failure).doOnTerminate(() -> {
            if (!abandoned()) {
                delivered.tryEmitError(failure);
            }
        });
    }

    /** A session that was not prepared in time may still be busy with it, and a driver's polite close would wait behind that. */
    private Mono<Void> accounted(Throwable failure) {
        Lease lease = held;
        if (lease == null) {
            return Mono.fromRunnable(ticket::giveBack);
        }
        return failure instanceof AcquireTimeoutException
                ? lease.forceDiscard(CloseReason.NOT_PREPARED)
                : lease.discard(CloseReason.NOT_PREPARED);
    }
}
