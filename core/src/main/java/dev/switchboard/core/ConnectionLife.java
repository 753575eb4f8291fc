package dev.switchboard.core;

import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Who a physical connection is, what it is used for, and why it ends; one for each. */
final class ConnectionLife {

    /**
     * The moment at which a connection began to be opened: its log-in uses the credentials of that moment.
     *
     * @param nanos when
     * @param generation how often all connections of the pool had been soft-invalidated by then
     */
    record Beginning(long nanos, int generation) {}

    private final Identity identity;
    private final PoolReport report;
    private final Beginning beginning;
    private final AtomicReference<CloseReason> reason = new AtomicReference<>();
    private volatile boolean retiring;
    private final AtomicReference<Supplier<InFlight>> running = new AtomicReference<>();

    /** What stays the same whatever name a connection has. */
    private record Identity(UUID id, Instant created, long openedNanos, AtomicLong uses) {}

    ConnectionLife(PoolReport report, Beginning beginning, Instant created, long openedNanos) {
        this(report, beginning, new Identity(UUID.randomUUID(), created, openedNanos, new AtomicLong()));
    }

    private ConnectionLife(PoolReport report, Beginning beginning, Identity identity) {
        this.report = report;
        this.beginning = beginning;
        this.identity = identity;
    }

    /** The same connection under another name. */
    ConnectionLife movedTo(PoolReport other) {
        return new ConnectionLife(other, new Beginning(beginning.nanos(), other.generation()), identity);
    }

    UUID id() {
        return identity.id();
    }

    /** When its log-in began. */
    long begunNanos() {
        return beginning.nanos();
    }

    long openedNanos() {
        return identity.openedNanos();
    }

    ConnectionInfo info(long lastUsedNanos) {
        // Counted on from when it was created: two readings of a clock of milliseconds may lie the wrong way round.
        Instant lastUsed = identity.created().plusNanos(Math.max(0, lastUsedNanos - openedNanos()));
        return new ConnectionInfo(
                id(),
                report.name(),
                identity.created(),
                lastUsed,
                identity.uses().get());
    }

    InFlight inFlight(@Nullable Route route, long sentNanos, String sql) {
        return new InFlight(
                report.name(), id(), route != null && route.readOnly(), report.at(sentNanos), ErrorText.sql(sql));
    }

    void used() {
        identity.uses().incrementAndGet();
    }

    /** It ends with its present use; false when that was known. */
    boolean retire() {
        boolean known = isRetiring();
        retiring = true;
        return !known;
    }

    boolean isRetiring() {
        return retiring || beginning.generation() != report.generation();
    }

    /** Why it is about to be closed; who says so first is right. */
    void ends(CloseReason why) {
        reason.compareAndSet(null, why);
    }

    CloseReason reason() {
        CloseReason said = reason.get();
        return said == null ? CloseReason.LOST : said;
    }

    /** What runs on it from now on. */
    void running(Supplier<InFlight> work) {
        running.set(work);
    }

    /** Something runs on it no more; what somebody else runs by then stays. */
    void done(Supplier<InFlight> work) {
        running.compareAndSet(work, null);
    }

    @Nullable
    InFlight running() {
        Supplier<InFlight> work = running.get();
        return work == null ? null : work.get();
    }
}
