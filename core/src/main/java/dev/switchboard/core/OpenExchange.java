package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One conversation on a connection, from its command to the last signal of its last result.
 *
 * <p>It consists of pieces: the driver's stream of results and every result that is being read. The pieces' subscribers may
 * leave at any moment. With a driver that takes a cancel, the cancel is passed on. With any other the conversation has to
 * be read to its end, or the connection is lost to everybody after it: the piece goes on reading and drops what it reads.
 * That is bounded. Past the bound the server is asked to stop, and the answer is awaited; past that, the connection is
 * closed. Inside a transaction only time counts, since stopping the statement may cost the transaction; once a rollback
 * waits behind the exchange, it may.
 *
 * <p>A result that was handed out and is not being read holds the exchange open until it is read, until the driver is done
 * and another statement wants its turn, or until the handle closes; then it is discarded.
 */
final class OpenExchange {

    private static final Logger LOGGER = LoggerFactory.getLogger(OpenExchange.class);

    private final Turn turn;
    private final HandleSession session;
    private final PhysicalConnection physical;
    private final boolean passesCancel;
    private final ExchangeReport report;
    private final ExchangeWorker worker;
    private final List<Piece<?>> pieces = new ArrayList<>(2);
    private final List<HandleResult> unread = new ArrayList<>(1);
    private final AtomicLong dropped = new AtomicLong();
    private final Sinks.Empty<Void> read = Sinks.empty();
    /** Nothing was sent yet. */
    private boolean beginning = true;

    private boolean draining;
    private boolean escalated;
    private boolean stopping;
    private boolean ended;
    private boolean unwelcome;
    private volatile boolean mayCostTransaction;
    private volatile boolean drainFailed;
    private volatile @Nullable Disposable deadline;

    OpenExchange(Turn turn, HandleSession session, PhysicalConnection physical) {
        this.turn = turn;
        this.session = session;
        this.physical = physical;
        this.passesCancel = physical.sheet().can(DriverSheet.Capability.CANCEL);
        this.mayCostTransaction = !session.inTransaction();
        this.report = new ExchangeReport(session, physical, turn.sql(), nowNanos());
        this.worker = new ExchangeWorker(physical.worker());
    }

    ExchangeWorker worker() {
        return worker;
    }

    /** On the worker of the exchange where its driver must not be called on any thread. */
    <T> Publisher<T> offloaded(Publisher<T> call) {
        return worker.offloaded(call);
    }

    Connection driver() {
        return report.listening(physical.driver());
    }

    ExchangeReport report() {
        return report;
    }

    /** The driver took nothing: the exchange ends before it began. */
    void refused(Throwable reason) {
        translated(reason);
        neverBegins();
    }

    private void neverBegins() {
        synchronized (this) {
            beginning = false;
            ended = true;
        }
        leaveTurn();
    }

    Throwable translated(Throwable failure) {
        return report.failed(failure, nowNanos());
    }

    private void leaveTurn() {
        report.ended(nowNanos());
        worker.ends();
        turn.end();
        turn.leave();
    }

    boolean passesCancel() {
        return passesCancel;
    }

    HandleSession session() {
        return session;
    }

    long nowNanos() {
        return session.timer().now(TimeUnit.NANOSECONDS);
    }

    /** The command is about to be sent; false when its reader has left or the handle closes, and nothing may be sent. */
    boolean begins(Piece<?> command) {
        synchronized (this) {
            if (!unwelcome && !turn.isCancelled()) {
                beginning = false;
                pieces.add(command);
                return true;
            }
        }
        neverBegins();
        return false;
    }

    <T> Mono<T> notBegun() {
        return turn.refused();
    }

    /** A result leaves for its reader. */
    synchronized HandleResult handedOut(HandleResult result) {
        unread.add(result);
        return result;
    }

    /** A result arrives whose reader has left. */
    void unwanted(Result result) {
        Runnable discard = () -> {};
        synchronized (this) {
            if (result instanceof HandleResult handed && unread.remove(handed)) {
                discard = discarding(handed);
            }
        }
        discard.run();
    }

    /** Called under the lock, so that the exchange cannot end before the reading for nobody has begun. */
    private Runnable discarding(HandleResult result) {
        Piece<Object> piece = Piece.ofNobody(this);
        pieces.add(piece);
        return () -> {
            offloaded(result.driver().map((row, metadata) -> Piece.DROPPED)).subscribe(piece);
            changed(piece, false);
        };
    }

    private List<Runnable> discardingAll() {
        List<Runnable> discards = unread.stream().map(this::discarding).toList();
        unread.clear();
        return discards;
    }

    /** The result's reader arrives; false when it was discarded. */
    synchronized boolean reading(HandleResult result, Piece<?> piece) {
        if (ended || !unread.remove(result)) {
            return false;
        }
        pieces.add(piece);
        return true;
    }

    void dropped() {
        long rows = dropped.incrementAndGet();
        if (rows > session.exchangeOptions().drainRows() && mayCostTransaction) {
            escalate();
        }
    }

    /** A piece has ended, or its reader has left. */
    void changed(Piece<?> piece, boolean failed) {
        boolean finish;
        boolean drain;
        boolean readUp;
        List<Runnable> discards = List.of();
        synchronized (this) {
            if (piece.isEnded()) {
                pieces.remove(piece);
                drainFailed |= failed && draining;
            }
            if (unwelcome && !unread.isEmpty() && pieces.stream().allMatch(Piece::isLeft)) {
                discards = discardingAll();
            }
            finish = finished();
            drain = !finish && !draining && abandoned();
            if (drain) {
                draining = true;
                session.background().enter();
            }
            readUp = stopping && pieces.isEmpty();
        }
        discards.forEach(Runnable::run);
        if (readUp) {
            read.tryEmitEmpty();
        }
        if (finish) {
            finish();
        } else if (drain) {
            startDrain();
        }
    }

    private boolean finished() {
        if (ended || beginning || stopping || !pieces.isEmpty() || !unread.isEmpty()) {
            return false;
        }
        ended = true;
        return true;
    }

    /** Whether it only goes on because its driver must read it to the end: no reader is left to overlap with. */
    synchronized boolean isAbandoned() {
        return draining || abandoned();
    }

    private boolean abandoned() {
        return !ended
                && unread.isEmpty()
                && !pieces.isEmpty()
                && pieces.stream().allMatch(Piece::isLeft);
    }

    private boolean finishWhereDone() {
        synchronized (this) {
            if (!finished()) {
                return false;
            }
        }
        finish();
        return true;
    }

    private void finish() {
        Disposable armed = deadline;
        if (armed != null) {
            armed.dispose();
        }
        if (draining) {
            session.background().leave();
        }
        leaveTurn();
    }

    private void startDrain() {
        LOGGER.debug(
                "Connection '{}': nobody reads this statement any more; if it writes, it may have happened: {}",
                session.connectionName(),
                turn.sql());
        arm();
    }

    private synchronized void arm() {
        if (ended) {
            return;
        }
        ExchangeOptions options = session.exchangeOptions();
        Duration limit = mayCostTransaction ? options.drainTimeout() : options.transactionDrainTimeout();
        Disposable before = deadline;
        deadline = session.timer().schedule(this::escalate, limit.toNanos(), TimeUnit.NANOSECONDS);
        if (before != null) {
            before.dispose();
        }
    }

    /** A rollback or close waits: what is left of the transaction need not be spared. */
    void mayCostTransaction() {
        boolean rearm;
        synchronized (this) {
            rearm = draining && !mayCostTransaction && !ended;
            mayCostTransaction = true;
        }
        if (rearm) {
            arm();
        }
    }

    /** Asks the server to stop, and closes the connection when even that does not help. */
    private void escalate() {
        boolean readUp;
        synchronized (this) {
            if (ended || !draining || escalated) {
                return;
            }
            escalated = true;
            stopping = true;
            readUp = pieces.isEmpty();
        }
        if (readUp) {
            read.tryEmitEmpty();
        }
        Duration limit = session.exchangeOptions().serverCancelTimeout();
        ServerCancel cancel = physical.serverCancel();
        session.background()
                .start(cancel.statement(limit)
                        .then(read.asMono().timeout(limit, session.timer()))
                        .then(Mono.defer(() -> cancel.absorb(limit)))
                        .onErrorResume(failure -> forceClose(failure, limit))
                        .doOnTerminate(this::stopped));
    }

    private Mono<Void> forceClose(Throwable reason, Duration limit) {
        LOGGER.debug("Closing a connection whose abandoned exchange could not be stopped: {}", reason.toString());
        session.broken();
        return physical.forceClose(limit).onErrorComplete();
    }

    private void stopped() {
        boolean aborted = drainFailed && physical.sheet().can(DriverSheet.Capability.CANCEL_REQUEST);
        if ((aborted || session.isBroken()) && session.inTransaction()) {
            session.transactionLost(turn.sql(), session.exchangeOptions().transactionDrainTimeout());
        }
        List<Piece<?>> left;
        synchronized (this) {
            stopping = false;
            left = session.isBroken() ? List.copyOf(pieces) : List.of();
        }
        left.forEach(Piece::abort);
        finishWhereDone();
    }

    /** How long nobody has asked this exchange for more; 0 while somebody does, or while it is being drained. */
    synchronized long stalledNanos() {
        if (ended || draining) {
            return 0;
        }
        long since = Piece.withoutDemandSince(pieces, pieces.size() > 1 || !unread.isEmpty());
        if (since == Piece.IN_DEMAND) {
            return 0;
        }
        for (HandleResult result : unread) {
            since = Math.max(since, result.handedOutNanos());
        }
        return since == Piece.UNASKED ? 0 : Math.max(0, nowNanos() - since);
    }

    /** Makes room for the next turn when only unread results stand in the way; false when something is being read. */
    boolean giveWay() {
        synchronized (this) {
            if (ended || beginning || !pieces.isEmpty()) {
                return false;
            }
        }
        return discardUnread();
    }

    /** Discards the results that nobody reads; false when there are none or somebody may still ask for more. */
    boolean discardUnread() {
        List<Runnable> discards;
        synchronized (this) {
            if (ended || unread.isEmpty() || pieces.stream().anyMatch(piece -> !piece.isLeft())) {
                return false;
            }
            discards = discardingAll();
        }
        discards.forEach(Runnable::run);
        return true;
    }

    /** The handle closes: unread results are discarded, and readers get no longer than an abandoned exchange. */
    void closing() {
        mayCostTransaction();
        List<Runnable> discards;
        synchronized (this) {
            discards = discardingAll();
            unwelcome = true;
        }
        discards.forEach(Runnable::run);
        if (!finishWhereDone()) {
            session.timer()
                    .schedule(
                            () -> current().forEach(Piece::expel),
                            session.exchangeOptions().drainTimeout().toNanos(),
                            TimeUnit.NANOSECONDS);
        }
    }

    private synchronized List<Piece<?>> current() {
        return List.copyOf(pieces);
    }
}
