package dev.switchboard.core;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Opens the physical connections of one pool and knows all of them until they are closed. A connection that arrives when
 * nobody waits for it any more is closed.
 */
final class Opener implements ConnectionFactory {

    private final SlotPool pool;
    private final ConnectionFactory driverFactory;
    private final Set<PhysicalConnection> connections = ConcurrentHashMap.newKeySet();
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
            if (alive && !pool.refused(connection)) {
                return Mono.just(connection);
            }
            connection.move(PhysicalConnection.State.IDLE, PhysicalConnection.State.CLOSING);
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
        return Flux.fromIterable(connections)
                .filter(connection -> connection.state() == PhysicalConnection.State.IDLE)
                .flatMap(connection -> alive(connection)
                        .filter(alive -> !alive || (stock.contains(connection) && pool.refused(connection)))
                        .filter(unfit ->
                                connection.move(PhysicalConnection.State.IDLE, PhysicalConnection.State.CLOSING))
                        .flatMap(unfit -> connection.close().onErrorComplete()))
                .then();
    }

    Mono<PhysicalConnection> open() {
        return Mono.defer(() -> {
            Duration limit = pool.options().createTimeout();
            ConnectionLife.Beginning beginning = pool.report().beginning();
            return patiently(
                            limit,
                            stopped.asMono(),
                            patience ->
                                    opened(patience).flatMap(connection -> adopted(connection, beginning, patience)))
                    .doOnError(failure -> pool.report().notOpened(beginning))
                    .onErrorMap(failure -> ConnectFailures.describe(pool.definition(), failure, limit));
        });
    }

    /** A connection beside the pool, for the few words that stop what another connection is doing. */
    Mono<Void> beside(Duration limit, Function<Connection, Mono<Void>> words) {
        return Mono.defer(() -> patiently(
                limit,
                Mono.never(),
                patience -> opened(patience)
                        .flatMap(control -> Mono.defer(() -> words.apply(control))
                                .timeout(patience)
                                .onErrorResume(failure -> closed(control).then(Mono.error(failure)))
                                .then(closed(control)))));
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
        for (PhysicalConnection connection : connections) {
            if (connection.state() == PhysicalConnection.State.IDLE) {
                idle++;
            }
        }
        return idle;
    }

    Set<PhysicalConnection> connections() {
        return connections;
    }

    boolean hasConnections() {
        return !connections.isEmpty();
    }

    void forget(PhysicalConnection connection) {
        stock.remove(connection);
        connections.remove(connection);
        pool.report().closed(connection.life());
        pool.changed();
    }

    /** Ends the patience with every connection that is being opened. */
    void stop() {
        stopped.tryEmitEmpty();
    }

    Mono<Void> closeAll() {
        return Flux.fromIterable(connections)
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
    private Mono<Connection> opened(Mono<Void> patience) {
        return driverFactory instanceof AskedPassword asked
                ? asked.answered(patience).flatMap(factory -> arrival(factory, patience))
                : arrival(driverFactory, patience);
    }

    /**
     * The driver's connection, handed to exactly one of two: to whoever waits for it, or to the one who closes it because
     * patience ended first. The driver is not cancelled: cancelled drivers leave their socket and session behind.
     */
    private Mono<Connection> arrival(ConnectionFactory factory, Mono<Void> patience) {
        return Mono.defer(() -> {
            AtomicBoolean decided = new AtomicBoolean();
            Publisher<? extends Connection> opening = Flux.defer(factory::create);
            Mono<Connection> arriving = pool.background()
                    .uncancelled(Mono.<Connection>from(pool.offload(opening))
                            .switchIfEmpty(Mono.error(() -> new IllegalStateException("The driver gave no connection")))
                            .filter(connection -> decided.compareAndSet(false, true) || unwanted(connection)))
                    .cache();
            return arriving.timeout(
                    patience,
                    Mono.defer(
                            () -> decided.compareAndSet(false, true) ? Mono.error(new TimeoutException()) : arriving));
        });
    }

    private boolean unwanted(Connection connection) {
        pool.background().start(closed(connection));
        return false;
    }

    private Mono<PhysicalConnection> adopted(
            Connection connection, ConnectionLife.Beginning beginning, Mono<Void> patience) {
        return ServerCancel.of(pool, this, connection)
                .timeout(patience)
                .map(cancel -> adopt(connection, cancel, beginning))
                .onErrorResume(failure -> closed(connection).then(Mono.error(failure)));
    }

    private PhysicalConnection adopt(Connection connection, ServerCancel cancel, ConnectionLife.Beginning beginning) {
        PhysicalConnection physical = new PhysicalConnection(
                connection, cancel, pool, pool.report().opened(beginning), awaitedClose(connection));
        connections.add(physical);
        pool.changed();
        return physical;
    }

    /** Closes a driver's connection, waiting no longer than the reset time-out. */
    Mono<Void> closed(Connection connection) {
        return awaitedClose(connection).onErrorComplete();
    }

    /** The same for who can do something about a close that fails or takes too long; the close itself goes on. */
    Mono<Void> awaitedClose(Connection connection) {
        return pool.background()
                .uncancelled(Mono.from(pool.offload(Flux.defer(connection::close))))
                .timeout(pool.options().resetTimeout(), pool.timer());
    }
}
