package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * The session behind one handle: its route, its physical connection once there is one, what was set before that, the state
 * of its transaction, and how it is given back.
 *
 * <p>Apart from {@link #broken} and the getters everything here runs within a turn, so one step at a time.
 */
final class HandleSession {

    private enum Transaction {
        NONE,
        RECORDED,
        ACTIVE
    }

    private final RegistryCore core;
    private final RouteBinding binding;
    private final SessionSettings settings = new SessionSettings();
    private final HandleLease lease;
    private final Origin origin;
    private volatile SessionChanges changes = new SessionChanges();
    private volatile Transaction transaction = Transaction.NONE;
    private volatile @Nullable TransactionDefinition definition;
    private volatile @Nullable Throwable unusable;
    private volatile boolean broken;

    HandleSession(SlotTable slots, RegistryCore core, RouteBinding binding) {
        this.core = core;
        this.origin = new Origin(core);
        this.binding = binding;
        this.lease = new HandleLease(this, slots, binding);
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
    PhysicalConnection physical() {
        Lease held = lease.held();
        return held == null ? null : held.physical();
    }

    HandleLease lease() {
        return lease;
    }

    /** How errors name the connection: with its override, where it has one. */
    @Nullable
    String connectionName() {
        Route decided = decidedRoute();
        return decided == null ? null : decided.shownName();
    }

    @Nullable
    String registeredName() {
        Route decided = decidedRoute();
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
        Lease held = lease.held();
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
        return lease.route();
    }

    /** What of this handle's statements is to be written to the log. */
    Echo echo() {
        Lease held = lease.held();
        return held == null ? Echo.OFF : held.pool().echo();
    }

    @Nullable
    Route decidedRoute() {
        return lease.decidedRoute();
    }

    /** The transaction that was recorded or has begun; null where there is none. */
    @Nullable
    TransactionDefinition definition() {
        return definition;
    }

    boolean isReadOnlyTransaction() {
        TransactionDefinition recorded = definition;
        return recorded != null && Boolean.TRUE.equals(recorded.getAttribute(TransactionDefinition.READ_ONLY));
    }

    /**
     * Sees to it that there is a connection with everything on it that was recorded: the settings, and the begin. Taking the
     * connection may be cancelled; what is sent on it may not.
     *
     * @param writes whether it must be one that writes, where the transaction does not say it; asked where only one does
     */
    Mono<Void> ready(Turn turn, BooleanSupplier writes) {
        return Mono.defer(() -> {
            Throwable reason = unusable;
            if (reason != null || broken) {
                return Mono.error(reason != null ? reason : released(turn.sql()));
            }
            if (lease.serves(writes) && !settings.pending() && transaction != Transaction.RECORDED) {
                return Mono.empty();
            }
            return lease.taken(writes).then(Mono.defer(() -> setUp(turn)));
        });
    }

    /** Whether a connection refused a statement because it only reads, so that nothing has happened and another one may. */
    boolean mayWriteElsewhere(Throwable failure) {
        Lease held = lease.held();
        return held != null
                && held.isQueryOnly()
                && !lease.serves(HandleLease.WRITER)
                && failure instanceof R2dbcException refusal
                && WritePrevention.READ_ONLY_STATE.equals(refusal.getSqlState());
    }

    /** Moves to the connection that writes, in the middle of a turn and outside of any transaction. */
    Mono<Void> moveToWriter(String sql) {
        return lease.taken(HandleLease.WRITER).then(Mono.defer(() -> {
            PhysicalConnection physical = physical();
            return physical == null
                    ? Mono.error(released(sql))
                    : lease.awaited(background()
                            .detached(command(Mono.defer(() -> settings.apply(physical, changes, connectionName())))));
        }));
    }

    /** The return of a connection that the handle goes on without. */
    SessionReturn movingFrom(Lease reader) {
        SessionChanges made = changes;
        changes = new SessionChanges();
        settings.again();
        return new SessionReturn(this, reader, made);
    }

    /** How long it wants to wait for a lock: as its transaction says, else as it was set. */
    @Nullable
    Duration lockWaitTimeout() {
        TransactionDefinition begun = definition;
        Duration ofTransaction = begun == null ? null : begun.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
        return ofTransaction == null ? settings.lockWait() : ofTransaction;
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
        return TransactionStart.begin(physical, recorded, changes, connectionName())
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
            binding.checkCommit();
            return command(physical.driver().commitTransaction())
                    .doOnError(failure -> broken = true)
                    .onErrorMap(failure -> lostWithCommit(physical, failure))
                    .doOnTerminate(this::ended)
                    .then(Mono.defer(() -> SessionReturn.written(this)));
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
        Lease held = lease.held();
        return held == null
                ? validation
                : command(validation)
                        .timeout(held.pool().options().validationTimeout(), timer())
                        .doOnError(failure -> broken());
    }

    <T> Publisher<T> offloaded(Publisher<T> call) {
        Lease held = lease.held();
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
        changes.unwrapped(this);
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
            lease.leave();
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
        Lease held = lease.close();
        return lease.moved()
                .onErrorComplete()
                .then(Mono.defer(() -> held == null ? Mono.empty() : new SessionReturn(this, held, changes).run()));
    }
}
