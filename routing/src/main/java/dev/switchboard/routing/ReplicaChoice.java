package dev.switchboard.routing;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Finds the member that serves one read. */
final class ReplicaChoice {

    /** How long a read waits before it asks a replica again that is behind. */
    private static final Duration PAUSE = Duration.ofMillis(5);

    private final GroupWatch watch;

    ReplicaChoice(GroupWatch watch) {
        this.watch = watch;
    }

    Mono<String> forReader(ReadConsistency consistency, @Nullable SessionToken token) {
        return switch (consistency.strength()) {
            case ANY -> any();
            case BOUNDED -> bounded(consistency.lag());
            case SESSION -> token == null ? primary() : session(token.need(watch.logicalName()));
            case PRIMARY -> primary();
        };
    }

    private Mono<String> primary() {
        return Mono.fromSupplier(watch::primary);
    }

    private List<Replica> rotation() {
        return watch.replicas().stream().filter(Replica::inRotation).toList();
    }

    private Mono<String> any() {
        List<Replica> rotation = rotation();
        return rotation.isEmpty() ? withoutReplica() : Mono.just(selected(rotation));
    }

    private Mono<String> withoutReplica() {
        return watch.group().withoutReplica() == ReplicaGroup.WithoutReplica.PRIMARY
                ? primary()
                : Mono.error(new NoReplicaException(
                        watch.logicalName(), watch.replicas().size()));
    }

    private String selected(List<Replica> candidates) {
        Replica choice = watch.group().selector().select(candidates);
        if (!candidates.contains(choice)) {
            throw new InvalidReplicaGroupException(
                    watch.logicalName(),
                    "its selector chose none of the " + candidates.size() + " replicas that it was given",
                    "Let it return one of the list");
        }
        return choice.connectionName();
    }

    private Mono<String> session(SessionToken.Need need) {
        LogPosition written = need.position();
        if (need.primary()) {
            return primary();
        }
        if (written == null) {
            return any();
        }
        if (written instanceof WrittenAt time) {
            return watch.isEverywhere(time) ? any() : primary();
        }
        Predicate<LogPosition> good = written::isReachedBy;
        long deadline = watch.nanos() + watch.group().catchUpWait().toNanos();
        return known(
                good,
                Mono.defer(() -> asked(rotation(), good))
                        .repeatWhenEmpty(
                                rounds -> rounds.takeWhile(round -> watch.nanos() + PAUSE.toNanos() <= deadline)
                                        .concatMap(round -> Mono.delay(PAUSE, watch.timer()))),
                primaryWith(written));
    }

    /** The primary may have moved and nobody here knows it yet: the old one lacks what was written to the new one. */
    private Mono<String> primaryWith(LogPosition written) {
        Mono<String> known = Mono.fromSupplier(() -> watch.primaryWith(written));
        Mono<String> asked = Mono.defer(() -> watch.ask(watch.member(watch.primary())))
                .onErrorComplete()
                .then(known);
        return known.switchIfEmpty(asked)
                .switchIfEmpty(Mono.defer(watch::round).then(asked))
                .switchIfEmpty(Mono.fromSupplier(() -> watch.anyWith(written)))
                .switchIfEmpty(Mono.error(() -> NoReplicaException.behindSession(
                        watch.logicalName(), watch.replicas().size())));
    }

    private Mono<String> bounded(Duration lag) {
        Predicate<LogPosition> good = replayed -> watch.isWithin(replayed, lag);
        return known(
                good,
                watch.ask(watch.member(watch.primary()))
                        .then(Mono.defer(() -> asked(rotation(), good)))
                        .onErrorComplete(),
                primary());
    }

    /** A replica that is known to be good, else what asking finds, else the primary. */
    private Mono<String> known(Predicate<LogPosition> good, Mono<String> asking, Mono<String> primary) {
        List<Replica> rotation = rotation();
        if (rotation.isEmpty()) {
            return watch.group().withoutReplica() == ReplicaGroup.WithoutReplica.PRIMARY ? primary : withoutReplica();
        }
        List<Replica> known =
                rotation.stream().filter(replica -> isGood(replica, good)).toList();
        return known.isEmpty() ? asking.switchIfEmpty(primary) : Mono.just(selected(known));
    }

    /** By what the replica said not too long ago. */
    private boolean isGood(Replica replica, Predicate<LogPosition> good) {
        LogPosition replayed = watch.member(replica.connectionName())
                .positionWithin(watch.group().positionAge());
        return replayed != null && good.test(replayed);
    }

    /** Asks one replica after the other, in the order of the selector; empty where none is good. */
    private Mono<String> asked(List<Replica> candidates, Predicate<LogPosition> good) {
        if (candidates.isEmpty()) {
            return Mono.empty();
        }
        String name = selected(candidates);
        ReplicaMember member = watch.member(name);
        List<Replica> others = candidates.stream()
                .filter(candidate -> !candidate.connectionName().equals(name))
                .toList();
        return watch.ask(member)
                .onErrorComplete()
                .mapNotNull(ReplicaMember.Seen::replayed)
                .filter(good)
                .map(replayed -> name)
                .switchIfEmpty(Mono.defer(() -> asked(others, good)));
    }
}
