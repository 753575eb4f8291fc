package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/**
 * The session behind one handle: its route, its physical connection once there is one, what was set before that, the state
 * of its transaction, and how it is given back.
 *
 * <p>Apart from {@link #accept}, {@link #broken} and the getters everything here runs within a turn, so one step at a time.
 */
final class HandleSession {

    private enum Transaction {
        NONE,
        RECORDED,
        ACTIVE
    }

    private final SlotTable slots;
    private final RegistryCore core;
    private final RouteBinding binding;
    private final SessionChanges changes = new SessionChanges();
    private final SessionSettings settings = new SessionSettings();
    private final Origin origin;
    private final Object leaseLock = new Object();
    private final Sinks.Empty<Void> closing = Sinks.empty();
    private volatile @Nullable Route route;
    private volatile @Nullable Lease lease;
    private volatile Transaction transaction = Transaction.NONE;
    private volatile @Nullable TransactionDefinition definition;
    private volatile @Nullable Throwable unusable;
    private volatile boolean broken;
    private volatile boolean closed;

    HandleSession(SlotTable slots, RegistryCore core, RouteBinding binding) {
        this.slots = slots;
        this.core = core;
        this.origin = new Origin(core);
        this.binding = binding;
    }

    Scheduler timer() {
        return core.timer();
    }

    BackgroundWork background() {
        return core.background();
    }

    ExchangeOptions exchangeOptions() {
        return core.exchangeOptions();
    }

    SessionChanges changes() {
        return changes;
    }

    SessionSettings settings() {
        return settings;
    }

    RouteBinding binding() {
        return binding;
    }

    Origin origin() {
        return origin;
    }

    @Nullable
    Lease lease() {
        return lease;
    }

    @Nullable
    PhysicalConnection physical() {
        Lease held = lease;
        return held == null ? null : held.physical();
    }

    /** How errors name the connection: with its override, where it has one. */
    @Nullable
    String connectionName() {
        Route decided = route;
        return decided == null ? null : decided.shownName();
    }

    @Nullable
    String registeredName() {
        Route decided = route;
        return decided == null ? null : decided.connectionName();
    }

    boolean isBroken() {
        return broken;
    }

    boolean inTransaction() {
        return transaction == Transaction.ACTIVE || !settings.autoCommit();
    }

    boolean transactionBegun() {
        return transaction != Transaction.NONE;
    }

    /** The connection can no longer be trusted and will be closed, not released. */
    void broken() {
        broken = true;
    }

    void transactionLost(String abandonedSql, Duration drained) {
        unusable = new TransactionLostException(connectionName(), abandonedSql, drained);
    }

    Throwable released(String operation) {
        return new ConnectionReleasedException(connectionName(), operation);
    }

    /** A driver's error passes on as it is, unless the connection was closed by force because its name is going away. */
    Throwable translated(Throwable failure) {
        Lease held = lease;
        if (held == null
                || !held.pool().isDraining()
                || !held.physical().isGone()
                || !(failure instanceof R2dbcNonTransientResourceException)) {
            return failure;
        }
        return new ConnectionDrainingException(held.pool().definition().name(), failure);
    }

    // ---- the way to a connection

    Mono<Route> route() {
        return Mono.defer(() -> {
            Route decided = route;
            return decided != null
                    ? Mono.just(decided)
                    : binding.resolve(readOnly()).map(this::decide);
        });
    }

    Mono<String> product() {
        return route().flatMap(decided -> slots.find(decided.connectionName()))
                .map(slot -> slot.status().product());
    }

    /** What of this handle's statements is to be written to the log. */
    Echo echo() {
        Lease held = lease;
        return held == null ? Echo.OFF : held.pool().echo();
    }

    @Nullable
    Route decidedRoute() {
        return route;
    }

    private Route decide(Route resolved) {
        synchronized (leaseLock) {
            Route decided = route;
            if (decided == null) {
                decided = resolved;
                route = decided;
            }
            return decided;
        }
    }

    private boolean readOnly() {
        TransactionDefinition recorded = definition;
        return recorded != null && Boolean.TRUE.equals(recorded.getAttribute(TransactionDefinition.READ_ONLY));
    }

    /**
     * Sees to it that there is a connection with everything on it that was recorded: the settings, and the begin. Taking the
     * connection may be cancelled; what is sent on it may not.
     */
    Mono<Void> ready(Turn turn) {
        return Mono.defer(() -> {
            Throwable reason = unusable;
            if (reason != null || broken) {
                return Mono.error(reason != null ? reason : released(turn.sql()));
            }
            if (lease != null && !settings.pending() && transaction != Transaction.RECORDED) {
                return Mono.empty();
            }
            return acquire().then(Mono.defer(() -> setUp(turn)));
        });
    }

    private Mono<Void> acquire() {
        return lease != null
                ? Mono.empty()
                : route().flatMap(decided -> slots.acquire(decided, binding.capturedContext(), this::accept)
                        .takeUntilOther(closing.asMono()));
    }

    private boolean accept(Lease given) {
        synchronized (leaseLock) {
            if (closed || lease != null) {
                return false;
            }
            lease = given;
            given.loan().heldBy(origin);
            return true;
        }
    }

    private Mono<Void> setUp(Turn turn) {
        PhysicalConnection physical = physical();
        if (physical == null) {
            return Mono.error(released(turn.sql()));
        }
        if (!settings.pending() && transaction != Transaction.RECORDED) {
            return Mono.empty();
        }
        if (!turn.begin()) {
            return turn.refused();
        }
        Mono<Void> work = Mono.defer(() -> settings.apply(physical, changes, connectionName()))
                .then(Mono.defer(() -> begin(physical)));
        return background().detached(command(work).doOnTerminate(turn::end));
    }

    private Mono<Void> begin(PhysicalConnection physical) {
        TransactionDefinition recorded = definition;
        if (transaction != Transaction.RECORDED || recorded == null) {
            return Mono.empty();
        }
        return TransactionStart.begin(physical, recorded, connectionName())
                .doOnSuccess(ignored -> transaction = Transaction.ACTIVE)
                .doOnError(failure -> {
                    unusable = failure;
                    broken |= !(failure instanceof UnsupportedFeatureException);
                });
    }

    // ---- transactions, each within a turn

    Mono<Void> recordBegin(TransactionDefinition wanted) {
        return Mono.defer(() -> {
            if (transaction != Transaction.NONE || !settings.autoCommit()) {
                return Mono.error(new TransactionStateException(
                        connectionName(),
                        "A transaction was to begin inside a transaction",
                        "Commit or roll back the first one, or set a savepoint in it"));
            }
            definition = wanted;
            transaction = Transaction.RECORDED;
            return Mono.empty();
        });
    }

    Mono<Void> commit() {
        return Mono.defer(() -> {
            Throwable reason = unusable;
            if (reason != null) {
                return Mono.error(reason);
            }
            PhysicalConnection physical = physical();
            if (physical == null || !inTransaction()) {
                ended();
                return Mono.empty();
            }
            return command(physical.driver().commitTransaction())
                    .doOnError(failure -> broken = true)
                    .onErrorMap(failure -> lostWithCommit(physical, failure))
                    .doOnTerminate(this::ended);
        });
    }

    private Throwable lostWithCommit(PhysicalConnection physical, Throwable failure) {
        return DeadConnection.causes(failure, physical)
                ? new OutcomeUnknownException(connectionName(), failure)
                : failure;
    }

    Mono<Void> rollback() {
        return Mono.defer(() -> {
            PhysicalConnection physical = physical();
            boolean nothingSent = physical == null || broken || !inTransaction();
            Mono<Void> sent = nothingSent || physical == null
                    ? Mono.empty()
                    : command(physical.driver().rollbackTransaction()).doOnError(failure -> broken = true);
            return sent.doOnTerminate(this::ended);
        });
    }

    private void ended() {
        transaction = Transaction.NONE;
        definition = null;
        settings.transactionEnded();
        if (!broken) {
            unusable = null;
        }
    }

    /** Auto-commit on commits, as the specification has it. */
    Mono<Void> autoCommit(boolean wanted) {
        return Mono.defer(() -> {
            Mono<Void> before = wanted && inTransaction() ? commit() : Mono.empty();
            return before.then(Mono.fromRunnable(() -> {
                settings.autoCommit(wanted);
                transaction = Transaction.NONE;
            }));
        });
    }

    boolean isAutoCommit() {
        return settings.autoCommit() && transaction == Transaction.NONE;
    }

    IsolationLevel isolation() {
        PhysicalConnection physical = physical();
        IsolationLevel wanted = settings.isolation();
        if (wanted != null) {
            return wanted;
        }
        return physical == null ? IsolationLevel.READ_COMMITTED : physical.getTransactionIsolationLevel();
    }

    /** A command to the driver. It is never cancelled; where the connection is closed under it, that is its end. */
    Mono<Void> command(Publisher<Void> call) {
        PhysicalConnection physical = physical();
        Mono<Void> sent = background().uncancelled(Mono.from(offloaded(call)));
        return physical == null ? sent : physical.untilGone(sent);
    }

    /** A validation that is not answered in time says that the connection is dead. */
    Mono<Void> validated(Mono<Void> validation) {
        Lease held = lease;
        return held == null
                ? validation
                : command(validation)
                        .timeout(held.pool().options().validationTimeout(), timer())
                        .doOnError(failure -> broken());
    }

    <T> Publisher<T> offloaded(Publisher<T> call) {
        Lease held = lease;
        return held == null ? call : held.pool().offload(call);
    }

    /** The driver's own connection. Whoever gets it may do anything to its session. */
    <C> C driver(Class<C> type) {
        Connection driver = driver();
        C found = Unwrapping.find(driver, type);
        if (found == null) {
            String actual = Unwrapping.publicType(Unwrapping.innermost(driver));
            throw new WrongConnectionTypeException(connectionName(), type.getName(), actual);
        }
        changes.unknown();
        return found;
    }

    Connection driver() {
        PhysicalConnection physical = physical();
        if (physical == null) {
            throw new ConnectionReleasedException(connectionName(), "a statement");
        }
        return physical.driver();
    }

    // ---- the way back

    /** Gives the connection back once the last exchange has ended, or by force when it does not end. */
    Mono<Void> giveBack(Mono<Void> lastExchange) {
        return Mono.defer(() -> {
            // Who waits for a connection of this handle leaves the queue.
            closing.tryEmitEmpty();
            ExchangeOptions options = exchangeOptions();
            Duration limit = options.transactionDrainTimeout()
                    .plus(options.drainTimeout())
                    .plus(options.serverCancelTimeout().multipliedBy(3));
            return lastExchange
                    .timeout(limit, timer())
                    .onErrorResume(stuck -> Mono.fromRunnable(this::broken))
                    .then(Mono.defer(this::clean));
        });
    }

    private Mono<Void> clean() {
        Lease held;
        synchronized (leaseLock) {
            closed = true;
            held = lease;
        }
        return held == null ? Mono.empty() : new SessionReturn(this, held).run();
    }
}
