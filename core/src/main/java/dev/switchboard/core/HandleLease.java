package dev.switchboard.core;

import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The way of one handle to its physical connection: the route, the wait, and what it holds. Where a database has one writer
 * and connections that only query, the handle begins with one of those, and gives it back for the writer when it needs that.
 */
final class HandleLease {

    /** For a connection that writes or not. */
    static final BooleanSupplier ANY = () -> false;

    /** For a connection that writes, where only one does. */
    static final BooleanSupplier WRITER = () -> true;

    private final HandleSession session;
    private final SlotTable slots;
    private final RouteBinding binding;
    private final Object lock = new Object();
    private final Sinks.Empty<Void> closing = Sinks.empty();
    private volatile @Nullable Route route;
    private volatile boolean isReadOnlyAsked;
    private volatile @Nullable Lease lease;
    private volatile Mono<Void> moved = Mono.empty();
    private @Nullable Wish wish;
    private boolean closed;

    HandleLease(HandleSession session, SlotTable slots, RouteBinding binding) {
        this.session = session;
        this.slots = slots;
        this.binding = binding;
    }

    @Nullable
    Lease held() {
        return lease;
    }

    boolean isQueryOnly() {
        Lease present = lease;
        return present != null && present.isQueryOnly();
    }

    @Nullable
    Route decidedRoute() {
        return route;
    }

    Mono<Route> route() {
        return Mono.defer(() -> {
            Route decided = route;
            boolean readOnly = session.isReadOnlyTransaction();
            return decided != null
                    ? Mono.just(decided)
                    : binding.resolve(readOnly).map(resolved -> decide(resolved, readOnly));
        });
    }

    private Route decide(Route resolved, boolean forReadOnlyTransaction) {
        synchronized (lock) {
            Route decided = route;
            if (decided == null) {
                decided = resolved;
                route = decided;
                isReadOnlyAsked = resolved.readOnly() && !forReadOnlyTransaction;
            }
            return decided;
        }
    }

    Mono<String> product() {
        return route().flatMap(decided -> slots.find(decided.connectionName()))
                .map(slot -> slot.status().product());
    }

    /** Whether nothing has to be taken: there is a connection, and it will do. */
    boolean serves(BooleanSupplier writes) {
        Lease present = lease;
        return present != null && !(present.isQueryOnly() && needsWriter(writes));
    }

    /** A route that was asked for as read-only stays with the readers, as it would stay with a replica. */
    private boolean needsWriter(BooleanSupplier writes) {
        if (isReadOnlyAsked || session.isReadOnlyTransaction()) {
            return false;
        }
        return !session.isAutoCommit() || writes.getAsBoolean();
    }

    /** Sees to it that there is a connection that will do. May be cancelled at any moment. */
    Mono<Void> taken(BooleanSupplier writes) {
        return Mono.defer(() -> {
            if (serves(writes)) {
                return Mono.empty();
            }
            return lease == null ? acquired(new Wish(writes)) : givenBack().then(taken(writes));
        });
    }

    private Mono<Void> acquired(Wish fresh) {
        synchronized (lock) {
            // From here on a connection that comes late, for a wish that was cancelled, is not taken any more.
            wish = fresh;
        }
        return lease != null
                ? taken(fresh.writes)
                : route().flatMap(decided ->
                        slots.acquire(decided, binding.capturedContext(), fresh).takeUntilOther(closing.asMono()));
    }

    /** Gives back a connection that only reads, before anybody waits for the one that writes. */
    private Mono<Void> givenBack() {
        Lease reader;
        synchronized (lock) {
            reader = lease;
            lease = null;
        }
        if (reader != null) {
            moved = session.background().detached(session.movingFrom(reader).handOver());
        }
        return moved;
    }

    /** Whether a server that refuses to write is not what was asked for. */
    boolean isOnWrongNode() {
        Lease present = lease;
        Route decided = route;
        return present != null
                && decided != null
                && !decided.readOnly()
                && !session.isReadOnlyTransaction()
                && present.physical().sheet().isServer();
    }

    /** Completes when the connection that this handle went on without is back. */
    Mono<Void> moved() {
        return moved;
    }

    /** Who waits for a connection of this handle leaves the queue. */
    void leave() {
        closing.tryEmitEmpty();
    }

    /** The lane of the connection that is held. */
    @Nullable
    Lane lane() {
        synchronized (lock) {
            return lease == null || closed ? null : lease.pool().lane();
        }
    }

    /** Work on the connection that the handle moved to, which nobody may be given before it has ended. */
    Mono<Void> awaited(Mono<Void> work) {
        moved = work;
        return work;
    }

    /** Takes nothing any more; answers what is to be given back. */
    @Nullable
    Lease close() {
        synchronized (lock) {
            closed = true;
            return lease;
        }
    }

    /** One wait for a connection. */
    private final class Wish implements Lease.Receiver {

        private final BooleanSupplier writes;

        Wish(BooleanSupplier writes) {
            this.writes = writes;
        }

        @Override
        public boolean accept(Lease given) {
            synchronized (lock) {
                if (closed || lease != null || wish != this) {
                    return false;
                }
                lease = given;
                given.loan().heldBy(session.origin());
                return true;
            }
        }

        @Override
        public boolean writes() {
            return needsWriter(writes);
        }

        @Override
        public @Nullable Duration lockWaitTimeout() {
            return session.lockWaitTimeout();
        }

        @Override
        public String work() {
            TransactionDefinition begun = session.definition();
            String name = begun == null ? null : begun.getAttribute(TransactionDefinition.NAME);
            String what = name == null ? "a transaction" : "transaction " + ErrorText.quoted(name);
            // Its SQL may hold values of somebody else's; the list of what is in flight shows it to those who may look.
            return session.isAutoCommit() ? "a statement" : what;
        }
    }
}
