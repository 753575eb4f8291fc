package dev.switchboard.core;

import io.r2dbc.pool.ConnectionPool;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * The pools that stand behind one slot while it is open: one, or two where its database has one writer at a time. Then one of
 * them has the connection that writes, and whoever wants it waits in that pool's lane, in order of arrival and without any
 * connection; the other has those that only query.
 */
final class SlotPools {

    /** A borrower that waits for the writer no longer than this gets it only if it is free. */
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(10);

    private final ConnectionDefinition definition;
    private final PoolReport report;

    /** All connections, or those that only query where there is a writer. */
    private final SlotPool readers;

    private final @Nullable SlotPool writer;

    /** Opens them; two or none. */
    SlotPools(ConnectionDefinition definition, RegistryCore core, ConnectionSlot slot) {
        this.definition = definition;
        OneWriter split = OneWriter.of(definition);
        this.report = new PoolReport(definition, core);
        this.readers = new SlotPool(split == null ? definition : split.readers(), core, slot, report);
        this.writer = split == null ? null : writer(split, core, slot);
        report.poolOpened(definition.pool().maxWaiting(), this::counts);
    }

    private SlotPool writer(OneWriter split, RegistryCore core, ConnectionSlot slot) {
        boolean opened = false;
        try {
            SlotPool fresh = new SlotPool(split.writer(), core, slot, report);
            opened = true;
            return fresh;
        } finally {
            if (!opened) {
                core.background().start(readers.drain(SlotPool.MovedException::new));
            }
        }
    }

    Stream<SlotPool> all() {
        return writer == null ? Stream.of(readers) : Stream.of(readers, writer);
    }

    void start() {
        all().forEach(SlotPool::start);
    }

    /** The first connections, and of a writer only where it is to wait ahead. */
    Mono<Void> warmUp() {
        SlotPool writing = writer;
        Mono<Void> first = readers.keeper().warmUp();
        return writing == null || writing.options().minIdle() == 0
                ? first
                : first.then(Mono.defer(() -> writing.keeper().warmUp()));
    }

    /** The r2dbc-pool whose connections can do everything. */
    ConnectionPool inner() {
        return (writer == null ? readers : writer).inner();
    }

    boolean hasConnections() {
        return readers.hasConnections() || (writer != null && writer.hasConnections());
    }

    boolean isIdle() {
        return readers.isIdle() && (writer == null || writer.isIdle());
    }

    boolean has(SlotPool pool) {
        return pool == readers || pool == writer;
    }

    boolean isUnusedFor(long nanos) {
        return all().allMatch(pool -> pool.isUnusedFor(nanos));
    }

    PoolCounts counts() {
        PoolCounts first = readers.counts();
        return writer == null ? first : first.and(writer.counts());
    }

    Mono<Void> drain(Supplier<? extends Throwable> forWaiting) {
        Mono<Void> drained = writer == null
                ? readers.drain(forWaiting)
                : Mono.when(readers.drain(forWaiting), writer.drain(forWaiting));
        return drained.doOnTerminate(report::poolClosed);
    }

    Mono<Void> acquire(Route route, ContextView context, Lease.Receiver receiver) {
        SlotPool writing = writer;
        if (writing == null) {
            return readers.acquire(route, context, receiver, UnaryOperator.identity());
        }
        return Mono.defer(() -> {
            boolean writes = receiver.writes();
            return (writes ? writing : readers)
                    .acquire(
                            route,
                            context,
                            lease -> receiver.accept(lease.lentTo(receiver, !writes)),
                            writes ? waiting -> patiently(waiting, receiver) : UnaryOperator.identity());
        });
    }

    /** Who has said how long to wait for a lock waits no longer for the right to take it. */
    private Mono<Void> patiently(Mono<Void> waiting, Lease.Receiver receiver) {
        Duration said = receiver.lockWaitTimeout();
        Duration limit = said == null ? OneWriter.lockWaitTimeout(definition) : said;
        if (limit == null || limit.compareTo(definition.pool().acquireTimeout()) >= 0) {
            return waiting;
        }
        Duration patience = limit.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : limit;
        return waiting.timeout(patience, Mono.defer(() -> Mono.error(timedOut(patience, receiver))), readers.timer());
    }

    /** What a borrower hears who did not get its connection in time: where somebody else writes, who that is. */
    AcquireTimeoutException timedOut(Duration limit, Lease.Receiver receiver) {
        SlotPool writing = writer;
        SlotPool asked = writing == null || !receiver.writes() ? readers : writing;
        BudgetStatus cap = asked.capInTheWay();
        report.timedOut(limit, cap);
        if (writing == null) {
            ConnectPace pace = readers.lane().pace();
            ConnectPace.Failure last = pace == null ? null : pace.lastFailure();
            if (last != null) {
                return AcquireTimeoutException.unreachable(definition.name(), limit, counts(), last);
            }
            return new AcquireTimeoutException(definition.name(), limit, counts(), cap);
        }
        if (asked == readers) {
            return AcquireTimeoutException.reading(definition.name(), limit, readers.counts(), cap);
        }
        Lease held = writing.anyLease();
        return held == null
                ? new AcquireTimeoutException(definition.name(), limit, writing.counts(), cap)
                : AcquireTimeoutException.writing(
                        definition.name(), limit, writing.counts(), held.work(), held.lentFor());
    }
}
