package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** One socket (or file handle) and what is known about its session; what the pool above holds. */
final class PhysicalConnection extends DelegatingConnection {

    /** Where a connection stands; every change is a compare-and-set. */
    enum State {
        IDLE,
        /** Idle for everybody but a borrower, who leaves it to its ping: see {@link KeepAlive}. */
        PINGED,
        IN_USE,
        CLOSING,
        GONE,
        /** Left behind: the driver's connection is another name's now. */
        MOVED
    }

    private final ConnectionLife life;
    private final long expiresAtNanos;
    private final Connection driver;
    private final SlotPool pool;
    private final DriverSheet sheet;
    private final @Nullable Duration statementTimeout;
    private final ServerCancel serverCancel;
    private final IsolationLevel initialIsolation;
    private final @Nullable Scheduler loop;
    private final Mono<Void> closed;
    private final Sinks.Empty<Void> gone = Sinks.empty();
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    private volatile @Nullable Object prepared;
    private volatile boolean preventsWrites;
    private volatile boolean foreign;
    private volatile boolean untracked;
    private final @Nullable MovingPool mover;
    private volatile long lastUsedNanos;
    private volatile long lastAnsweredNanos;

    PhysicalConnection(
            Connection driver, ServerCancel serverCancel, SlotPool pool, ConnectionLife life, Mono<Void> driverClose) {
        long nowNanos = pool.nowNanos();
        this.life = life;
        this.driver = driver;
        this.pool = pool;
        this.mover = pool.mover();
        this.sheet = pool.sheet();
        this.statementTimeout = pool.definition().settings().statementTimeout();
        this.serverCancel = serverCancel;
        this.expiresAtNanos = life.openedNanos() + lifetimeNanos(pool.options());
        this.lastUsedNanos = nowNanos;
        this.lastAnsweredNanos = nowNanos;
        this.initialIsolation = driver.getTransactionIsolationLevel();
        this.loop = loop(sheet, driver);
        Duration limit = pool.options().resetTimeout();
        this.closed = driverClose
                // One that failed has closed the socket; one that did not answer may have left something running.
                .onErrorResume(TimeoutException.class, late -> serverCancel.session(limit))
                .onErrorComplete()
                .doOnTerminate(() -> {
                    state.set(State.GONE);
                    pool.forget(this);
                    gone.tryEmitEmpty();
                })
                .cache();
    }

    /** Not all of those that were opened together end together. */
    private static long lifetimeNanos(PoolOptions options) {
        long lifetime = options.maxLifetime().toNanos();
        long variance = lifetime / 100 * options.lifetimeVariance();
        return variance == 0 ? lifetime : lifetime - ThreadLocalRandom.current().nextLong(variance);
    }

    /** The same connection in the pool of another name, for whoever claimed it; unprepared until its first borrower. */
    PhysicalConnection movedTo(SlotPool next, Opener opener) {
        PhysicalConnection there = new PhysicalConnection(
                driver,
                serverCancel.movedTo(next, opener),
                next,
                life.movedTo(next.report()),
                opener.awaitedClose(driver));
        there.prepared = prepared;
        there.preventsWrites = preventsWrites;
        there.lastUsedNanos = lastUsedNanos;
        there.lastAnsweredNanos = lastAnsweredNanos;
        there.foreign = true;
        return there;
    }

    /** Whether it comes from another name and is not this one's yet. */
    boolean isForeign() {
        return foreign;
    }

    void settled() {
        foreign = false;
    }

    /** A text is about to be sent: looks whether the session may be another one afterwards, where that matters. */
    void heard(String sql) {
        if (mover != null && !untracked && UnseenWork.possible(sql, sheet)) {
            untracked = true;
        }
    }

    /** Something was done to its session that nobody can undo for certain: it never goes to another name. */
    void untracked() {
        untracked = true;
    }

    /** Whether it may go to another name, while it is idle. */
    boolean isMovable() {
        MovingPool moving = mover;
        return moving != null && moving.gives() && !untracked && !life.isRetiring() && !expired(pool.nowNanos());
    }

    SlotPool pool() {
        return pool;
    }

    ConnectionLife life() {
        return life;
    }

    ConnectionInfo info() {
        return life.info(lastUsedNanos);
    }

    Connection driver() {
        return driver;
    }

    @Override
    Connection delegate() {
        return driver;
    }

    DriverSheet sheet() {
        return sheet;
    }

    /** A worker to call its driver on, to be disposed of; null where the driver may be called on any thread. */
    @Nullable
    Scheduler worker() {
        return loop == null ? pool.worker() : Schedulers.single(loop);
    }

    /** The thread that reads its socket, where it must be called on that one; never disposed of here, others use it too. */
    private static @Nullable Scheduler loop(DriverSheet sheet, Connection driver) {
        return sheet.can(DriverSheet.Capability.ASKED_ON_ITS_LOOP)
                        && Unwrapping.innermost(driver) instanceof Wrapped<?> innermost
                ? innermost.unwrap(Scheduler.class)
                : null;
    }

    /** What the settings of its definition let a statement run; null where they say nothing. */
    @Nullable
    Duration statementTimeout() {
        return statementTimeout;
    }

    ServerCancel serverCancel() {
        return serverCancel;
    }

    IsolationLevel initialIsolation() {
        return initialIsolation;
    }

    State state() {
        return Objects.requireNonNull(state.get());
    }

    boolean move(State from, State to) {
        return state.compareAndSet(from, to);
    }

    /** Takes an idle connection out of use for good; false where it is not idle any more. Whoever does so closes it. */
    boolean retire() {
        boolean isRetired = claim();
        if (isRetired) {
            pool.leaving(this);
        }
        return isRetired;
    }

    /** The same without a word to its pool. */
    boolean claim() {
        return isIdle(state.getAndUpdate(now -> isIdle(now) ? State.CLOSING : now));
    }

    /** Whether nobody has it. */
    boolean isIdle() {
        return isIdle(state.get());
    }

    private static boolean isIdle(@Nullable State state) {
        return state == State.IDLE || state == State.PINGED;
    }

    boolean isGone() {
        State now = state.get();
        return now == State.CLOSING || now == State.GONE || now == State.MOVED;
    }

    /** Whether its pool does not lend it any more; it ends for the reason then. */
    boolean isRefused() {
        CloseReason reason = reasonToRefuse();
        if (reason != null) {
            life.ends(reason);
        }
        return reason != null || isGone();
    }

    private @Nullable CloseReason reasonToRefuse() {
        long now = pool.nowNanos();
        if (life.isRetiring()) {
            return CloseReason.SOFT_INVALIDATED;
        }
        if (expired(now)) {
            return CloseReason.TOO_OLD;
        }
        if (pool.isDraining()) {
            return CloseReason.POOL_CLOSED;
        }
        PoolOptions options = pool.options();
        boolean idle = idleNanos(now) >= options.idleTimeout().toNanos();
        return idle && pool.idle() > options.minIdle() ? CloseReason.IDLE : null;
    }

    /** What the session was last prepared for; null when nothing or nothing certain is known. */
    @Nullable
    Object prepared() {
        return prepared;
    }

    void prepared(@Nullable Object value) {
        prepared = value;
    }

    /** Whether its session refuses writes for its borrower. */
    boolean preventsWrites() {
        return preventsWrites;
    }

    void preventsWrites(boolean prevents) {
        preventsWrites = prevents;
    }

    void used(long nowNanos) {
        lastUsedNanos = nowNanos;
    }

    long lastUsedNanos() {
        return lastUsedNanos;
    }

    long idleNanos(long nowNanos) {
        return nowNanos - lastUsedNanos;
    }

    /** A ping was answered, which is no use. */
    void answered(long nowNanos) {
        lastAnsweredNanos = nowNanos;
    }

    /** For how long nobody has heard of its server. */
    long quietNanos(long nowNanos) {
        return Math.min(idleNanos(nowNanos), nowNanos - lastAnsweredNanos);
    }

    boolean expired(long nowNanos) {
        return nowNanos - expiresAtNanos >= 0;
    }

    /** A command to the driver, which ends with the connection at the latest: the MySQL driver may never answer it then. */
    Mono<Void> untilGone(Mono<Void> command) {
        Mono<Void> closed = gone.asMono()
                .then(Mono.error(() -> new R2dbcNonTransientResourceException(
                        "The connection was closed before the server answered. What was sent may have happened; begin again"
                                + " on another connection.")));
        return Mono.firstWithSignal(command, closed);
    }

    /** Closes the socket, once; further subscribers get the same end. */
    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            closing();
            return end();
        });
    }

    /** Whoever closes what was left behind must not close what is another name's. */
    private Mono<Void> end() {
        return state.get() == State.MOVED ? Mono.empty() : closed;
    }

    /** The same for the reason given, where no other was given before. An error of the driver says nothing more. */
    Mono<Void> close(CloseReason reason) {
        return Mono.defer(() -> {
            life.ends(reason);
            return close().onErrorComplete();
        });
    }

    /**
     * Closes a connection that may be busy: the server is told to end what it is doing first, or the driver's close would
     * wait behind it or leave it running. Where the connection is known to be dead there is nothing to tell, and the
     * session's number may belong to somebody else by now.
     */
    Mono<Void> forceClose(Duration limit) {
        return Mono.defer(() -> {
            if (!closing()) {
                return end();
            }
            return Mono.from(driver.validate(ValidationDepth.LOCAL))
                    .onErrorReturn(false)
                    .filter(Boolean::booleanValue)
                    .flatMap(alive -> serverCancel.session(limit).onErrorComplete())
                    .then(closed);
        });
    }

    /** False when somebody else is closing it, or has. */
    private boolean closing() {
        State before = state.getAndUpdate(now -> now == State.GONE || now == State.MOVED ? now : State.CLOSING);
        if (isIdle(before)) {
            pool.leaving(this);
        }
        return isIdle(before) || before == State.IN_USE;
    }

    @Override
    public Publisher<Boolean> validate(ValidationDepth depth) {
        return isGone() ? Mono.just(false) : driver.validate(depth);
    }

    @Override
    public String toString() {
        return "PhysicalConnection[" + life.id() + ", " + sheet.product() + ", " + state.get() + "]";
    }
}
