package dev.switchboard.routing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Leads a name that stands for a primary and its replicas to one of them: what writes goes to the primary, and so does everything
 * in a transaction that may write; what only reads goes to a replica that is fresh enough.
 *
 * <pre>{@code ReplicaRouter replicas = ReplicaRouter.over(registry)
 *         .replace("orders", ReplicaGroup.of("orders_primary", "orders_replica1", "orders_replica2"));
 * SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, replicas));
 *
 * report.contextWrite(readOnly()).contextWrite(usingConnection("orders"));
 * request.contextWrite(readYourWrites()).contextWrite(usingConnection("orders"));}</pre>
 *
 * <p>A logical name is none of the registry's, or the primary's own, so that a shard can have replicas:
 * {@code shards.then(replicas)}. Naming a replica itself is allowed, and nobody looks at how fresh it is then.
 *
 * <p>Members are probed in the background, by the timer of the registry, from the first route that is asked for until nobody
 * has asked for a minute, and where the group follows its primary nobody holds a connection to it, or the registry is closed.
 * Writers of such a group wait for the first probes whenever they begin. Groups may be changed at any moment and by any thread. A change is seen by
 * all connections that are asked for after it; one that is in use stays where it is. Each change gets a version.
 */
public final class ReplicaRouter implements Router {

    private record Versioned(long version, GroupWatch watch) {}

    private final ReactiveConnectionRegistry registry;
    private final ConcurrentMap<String, Versioned> groups = new ConcurrentHashMap<>();

    private ReplicaRouter(ReactiveConnectionRegistry registry) {
        this.registry = registry;
    }

    /**
     * A router without groups.
     *
     * @param registry knows the members
     * @return the router
     */
    public static ReplicaRouter over(ReactiveConnectionRegistry registry) {
        return new ReplicaRouter(Objects.requireNonNull(registry, "registry"));
    }

    /**
     * Gives a logical name its servers, or other ones. Happens at once; nothing is asked of them yet.
     *
     * @param logicalName the name of the whole: not that of a connection, unless it is the primary's
     * @param group the servers
     * @return this router
     * @throws InvalidReplicaGroupException if a member is not registered, or the logical name is that of another connection
     */
    public ReplicaRouter replace(String logicalName, ReplicaGroup group) {
        Objects.requireNonNull(group, "group");
        change(logicalName, before -> group);
        return this;
    }

    /**
     * Makes another group of the one that holds: adds a replica, takes one out. Of two changes at the same moment the second one
     * gets what the first one made. What is known of members that stay is kept.
     *
     * @param logicalName a name that has a group
     * @param change makes the new group; runs while other changes of the name wait, so it must be quick. An error leaves the group
     *     as it is
     * @return the version of the new group
     * @throws InvalidReplicaGroupException if a member is not registered, or the name has no group
     */
    public long update(String logicalName, UnaryOperator<ReplicaGroup> change) {
        return change(logicalName, before -> {
            if (before == null) {
                throw new InvalidReplicaGroupException(
                        logicalName, "the name has none that could be changed", "Give it one with replace(..)");
            }
            return change.apply(before);
        });
    }

    /**
     * Takes the group of a name away; the name is that of a connection then, or of nothing.
     *
     * @param logicalName any name
     * @return this router
     */
    public ReplicaRouter remove(String logicalName) {
        Versioned gone = groups.remove(logicalName);
        if (gone != null) {
            gone.watch().stop();
        }
        return this;
    }

    private long change(String logicalName, Function<@Nullable ReplicaGroup, ReplicaGroup> change) {
        RoutingKey.of(logicalName);
        AtomicReference<@Nullable GroupWatch> replaced = new AtomicReference<>();
        Versioned after = Objects.requireNonNull(groups.compute(logicalName, (name, before) -> {
            GroupWatch held = before == null ? null : before.watch();
            ReplicaGroup next = Objects.requireNonNull(change.apply(held == null ? null : held.group()), "group");
            check(name, next);
            GroupWatch watch = new GroupWatch(name, next, registry, held);
            replaced.set(held);
            return new Versioned(before == null ? 1 : before.version() + 1, watch);
        }));
        // Writers that it holds ask again then, and find the new one.
        GroupWatch old = replaced.get();
        if (old != null) {
            old.stop();
        }
        return after.version();
    }

    private void check(String logicalName, ReplicaGroup group) {
        if (registry.contains(logicalName) && !logicalName.equals(group.primary())) {
            throw new InvalidReplicaGroupException(
                    logicalName,
                    "a connection is registered under that name itself and is not the primary",
                    "Choose a name for the whole that no connection has, or make that connection the primary");
        }
        requireRegistered(logicalName, group.primary());
        group.replicas().forEach(replica -> requireRegistered(logicalName, replica));
    }

    private void requireRegistered(String logicalName, String member) {
        if (!registry.contains(member)) {
            throw new InvalidReplicaGroupException(
                    logicalName,
                    "no connection " + Shown.quoted(member) + " is registered",
                    "Register it before it becomes a member, or look it up once where a directory knows it");
        }
    }

    /**
     * The group of a logical name.
     *
     * @param logicalName any name
     * @return the group that holds at this moment, or null where the name has none
     */
    public @Nullable ReplicaGroup group(String logicalName) {
        GroupWatch watch = watch(logicalName);
        return watch == null ? null : watch.group();
    }

    /**
     * How often the group of a name was set.
     *
     * @param logicalName any name
     * @return 1 for the first group, one more for each later one; 0 where the name has none
     */
    public long version(String logicalName) {
        Versioned now = groups.get(logicalName);
        return now == null ? 0 : now.version();
    }

    /**
     * Who takes the writes of a name at this moment.
     *
     * @param logicalName any name
     * @return the primary's connection name, or null where the name has no group
     */
    public @Nullable String primary(String logicalName) {
        GroupWatch watch = watch(logicalName);
        return watch == null ? null : watch.primary();
    }

    /**
     * How the replicas of a name stand, by what is known at this moment.
     *
     * @param logicalName any name
     * @return all members but the primary, empty where the name has no group
     */
    public List<Replica> replicas(String logicalName) {
        GroupWatch watch = watch(logicalName);
        return watch == null ? List.of() : watch.replicas();
    }

    @Nullable
    GroupWatch watch(String logicalName) {
        Versioned now = groups.get(logicalName);
        return now == null ? null : now.watch();
    }

    /** Narrows a logical name to a member; see the description of this class. */
    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        return Mono.deferContextual(context -> {
            String name = soFar.connectionName();
            GroupWatch watch = name == null ? null : watch(name);
            if (watch == null) {
                return Mono.just(soFar);
            }
            watch.used();
            return soFar.readOnly() ? reading(watch, soFar, hints, context) : writing(watch, soFar, hints, context);
        });
    }

    /** {@return true: entities make no difference here} */
    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return true;
    }

    private static Mono<PartialRoute> reading(
            GroupWatch watch, PartialRoute soFar, RouteHints hints, ContextView context) {
        ReadConsistency asked = hints.get(ReadConsistency.class);
        // An override may lead to a server that the group knows nothing about.
        ReadConsistency consistency = hints.override() != null
                ? ReadConsistency.PRIMARY
                : asked == null ? watch.group().consistency() : asked;
        boolean prevents = soFar.preventsWrites() || watch.group().preventsWrites();
        SessionToken token = SessionToken.from(context);
        SessionToken.Need need = token == null ? null : token.need(watch.logicalName());
        return new ReplicaChoice(watch)
                .forReader(consistency, token)
                .map(chosen -> soFar.withConnectionName(chosen.member())
                        .withPreventedWrites(prevents)
                        .withWatch(
                                consistency.equals(ReadConsistency.SESSION)
                                        ? new SessionReads(watch, chosen.member(), token, need)
                                        : new ReadingOnly(chosen.member()))
                        .because(() -> consistency + " in the group " + Shown.quoted(watch.logicalName()) + ": "
                                + chosen.why()));
    }

    private Mono<PartialRoute> writing(GroupWatch watch, PartialRoute soFar, RouteHints hints, ContextView context) {
        SessionToken token = SessionToken.from(context);
        return watch.forWriter()
                .map(member -> soFar.withConnectionName(member)
                        .withWatch(new GroupWrites(this, watch, member, token, hints.override() != null))
                        .because(() -> "the primary of the group " + Shown.quoted(watch.logicalName())
                                + ", for what may write"))
                .switchIfEmpty(Mono.defer(() -> route(soFar, hints)));
    }
}
