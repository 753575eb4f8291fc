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

    private static final String IN_ROTATION = "the selector's choice of the replicas in the rotation";
    private static final String FRESH = "the selector's choice of the replicas that are known to be fresh enough";
    private static final String ASKED = "a replica that was asked and is fresh enough";
    private static final String NO_REPLICA = "the primary, since no replica is in the rotation";

    /** A member, and why it is the one. */
    record Chosen(String member, String why) {}

    private final GroupWatch watch;

    ReplicaChoice(GroupWatch watch) {
        this.watch = watch;
    }

    Mono<Chosen> forReader(ReadConsistency consistency, @Nullable SessionToken token) {
        return switch (consistency.strength()) {
            case ANY -> any();
            case BOUNDED -> bounded(consistency.lag());
            case SESSION ->
                token == null
                        ? primary("the primary, since the session has no token")
                        : session(token.need(watch.logicalName()));
            case PRIMARY -> primary("the primary, which was asked for");
        };
    }

    private Mono<Chosen> primary(String why) {
        return Mono.fromSupplier(() -> new Chosen(watch.primary(), why));
    }

    private List<Replica> rotation() {
        return watch.replicas().stream().filter(Replica::inRotation).toList();
    }

    private Mono<Chosen> any() {
        List<Replica> rotation = rotation();
        return rotation.isEmpty() ? withoutReplica() : Mono.just(new Chosen(selected(rotation), IN_ROTATION));
    }

    private Mono<Chosen> withoutReplica() {
        return watch.group().withoutReplica() == ReplicaGroup.WithoutReplica.PRIMARY
                ? primary(NO_REPLICA)
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

    private Mono<Chosen> session(SessionToken.Need need) {
        LogPosition written = need.position();
        if (need.primary()) {
            return primary("the primary, since where the session's last write stands is not known");
        }
        if (written == null) {
            return any();
        }
        if (written instanceof WrittenAt time) {
            return watch.isEverywhere(time) ? any() : primary("the primary, since the session has just written");
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
    private Mono<Chosen> primaryWith(LogPosition written) {
        return memberWith(written)
                .map(member -> new Chosen(member, "no replica has what the session wrote, and this one has"));
    }

    private Mono<String> memberWith(LogPosition written) {
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

    private Mono<Chosen> bounded(Duration lag) {
        Predicate<LogPosition> good = replayed -> watch.isWithin(replayed, lag);
        return known(
                good,
                watch.ask(watch.member(watch.primary()))
                        .then(Mono.defer(() -> asked(rotation(), good)))
                        .onErrorComplete(),
                primary("the primary, since no replica is known to be within the bound"));
    }

    /** A replica that is known to be good, else what asking finds, else the primary. */
    private Mono<Chosen> known(Predicate<LogPosition> good, Mono<Chosen> asking, Mono<Chosen> primary) {
        List<Replica> rotation = rotation();
        if (rotation.isEmpty()) {
            return watch.group().withoutReplica() == ReplicaGroup.WithoutReplica.PRIMARY ? primary : withoutReplica();
        }
        List<Replica> known =
                rotation.stream().filter(replica -> isGood(replica, good)).toList();
        return known.isEmpty() ? asking.switchIfEmpty(primary) : Mono.just(new Chosen(selected(known), FRESH));
    }

    /** By what the replica said not too long ago. */
    private boolean isGood(Replica replica, Predicate<LogPosition> good) {
        LogPosition replayed = watch.member(replica.connectionName())
                .positionWithin(watch.group().positionAge());
        return replayed != null && good.test(replayed);
    }

    /** Asks one replica after the other, in the order of the selector; empty where none is good. */
    private Mono<Chosen> asked(List<Replica> candidates, Predicate<LogPosition> good) {
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
                .map(replayed -> new Chosen(name, ASKED))
                .switchIfEmpty(Mono.defer(() -> asked(others, good)));
    }
}
