package dev.switchboard.core;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Scheduler;

/**
 * What is told about the pool of a name, or both of them where it has two, and about its connections: to whoever listens to events, and to the metrics. Where nobody does, a
 * call here costs a look. Nobody calls it under a lock.
 */
final class PoolReport {

    private static final Logger LOGGER = LoggerFactory.getLogger(PoolReport.class);

    private final String name;
    private final @Nullable Duration leakThreshold;
    private final RegistryCore core;
    private final RegistryClock clock;
    private final AtomicInteger generation = new AtomicInteger();
    private volatile ConnectionMetrics.@Nullable OfPool metrics;

    PoolReport(ConnectionDefinition definition, RegistryCore core) {
        this.name = definition.name();
        this.leakThreshold = definition.pool().leakThreshold();
        this.core = core;
        this.clock = core.clock();
    }

    /** Nothing was told before this. */
    void poolOpened(int maxWaiting, Supplier<PoolCounts> counts) {
        ConnectionMetrics listening = core.metrics();
        try {
            metrics = listening == null ? null : listening.opened(name, maxWaiting, counts);
        } catch (RuntimeException failure) {
            LOGGER.warn("Connection '{}': its metrics failed: {}", name, failure.toString());
        }
        tell(time -> new ConnectionEvent.PoolOpened(name, time));
    }

    String name() {
        return name;
    }

    long nanos() {
        return clock.nanos();
    }

    Duration since(long nanos) {
        return clock.since(nanos);
    }

    Instant at(long nanos) {
        return clock.at(nanos);
    }

    Scheduler timer() {
        return core.timer();
    }

    @Nullable
    Duration leakThreshold() {
        return leakThreshold;
    }

    /** How often all connections were soft-invalidated. */
    int generation() {
        return generation.get();
    }

    /** All connections whose opening has begun by now retire. */
    void nextGeneration() {
        generation.incrementAndGet();
    }

    /** Makes an event for those who listen, and none where nobody does. */
    void tell(Function<Instant, ConnectionEvent> event) {
        core.tell(event);
    }

    /** Tells the metrics. */
    void measure(Consumer<ConnectionMetrics.OfPool> told) {
        ConnectionMetrics.OfPool mine = metrics;
        if (mine == null) {
            return;
        }
        try {
            told.accept(mine);
        } catch (RuntimeException failure) {
            LOGGER.warn("Connection '{}': its metrics failed: {}", name, failure.toString());
        }
    }

    ConnectionLife.Beginning beginning() {
        return new ConnectionLife.Beginning(nanos(), generation());
    }

    /** A connection was opened. */
    ConnectionLife opened(ConnectionLife.Beginning beginning) {
        Duration took = since(beginning.nanos());
        ConnectionLife life = new ConnectionLife(this, beginning, clock.now(), nanos());
        measure(metrics -> metrics.connected(took.toNanos(), true));
        tell(time -> new ConnectionEvent.Created(name, life.id(), time, took));
        return life;
    }

    void notOpened(ConnectionLife.Beginning beginning) {
        measure(metrics -> metrics.connected(since(beginning.nanos()).toNanos(), false));
    }

    void closed(ConnectionLife life) {
        tell(time -> new ConnectionEvent.Closed(
                name, life.id(), time, since(life.openedNanos()), life.reason().words()));
    }

    void notAcquired(long sinceNanos) {
        measure(metrics -> metrics.acquired(since(sinceNanos).toNanos(), false));
    }

    void notValidated(ConnectionLife life, long sinceNanos, @Nullable Throwable failure) {
        life.ends(CloseReason.NOT_VALIDATED);
        tell(time -> new ConnectionEvent.ValidationFailed(
                name,
                life.id(),
                time,
                since(sinceNanos),
                failure == null ? "no longer valid" : failure.getClass().getSimpleName()));
    }

    void reset(ConnectionLife life, long sinceNanos) {
        tell(time -> new ConnectionEvent.Reset(name, life.id(), time, since(sinceNanos)));
    }

    void invalidated(ConnectionLife life) {
        life.ends(CloseReason.INVALIDATED);
        tell(time -> new ConnectionEvent.Invalidated(name, life.id(), time));
    }

    void softInvalidated(ConnectionLife life) {
        tell(time -> new ConnectionEvent.SoftInvalidated(name, life.id(), time));
    }

    void transactionCancelled(ConnectionLife life, String where) {
        tell(time -> new ConnectionEvent.TransactionCancelled(name, life.id(), time, where));
    }

    /** The ticket of a borrower, which tells when it begins to wait at a cap, if somebody listens. */
    Ticket watched(Ticket ticket) {
        if (core.events().areHeard()) {
            ticket.whenWaiting(cap -> tell(time -> new ConnectionEvent.BudgetWaiting(name, time, cap.inWords())));
        }
        return ticket;
    }

    void timedOut(Duration waited, @Nullable BudgetStatus inTheWay) {
        if (inTheWay != null) {
            tell(time -> new ConnectionEvent.BudgetTimedOut(name, time, waited, inTheWay.inWords()));
        }
    }

    /** A connection of the lane is about to be opened. */
    void opens(Lane lane) {
        BudgetStatus exceeded = lane.isBudgeted() && core.events().areHeard() ? lane.exceeded() : null;
        if (exceeded != null) {
            tell(time -> new ConnectionEvent.SoftOverflow(name, time, exceeded.inWords()));
        }
    }

    void reclaimed(ConnectionLife life, long idleNanos, BudgetStatus cap) {
        tell(time -> new ConnectionEvent.Reclaimed(
                name, life.id(), time, Duration.ofNanos(Math.max(0, idleNanos)), cap.inWords()));
    }

    void movedAway(ConnectionLife life, long idleNanos) {
        tell(time -> new ConnectionEvent.MovedAway(name, life.id(), time, Duration.ofNanos(Math.max(0, idleNanos))));
    }

    void movedIn(ConnectionLife life) {
        tell(time -> new ConnectionEvent.MovedIn(name, life.id(), time));
    }

    /** The pool and all its connections are closed. */
    void poolClosed() {
        measure(ConnectionMetrics.OfPool::closed);
        tell(time -> new ConnectionEvent.PoolClosed(name, time));
    }
}
