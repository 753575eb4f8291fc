package dev.switchboard.core;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * What leaves this module instead of the driver's or the pool's connection: lazy, one exchange at a time, safe to cancel,
 * fenced off after {@link #close()}. The state behind it lives in {@link HandleSession}, the order in {@link TurnQueue}.
 */
final class ConnectionHandle implements SwitchboardConnection {

    private final HandleSession session;
    private final TurnQueue turns;
    private final Unwrapping.Unwrapped unwrapped = new Unwrapping.Unwrapped(this);
    private final Mono<Void> close;
    private volatile boolean closing;

    ConnectionHandle(SlotTable slots, RegistryCore core, RouteBinding binding) {
        this.session = new HandleSession(slots, core, binding);
        this.turns = new TurnQueue(core.timer(), core.exchangeOptions(), session::connectionName);
        this.close = core.background().detached(Mono.defer(this::giveBack));
    }

    /** The lane of the connection that it holds; null while it holds none. */
    @Nullable
    Lane lane() {
        return session.lease().lane();
    }

    private Mono<Void> giveBack() {
        closing = true;
        return session.giveBack(turns.close(session::released));
    }

    // ---- statements

    @Override
    public Statement createStatement(String sql) {
        if (sql == null) {
            throw new IllegalArgumentException("sql must not be null");
        }
        return new HandleStatement(this, sql);
    }

    @Override
    public Batch createBatch() {
        return new HandleBatch(this);
    }

    /** Runs a statement or batch in its turn; its results are read under this handle's care. */
    Flux<Result> execute(Command<Result> command) {
        return session.origin().of(Flux.deferContextual(context -> {
            session.binding().check(context);
            Turn turn = turns.turn(command.sql(), false);
            return ready(turn, mayWrite(command.sql()))
                    .thenMany(Flux.defer(() -> results(turn, command, context)))
                    .doOnCancel(turn::cancel);
        }));
    }

    private Mono<Void> ready(Turn turn, BooleanSupplier writes) {
        return turn.mine().then(session.ready(turn, writes)).doOnError(failure -> turn.leave());
    }

    private Flux<Result> results(Turn turn, Command<Result> command, ContextView context) {
        PhysicalConnection physical = session.physical();
        if (WritePrevention.refuses(physical, command.sql())) {
            turn.leave();
            return Flux.error(new WritePreventedException(session.connectionName(), command.sql()));
        }
        if (physical == null || !turn.begin()) {
            return turn.<Result>refused().flux();
        }
        OpenExchange exchange = new OpenExchange(turn, session, physical);
        turn.exchange(exchange);
        try {
            session.binding().sending(context, session.isReadOnlyTransaction());
            session.changes().sent(command.sql());
            return HandleResult.results(exchange, exchange.offloaded(sent(command, exchange)));
        } catch (RuntimeException refused) {
            exchange.refused(refused);
            return Flux.error(refused);
        }
    }

    /** Where a connection that only reads refuses the command, nothing has happened: it goes to the one that writes. */
    private Flux<Result> sent(Command<Result> command, OpenExchange exchange) {
        Flux<Result> sent = Flux.from(command.send().apply(exchange.driver()));
        if (!session.lease().isQueryOnly()) {
            return sent;
        }
        AtomicBoolean answered = new AtomicBoolean();
        return sent.doOnNext(result -> answered.set(true)).onErrorResume(failure -> {
            if (answered.get() || !session.mayWriteElsewhere(failure)) {
                return Flux.error(failure);
            }
            exchange.report().leaves();
            return session.moveToWriter(command.sql()).thenMany(Flux.defer(() -> again(command, exchange)));
        });
    }

    /** The echo has heard the command already. */
    private Flux<Result> again(Command<Result> command, OpenExchange exchange) {
        session.changes().sent(command.sql());
        PhysicalConnection writer = session.physical();
        if (writer != null) {
            exchange.report().moved(writer);
        }
        return Flux.from(command.send().apply(session.driver()));
    }

    /**
     * Runs an operation without rows in its turn. A cancel lets it go on: half a commit helps nobody.
     *
     * @param connection whether the connection that it needs must be one that writes; null where it needs none
     */
    private Mono<Void> control(
            String name, boolean endsTransaction, @Nullable BooleanSupplier connection, Mono<Void> operation) {
        return Mono.defer(() -> {
            Turn turn = turns.turn(name, endsTransaction);
            Mono<Void> ready = connection == null ? turn.mine() : ready(turn, connection);
            return ready.then(Mono.defer(() -> inTurn(turn, operation))).doOnCancel(turn::cancel);
        });
    }

    private Mono<Void> inTurn(Turn turn, Mono<Void> operation) {
        if (!turn.begin()) {
            return turn.refused();
        }
        return session.background()
                .detached(ExchangeReport.seen(session, turn.sql(), operation).doOnTerminate(() -> {
                    turn.end();
                    turn.leave();
                }));
    }

    // ---- transactions

    @Override
    public boolean isTransactionActive() {
        return session.inTransaction();
    }

    @Override
    public Mono<Void> beginTransaction() {
        return beginTransaction(TransactionStart.Plain.INSTANCE);
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        Objects.requireNonNull(definition, "definition");
        Mono<Void> recorded = control("begin", false, null, session.recordBegin(definition));
        return session.exchangeOptions().eagerBegin()
                ? recorded.then(control("begin", false, HandleLease.ANY, Mono.empty()))
                : recorded;
    }

    @Override
    public Mono<Void> commitTransaction() {
        return control("commit", false, null, session.commit());
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return control("rollback", true, null, session.rollback());
    }

    @Override
    public Mono<Void> createSavepoint(String name) {
        Objects.requireNonNull(name, "name");
        Mono<Void> begun = Mono.defer(
                () -> session.transactionBegun() || !session.isAutoCommit() ? Mono.empty() : beginTransaction());
        return begun.then(onSavepoint("savepoint", false, name, Savepoints::create));
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        return onSavepoint("release savepoint", false, name, Savepoints::release);
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        return onSavepoint("rollback to savepoint", true, name, Savepoints::rollBackTo);
    }

    private Mono<Void> onSavepoint(
            String what, boolean endsTransaction, String name, BiFunction<Connection, String, Publisher<Void>> call) {
        Objects.requireNonNull(name, "name");
        Mono<Void> sent = Mono.defer(() -> session.command(call.apply(session.driver(), savepoint(name))));
        return control(what, endsTransaction, HandleLease.ANY, sent);
    }

    /** Quoted here for the drivers that would write the name into their SQL as it is. */
    private String savepoint(String name) {
        PhysicalConnection physical = session.physical();
        return physical == null || physical.sheet().can(DriverSheet.Capability.QUOTES_SAVEPOINTS)
                ? name
                : physical.sheet().quoted(name);
    }

    @Override
    public Mono<Void> setAutoCommit(boolean autoCommit) {
        return control("set auto-commit", false, null, session.autoCommit(autoCommit));
    }

    @Override
    public boolean isAutoCommit() {
        return session.isAutoCommit();
    }

    // ---- settings: recorded, applied with the next statement

    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel level) {
        Objects.requireNonNull(level, "level");
        return record("set isolation", () -> session.settings().isolation(level));
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        return session.isolation();
    }

    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        return record("set lock wait time-out", () -> session.settings().lockWaitTimeout(timeout));
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        Objects.requireNonNull(timeout, "timeout");
        return record("set statement time-out", () -> session.settings().statementTimeout(timeout));
    }

    private Mono<Void> record(String name, Runnable setting) {
        return control(name, false, null, Mono.fromRunnable(setting));
    }

    // ---- what is known

    @Override
    public Mono<Void> open() {
        return control("open", false, HandleLease.ANY, Mono.empty());
    }

    @Override
    public Mono<Void> openFor(String sql) {
        Objects.requireNonNull(sql, "sql");
        return control("open", false, mayWrite(sql), Mono.empty());
    }

    private static BooleanSupplier mayWrite(String sql) {
        return () -> !SessionChanges.beginsReading(sql);
    }

    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        Objects.requireNonNull(depth, "depth");
        return Mono.defer(() -> {
                    if (closing) {
                        return Mono.just(false);
                    }
                    PhysicalConnection physical = session.physical();
                    if (depth == ValidationDepth.LOCAL) {
                        return physical == null ? Mono.just(true) : Mono.from(physical.validate(depth));
                    }
                    return control("validate", false, HandleLease.ANY, Mono.defer(this::validateRemote))
                            .thenReturn(true);
                })
                .onErrorReturn(false);
    }

    private Mono<Void> validateRemote() {
        return session.validated(Mono.from(session.driver().validate(ValidationDepth.REMOTE))
                .filter(Boolean::booleanValue)
                .switchIfEmpty(Mono.error(() -> session.released("validation")))
                .then());
    }

    @Override
    public Mono<Route> route() {
        return session.route();
    }

    @Override
    public Mono<String> product() {
        return session.lease().product();
    }

    @Override
    public @Nullable String connectionName() {
        return session.registeredName();
    }

    @Override
    public ConnectionMetadata getMetadata() {
        PhysicalConnection physical = session.physical();
        return physical == null ? new Unopened(session.binding().productName()) : physical.getMetadata();
    }

    @Override
    public Object unwrap() {
        return unwrapped;
    }

    @Override
    public <E> @Nullable E unwrap(Class<E> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        PhysicalConnection physical = session.physical();
        E found = physical == null || closing ? null : Unwrapping.find(physical.driver(), type);
        if (found != null) {
            session.changes().unwrapped(session);
        }
        return found;
    }

    @Override
    public <C> Mono<C> unwrapped(Class<C> type) {
        Objects.requireNonNull(type, "type");
        return Mono.defer(() -> {
            AtomicReference<C> found = new AtomicReference<>();
            return control(
                            "unwrap",
                            false,
                            HandleLease.WRITER,
                            Mono.fromRunnable(() -> found.set(session.driver(type))))
                    .then(Mono.fromSupplier(found::get));
        });
    }

    // ---- its physical connection

    HandleSession session() {
        return session;
    }

    /** Undoes what was done on the connection, in its turn; the handle goes on. */
    Mono<Void> reset() {
        return control("reset", true, null, Mono.defer(() -> SessionReturn.inPlace(session)));
    }

    // ---- the end

    @Override
    public Publisher<Void> postAllocate() {
        return Mono.empty();
    }

    @Override
    public Publisher<Void> preRelease() {
        return Mono.defer(() -> session.transactionBegun() ? rollbackTransaction() : Mono.empty());
    }

    @Override
    public Mono<Void> close() {
        return close;
    }

    /** Gives up a connection that may be in the middle of anything. */
    Mono<Void> abandon() {
        return Mono.defer(() -> {
            session.broken();
            return close;
        });
    }

    @Override
    public String toString() {
        String name = session.connectionName();
        return "SwitchboardConnection[" + (name == null ? "route not decided" : name) + "]";
    }

    private record Unopened(String getDatabaseProductName) implements ConnectionMetadata {

        @Override
        public String getDatabaseVersion() {
            return "";
        }
    }
}
