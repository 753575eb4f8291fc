package dev.switchboard.routing;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/** Which member of a group is its primary. Where the group does not follow it, that is the declared one for good. */
final class PrimarySeat {

    private static final Logger LOGGER = LoggerFactory.getLogger(PrimarySeat.class);

    /** What is known of the member in the seat. */
    enum Standing {
        /** It was not asked yet. */
        UNKNOWN,
        WRITES,
        READS_ONLY,
        SILENT
    }

    private record Seat(String name, Standing standing) {}

    private final String logicalName;
    private final ReplicaGroup group;
    private final Scheduler timer;
    private final Sinks.Many<Seat> changes;
    private final AtomicInteger signals = new AtomicInteger();
    private volatile Seat seat;
    private volatile boolean stopped;

    PrimarySeat(String logicalName, ReplicaGroup group, Scheduler timer, @Nullable PrimarySeat before) {
        this.logicalName = logicalName;
        this.group = group;
        this.timer = timer;
        boolean goesOn = before != null
                && group.followsPrimary()
                && before.group.followsPrimary()
                && before.group.primary().equals(group.primary())
                && (group.replicas().contains(before.name()) || group.primary().equals(before.name()));
        this.seat = goesOn && before != null ? before.seat : new Seat(group.primary(), Standing.UNKNOWN);
        this.changes = Sinks.many().replay().latestOrDefault(seat);
    }

    String name() {
        return seat.name();
    }

    /** The member that a writer gets, when there is one. Empty where this seat is given up while the writer waits. */
    Mono<String> forWriter() {
        return Mono.defer(() -> {
            Seat now = seat;
            if (!group.followsPrimary() || isOpen(now)) {
                return Mono.just(now.name());
            }
            Duration first = group.probeTimeout().multipliedBy(2);
            Duration hold = group.writerHold();
            Duration wait = now.standing() == Standing.UNKNOWN && hold.compareTo(first) < 0 ? first : hold;
            return wait.isZero()
                    ? Mono.error(new NoPrimaryException(logicalName, wait))
                    : changes.asFlux()
                            .map(changed -> seat)
                            .filter(this::isOpen)
                            .next()
                            .map(Seat::name)
                            .timeout(wait, timer)
                            .onErrorMap(TimeoutException.class, late -> new NoPrimaryException(logicalName, wait));
        });
    }

    /** One that does not answer a probe may answer a writer, who hears the truth from the driver where nobody waits. */
    private boolean isOpen(Seat now) {
        return now.standing() == Standing.WRITES
                || (now.standing() == Standing.SILENT && group.writerHold().isZero());
    }

    /** Whether a connection to a member must not be written to any more. */
    boolean isFenced(String member) {
        Seat now = seat;
        return group.followsPrimary() && (!now.name().equals(member) || now.standing() == Standing.READS_ONLY);
    }

    /** What was known is too old: writers wait until the members were asked again. */
    void forget() {
        synchronized (signals) {
            seat = new Seat(seat.name(), Standing.UNKNOWN);
        }
        signal();
    }

    /** Whoever waits for it is to ask elsewhere. */
    void stop() {
        stopped = true;
        signal();
    }

    /** One at a time, and not under the lock, since writers go on from here. */
    private void signal() {
        if (signals.getAndIncrement() == 0) {
            do {
                if (stopped) {
                    changes.tryEmitComplete();
                } else {
                    changes.tryEmitNext(seat);
                }
            } while (signals.decrementAndGet() != 0);
        }
    }

    /** Looks at what the members said. Answers whether another one has the seat now. */
    boolean review(Collection<ReplicaMember> members) {
        boolean moved;
        synchronized (signals) {
            moved = reviewed(members);
        }
        signal();
        return moved;
    }

    private boolean reviewed(Collection<ReplicaMember> members) {
        Seat before = seat;
        ReplicaMember holder = members.stream()
                .filter(member -> member.name().equals(before.name()))
                .findFirst()
                .orElseThrow();
        boolean silent = holder.isFailing() || holder.seen() == null;
        // A product that does not say it takes writes wherever it was declared to.
        boolean writes = !silent && !saysItOnlyReads(holder);
        ReplicaMember other = successor(members, holder, silent, writes);
        Seat after = other != null
                ? new Seat(other.name(), Standing.WRITES)
                : new Seat(before.name(), silent ? Standing.SILENT : writes ? Standing.WRITES : Standing.READS_ONLY);
        if (!after.equals(before)) {
            seat = after;
            LOGGER.info("Replica group '{}': primary {}, was {}", logicalName, after, before);
        }
        return other != null;
    }

    private @Nullable ReplicaMember successor(
            Collection<ReplicaMember> members, ReplicaMember holder, boolean silent, boolean writes) {
        List<ReplicaMember> willing = members.stream()
                .filter(member -> member != holder && !member.isFailing() && saysItWrites(member))
                // One that the holder has left behind stays behind, however silent the holder is.
                .filter(member -> timeline(member) >= timeline(holder))
                // A replica that anybody may write to says nothing about who is the primary.
                .filter(member -> proves(member) || member.wasReadOnly() || !(silent || writes))
                .toList();
        ReplicaMember newest = null;
        for (ReplicaMember member : willing) {
            if (newest == null || timeline(member) > timeline(newest)) {
                newest = member;
            }
        }
        boolean isOne = willing.size() == 1 || (newest != null && proves(newest));
        boolean holderStays = writes && (newest == null || timeline(newest) <= timeline(holder));
        return isOne && !holderStays ? newest : null;
    }

    private static boolean saysItOnlyReads(ReplicaMember member) {
        ReplicaMember.Seen seen = member.seen();
        return seen != null && Boolean.FALSE.equals(seen.state().writable());
    }

    private static boolean saysItWrites(ReplicaMember member) {
        ReplicaMember.Seen seen = member.seen();
        return seen != null && Boolean.TRUE.equals(seen.state().writable());
    }

    private static boolean proves(ReplicaMember member) {
        return Objects.requireNonNull(member.seen()).state().proven();
    }

    /** The later one is the one that was promoted. */
    private static long timeline(ReplicaMember member) {
        ReplicaMember.Seen seen = member.seen();
        return seen != null && seen.state().position() instanceof WalPosition wal ? wal.timeline() : 0;
    }
}
