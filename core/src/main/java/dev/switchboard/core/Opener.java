package dev.switchboard.core;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.retry.Retry;
import reactor.util.retry.RetryBackoffSpec;

/**
 * Opens the physical connections of one pool and knows all of them until they are closed. A connection that arrives when
 * nobody waits for it any more is closed.
 */
final class Opener implements ConnectionFactory {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

    private final SlotPool pool;
    private final ConnectionFactory driverFactory;
    private final Map<PhysicalConnection, Permit> connections = new ConcurrentHashMap<>();
    /** Opened ahead and not yet in the pool. */
    private final Queue<PhysicalConnection> stock = new ConcurrentLinkedQueue<>();

    private final Sinks.Empty<Void> stopped = Sinks.empty();

    Opener(SlotPool pool, ConnectionFactory driverFactory) {
        this.pool = pool;
        this.driverFactory = driverFactory;
    }

    /** What the pool gets its connections from: for each subscription another one, since the pool keeps the publisher. */
    @Override
    public Mono<PhysicalConnection> create() {
        return Mono.defer(() -> {
            PhysicalConnection ahead = stock.poll();
            return ahead == null ? open() : fit(ahead).switchIfEmpty(Mono.defer(this::create));
        });
    }

    /** Keeps a connection that was opened ahead until the pool asks for one; a pool that is going does not ask any more. */
    Mono<Void> stock(PhysicalConnection connection) {
        return Mono.defer(() -> {
            stock.add(connection);
            return pool.isDraining() ? connection.close().onErrorComplete() : Mono.empty();
        });
    }

    /** The connection where it can be used, else empty; it is closed then. */
    private Mono<PhysicalConnection> fit(PhysicalConnection connection) {
        return alive(connection).flatMap(alive -> {
            if (alive && !connection.isRefused()) {
                return Mono.just(connection);
            }
            connection.retire();
            return connection.close().onErrorComplete().then(Mono.empty());
        });
    }

    private Mono<Boolean> alive(PhysicalConnection connection) {
        return Mono.from(pool.offload(Flux.defer(() -> connection.validate(ValidationDepth.LOCAL))))
                .onErrorReturn(false)
                .defaultIfEmpty(false);
    }

    /** Closes the idle connections whose socket is closed, and those opened ahead that have become too old. */
    Mono<Void> closeUnfit() {
        return Flux.fromIterable(connections.keySet())
                .filter(connection -> connection.state() == PhysicalConnection.State.IDLE)
                .flatMap(connection -> alive(connection)
                        .filter(alive -> !alive || (stock.contains(connection) && connection.isRefused()))
                        .filter(unfit -> connection.retire())
                        .flatMap(unfit -> connection.close().onErrorComplete()))
                .then();
    }

    Mono<PhysicalConnection> open() {
        return Mono.defer(() -> {
            Permit permit = pool.lane().connect();
            if (permit == null) {
                return Mono.error(new Ticket.NoRoomException());
            }
            ConnectAttempt attempt = new ConnectAttempt(pool);
            if (!attempt.isPermitted()) {
                permit.closed();
                return Mono.error(attempt.refusal());
            }
            pool.report().opens(pool.lane());
            Duration limit = pool.options().createTimeout();
            ConnectionLife.Beginning beginning = pool.report().beginning();
            return patiently(
                            limit,
                            stopped.asMono(),
                            patience -> opened(permit, patience)
                                    .flatMap(connection ->
                                            adopted(connection, new Adoption(permit, attempt, beginning), patience)))
                    .doOnError(failure -> pool.report().notOpened(beginning))
                    .onErrorMap(failure -> ConnectFailures.describe(pool.definition(), failure, limit))
                    .doOnError(attempt::failed)
                    .doOnCancel(attempt::released);
        });
    }

    /** A connection beside the pool, for the few words that stop what another connection is doing; whoever leaves, it is closed. */
    Mono<Void> beside(Duration limit, Function<Connection, Mono<Void>> words) {
        return Mono.defer(() -> pool.background()
                .detached(controlled(
                        limit,
                        (permit, patience) -> opened(permit, patience)
                                .flatMap(control -> Mono.defer(() -> words.apply(control))
                                        .timeout(patience)
                                        .onErrorResume(failure ->
                                                closed(control, permit).then(Mono.error(failure)))
                                        .then(closed(control, permit))))));
    }

    /** The same for words that the driver sends by a connection of its own. */
    Mono<Void> besideByDriver(Duration limit, Mono<Void> words) {
        return Mono.defer(() -> pool.background()
                .detached(controlled(
                        limit,
                        (permit, patience) -> pool.background()
                                .uncancelled(words.doOnTerminate(permit::closed))
                                .timeout(patience)
                                // The driver does not say when the socket of a request that got no answer is closed.
                                .doOnError(late -> pool.timer()
                                        .schedule(permit::closed, 2 * limit.toMillis(), TimeUnit.MILLISECONDS)))));
    }

    /** Work with a control permit, as soon as there is one. */
    private Mono<Void> controlled(Duration limit, BiFunction<Permit, Mono<Void>, Mono<Void>> work) {
        return patiently(limit, Mono.never(), patience -> permitted(patience, work));
    }

    private Mono<Void> permitted(Mono<Void> patience, BiFunction<Permit, Mono<Void>, Mono<Void>> work) {
        return Mono.defer(() -> {
            AdmissionQueue queue = pool.lane().queue();
            Permit permit = queue.control();
            return permit == null
                    ? queue.controlRoom().timeout(patience).then(permitted(patience, work))
                    : work.apply(permit, patience);
        });
    }

    /** Work that is told when its time is over, or when everything is. Its timer goes with it, not when it would ring. */
    private <T> Mono<T> patiently(Duration limit, Mono<Void> everything, Function<Mono<Void>, Mono<T>> work) {
        Sinks.Empty<Void> ended = Sinks.empty();
        Mono<Void> patience = Mono.firstWithSignal(
                        Mono.delay(limit, pool.timer()).then(), everything, ended.asMono())
                .cache();
        return work.apply(patience).doFinally(signal -> ended.tryEmitEmpty());
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return driverFactory.getMetadata();
    }

    int idle() {
        int idle = 0;
        for (PhysicalConnection connection : connections.keySet()) {
            if (connection.isIdle()) {
                idle++;
            }
        }
        return idle;
    }

    Set<PhysicalConnection> connections() {
        return connections.keySet();
    }

    boolean hasConnections() {
        return !connections.isEmpty();
    }

    void forget(PhysicalConnection connection) {
        stock.remove(connection);
        Permit permit = connections.remove(connection);
        if (permit != null) {
            permit.closed();
        }
        pool.report().closed(connection.life());
        pool.changed();
    }

    void leaving(PhysicalConnection connection) {
        Permit permit = connections.get(connection);
        if (permit != null) {
            permit.leaving();
        }
    }

    /** Ends the patience with every connection that is being opened. */
    void stop() {
        stopped.tryEmitEmpty();
    }

    /** Says why those end that nobody uses: their pool closes. */
    void endIdle() {
        connections.keySet().stream()
                .filter(connection -> connection.state() != PhysicalConnection.State.IN_USE)
                .forEach(connection -> connection.life().ends(CloseReason.POOL_CLOSED));
    }

    Mono<Void> closeAll() {
        return Flux.fromIterable(connections.keySet())
                .doOnNext(connection -> connection.life().ends(CloseReason.POOL_CLOSED))
                .flatMap(connection -> connection.close().onErrorComplete(), Integer.MAX_VALUE)
                .then(Mono.defer(this::closeFactory));
    }

    /** A factory that was made from options is ours; one that was handed in belongs to whoever made it. */
    private Mono<Void> closeFactory() {
        return pool.definition().options() != null && driverFactory instanceof Closeable closeable
                ? Mono.from(closeable.close()).onErrorComplete()
                : Mono.empty();
    }

    /** Asks for the password first, while there is no socket yet, where it is asked for at each connect. */
    private Mono<Connection> opened(Permit permit, Mono<Void> patience) {
        return driverFactory instanceof AskedPassword asked
                ? asked.answered(patience)
                        .doOnError(failure -> permit.closed())
                        .flatMap(factory -> arrival(factory, permit, patience))
                : arrival(driverFactory, permit, patience);
    }

    /**
     * The driver's connection, handed to exactly one of two: to whoever waits for it, or to the one who closes it because
     * patience ended first. The driver is not cancelled: cancelled drivers leave their socket and session behind. Its permit
     * is held until it answers; where it never does, for twice as long again.
     */
    private Mono<Connection> arrival(ConnectionFactory factory, Permit permit, Mono<Void> patience) {
        return Mono.defer(() -> {
            AtomicBoolean decided = new AtomicBoolean();
            AtomicReference<@Nullable Throwable> refusal = new AtomicReference<>();
            Disposable.Swap givingUp = Disposables.swap();
            long longest = 2 * pool.options().createTimeout().toMillis();
            AtomicBoolean pausing = new AtomicBoolean();
            Publisher<? extends Connection> opening =
                    Flux.defer(() -> decided.get() ? Mono.error(new TimeoutException()) : factory.create());
            Mono<Connection> arriving = pool.background()
                    .uncancelled(Mono.<Connection>from(pool.offload(opening))
                            .retryWhen(whileTooMany(decided, refusal)
                                    .doBeforeRetry(retry -> pausing.set(true))
                                    .doAfterRetry(retry -> pausing.set(false)))
                            .switchIfEmpty(Mono.error(() -> new IllegalStateException("The driver gave no connection")))
                            .doOnError(failure -> permit.closed())
                            .doFinally(signal -> givingUp.dispose())
                            .filter(connection -> decided.compareAndSet(false, true) || unwanted(connection, permit)))
                    .cache();
            return arriving.timeout(patience, Mono.defer(() -> {
                if (!decided.compareAndSet(false, true)) {
                    return arriving;
                }
                if (pausing.get()) {
                    // No socket now, and none to come.
                    permit.closed();
                }
                permit.leaving();
                givingUp.update(pool.timer().schedule(permit::closed, longest, MILLISECONDS));
                return Mono.error(() -> Objects.requireNonNullElseGet(refusal.get(), TimeoutException::new));
            }));
        });
    }

    /** A server that is full for a moment, perhaps of our own connections that it has not ended yet, is asked again. */
    private RetryBackoffSpec whileTooMany(AtomicBoolean decided, AtomicReference<@Nullable Throwable> refusal) {
        return Retry.backoff(Long.MAX_VALUE, FIRST_PAUSE)
                .maxBackoff(LONGEST_PAUSE)
                .scheduler(pool.timer())
                .filter(failure -> ConnectFailures.isTooMany(failure) && !decided.get())
                .doBeforeRetry(retry -> refusal.set(retry.failure()));
    }

    private boolean unwanted(Connection connection, Permit permit) {
        pool.background().start(closed(connection, permit));
        return false;
    }

    /** What waits for a connection while it is being opened. */
    private record Adoption(Permit permit, ConnectAttempt attempt, ConnectionLife.Beginning beginning) {}

    private Mono<PhysicalConnection> adopted(Connection connection, Adoption adoption, Mono<Void> patience) {
        return ServerCancel.of(pool, this, connection)
                .timeout(patience)
                // Before others may connect in its place, which a breaker would refuse that waits for this one.
                .doOnNext(cancel -> adoption.attempt().answered())
                .map(cancel -> adopt(connection, cancel, adoption))
                .onErrorResume(failure -> closed(connection, adoption.permit()).then(Mono.error(failure)));
    }

    private PhysicalConnection adopt(Connection connection, ServerCancel cancel, Adoption adoption) {
        PhysicalConnection physical = new PhysicalConnection(
                connection, cancel, pool, pool.report().opened(adoption.beginning()), awaitedClose(connection));
        physical.prepared(pool.preparation().fromTheStart());
        connections.put(physical, adoption.permit());
        adoption.permit().opened(new Reclaimable(physical));
        pool.changed();
        return physical;
    }

    /** A connection that another name had waits for the pool to ask for one; where that does not ask any more it is closed. */
    void takeOver(PhysicalConnection connection, Permit permit) {
        connections.put(connection, permit);
        pool.report().movedIn(connection.life());
        // First where it is looked for, then for all to see.
        stock.add(connection);
        permit.takenOver(new Reclaimable(connection));
        if (pool.isDraining()) {
            pool.background().start(connection.close().onErrorComplete());
        }
        pool.changed();
    }

    /** A connection went to another name with its permit. */
    void movedAway(PhysicalConnection connection) {
        stock.remove(connection);
        connections.remove(connection);
        pool.report().movedAway(connection.life(), connection.idleNanos(pool.nowNanos()));
        pool.changed();
    }

    /** Closes a driver's connection, waiting no longer than the reset time-out. */
    private Mono<Void> closed(Connection connection, Permit permit) {
        return awaitedClose(connection).onErrorComplete().doOnTerminate(permit::closed);
    }

    /** The same for who can do something about a close that fails or takes too long; the close itself goes on. */
    Mono<Void> awaitedClose(Connection connection) {
        return pool.background()
                .uncancelled(Mono.from(pool.offload(Flux.defer(connection::close))))
                .timeout(pool.options().resetTimeout(), pool.timer());
    }
}
