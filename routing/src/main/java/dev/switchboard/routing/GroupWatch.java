package dev.switchboard.routing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryWork;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** Watches the members of one group in the background while it is used. One for each version of a group. */
final class GroupWatch {

    private static final Logger LOGGER = LoggerFactory.getLogger(GroupWatch.class);
    private static final Duration UNUSED = Duration.ofMinutes(1);

    private final String logicalName;
    private final ReplicaGroup group;
    private final RegistryWork work;
    private final Scheduler timer;
    private final ReactiveConnectionRegistry registry;
    private final Map<String, ReplicaMember> members = new LinkedHashMap<>();
    private final PrimaryHistory history;
    private final PrimarySeat seat;
    private final AtomicReference<@Nullable Disposable> loop = new AtomicReference<>();
    private volatile TreeSet<String> rotation = new TreeSet<>();
    private volatile boolean stopped;
    private volatile long usedNanos;

    GroupWatch(
            String logicalName, ReplicaGroup group, ReactiveConnectionRegistry registry, @Nullable GroupWatch before) {
        this.logicalName = logicalName;
        this.group = group;
        this.registry = registry;
        this.work = RegistryWork.of(registry);
        this.timer = work.timer();
        this.seat = new PrimarySeat(logicalName, group, timer, before == null ? null : before.seat);
        boolean samePrimary = before != null && before.primary().equals(primary());
        this.history = before != null && samePrimary ? before.history : new PrimaryHistory();
        add(group.primary(), before);
        group.replicas().forEach(replica -> add(replica, before));
        this.rotation.addAll(group.replicas());
    }

    private void add(String name, @Nullable GroupWatch before) {
        ReplicaMember known = before == null ? null : before.members.get(name);
        members.put(name, known != null ? known : new ReplicaMember(name, registry, timer));
    }

    String logicalName() {
        return logicalName;
    }

    ReplicaGroup group() {
        return group;
    }

    Scheduler timer() {
        return timer;
    }

    String primary() {
        return seat.name();
    }

    Mono<String> forWriter() {
        return seat.forWriter();
    }

    boolean isFenced(String member) {
        return seat.isFenced(member);
    }

    ReplicaMember member(String name) {
        return Objects.requireNonNull(members.get(name), name);
    }

    // ---- in the background

    /** Somebody asks for a route: the watching begins, or goes on. */
    void used() {
        usedNanos = nanos();
        if (!stopped && loop.get() == null) {
            // Nobody has looked for a while, and the primary may be another one.
            seat.forget();
            Disposable.Swap fresh = Disposables.swap();
            if (loop.compareAndSet(null, fresh)) {
                Flux<?> rounds = Mono.defer(this::round)
                        .then(Mono.delay(group.probeInterval(), timer))
                        .repeat(this::goesOn)
                        .doOnTerminate(() -> loop.set(null));
                fresh.update(work.keepGoing(rounds));
            }
        }
    }

    boolean goesOn() {
        boolean closed = members.values().stream().anyMatch(ReplicaMember::isClosed);
        return !stopped && !closed && (nanos() - usedNanos < UNUSED.toNanos() || mayBeWrittenTo());
    }

    /** Whether somebody may hold a connection that has to be fenced when the primary moves. */
    private boolean mayBeWrittenTo() {
        return group.followsPrimary() && member(primary()).inUse() > 0;
    }

    boolean isWatching() {
        return loop.get() != null;
    }

    void stop() {
        stopped = true;
        Disposable running = loop.getAndSet(null);
        if (running != null) {
            running.dispose();
        }
        seat.stop();
    }

    /** Asks all members, and looks who is the primary and who is in the rotation. */
    Mono<Void> round() {
        return Flux.fromIterable(members.values())
                .flatMap(member -> ask(member).onErrorComplete(), members.size())
                .then(Mono.fromRunnable(this::review));
    }

    private void review() {
        if (group.followsPrimary() && seat.review(members.values())) {
            // What the old primary wrote and nobody copied is no measure any more.
            history.clear();
        }
        TreeSet<String> now = new TreeSet<>();
        replicas().stream().filter(Replica::inRotation).forEach(replica -> now.add(replica.connectionName()));
        if (!now.equals(rotation)) {
            LOGGER.info("Replica group '{}': in the rotation are {}, were {}", logicalName, now, rotation);
            rotation = now;
        }
    }

    // ---- what is known

    Mono<ReplicaMember.Seen> ask(ReplicaMember member) {
        boolean isPrimary = member.name().equals(primary());
        return member.ask(isPrimary ? ServerState.Part.PRIMARY : ServerState.Part.REPLICA, group.probeTimeout())
                .doOnNext(seen -> {
                    LogPosition position = seen.state().position();
                    if (isPrimary && position != null && member.name().equals(primary())) {
                        history.add(seen.askedNanos(), position);
                    }
                });
    }

    /** All members but the primary, in the order of the group. */
    List<Replica> replicas() {
        String primary = primary();
        return members.values().stream()
                .filter(member -> !member.name().equals(primary))
                .map(this::replica)
                .toList();
    }

    private Replica replica(ReplicaMember member) {
        ReplicaMember.Seen seen = member.seen();
        LogPosition position = seen == null ? null : seen.replayed();
        Long reached = position == null ? null : history.newestReached(position);
        return new Replica(
                member.name(),
                group.weight(member.name()),
                member.inUse(),
                member.latency(),
                reached == null ? null : Duration.ofNanos(Math.max(0, nanos() - reached)),
                isInRotation(member, seen));
    }

    private boolean isInRotation(ReplicaMember member, ReplicaMember.@Nullable Seen seen) {
        if (member.isFailing() || !registry.contains(member.name())) {
            return false;
        }
        if (seen == null) {
            return true;
        }
        ServerState state = seen.state();
        // A server that is proven to copy nobody is no replica of anything.
        boolean copies = !(state.proven() && Boolean.TRUE.equals(state.writable()));
        Duration most = group.mostBehind();
        LogPosition position = seen.replayed();
        return copies
                && (most == null
                        || position == null
                        || history.nanosBehind(position, seen.askedNanos()) <= most.toNanos());
    }

    /** Whether what was written then is taken to be everywhere by now. */
    boolean isEverywhere(WrittenAt written) {
        return written.isReachedBy(new WrittenAt(millis() - group.writeWindow().toMillis()));
    }

    /** The primary, where it surely has what was written up to there; null where that is not known. */
    @Nullable
    String primaryWith(LogPosition written) {
        ReplicaMember holder = member(primary());
        return !group.followsPrimary() || history.has(written) || has(holder, written) ? holder.name() : null;
    }

    /** Any member that has what was written up to there, by what it said last; the primary where it is lost for good. */
    @Nullable
    String anyWith(LogPosition written) {
        String primary = primaryWith(written);
        if (primary != null) {
            return primary;
        }
        boolean allAnswered = true;
        for (ReplicaMember member : members.values()) {
            if (has(member, written)) {
                return member.name();
            }
            allAnswered &= member.seen() != null && !member.isFailing();
        }
        // Where nobody has it, it was lost with a primary, and no wait brings it back.
        return allAnswered ? primary() : null;
    }

    private boolean has(ReplicaMember member, LogPosition written) {
        ReplicaMember.Seen seen = member.seen();
        boolean isPrimary = member.name().equals(primary());
        LogPosition position = seen == null ? null : isPrimary ? seen.state().position() : seen.replayed();
        if (seen == null || position == null) {
            return false;
        }
        // One that takes writes has all of its timeline; a later timeline has what was kept of the earlier one.
        boolean hasTimeline = Boolean.TRUE.equals(seen.state().writable())
                && position instanceof WalPosition now
                && written instanceof WalPosition then
                && now.timeline() >= then.timeline();
        return hasTimeline || written.isReachedBy(position);
    }

    /** Whether a replica that has replayed so far surely has everything that is older. */
    boolean isWithin(LogPosition replayed, Duration lag) {
        Long reached = history.newestReached(replayed);
        return reached != null && nanos() - reached <= lag.toNanos();
    }

    /** Where the log of the primary is now, by a connection that has just written; empty where that cannot be said. */
    Mono<LogPosition> positionAfterWrite(Connection connection, String member) {
        return registry.lookup(member)
                .flatMap(status -> {
                    long asked = nanos();
                    return ServerState.ask(connection, status.product(), ServerState.Part.PRIMARY)
                            .doOnNext(state -> remember(member, state, asked));
                })
                .mapNotNull(this::placeOfWrite);
    }

    /** Null where it cannot be said. */
    @Nullable
    LogPosition placeOfWrite(ServerState state) {
        if (Boolean.FALSE.equals(state.writable()) || state.unreadable()) {
            return null;
        }
        LogPosition position = state.position();
        return position == null ? new WrittenAt(millis()) : position;
    }

    private void remember(String member, ServerState state, long asked) {
        LogPosition position = state.position();
        if (position != null && member.equals(primary())) {
            history.add(asked, position);
        }
    }

    long nanos() {
        return timer.now(TimeUnit.NANOSECONDS);
    }

    private long millis() {
        return timer.now(TimeUnit.MILLISECONDS);
    }
}
