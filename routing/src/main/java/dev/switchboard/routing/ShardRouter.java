package dev.switchboard.routing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Leads a name that stands for several shards to the one that has the {@link ShardKey} of the scope.
 *
 * <pre>{@code ShardRouter shards = ShardRouter.over(registry)
 *         .replace("orders", ShardMap.hash("orders01", "orders02", "orders03"));
 * SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, shards));
 *
 * orders.contextWrite(usingShardKey(customerId)).contextWrite(usingConnection("orders"));}</pre>
 *
 * <p>A logical name is none of the registry's. It needs a key; a name that has no shards needs none, and a key beside it is an
 * error, since somebody meant something by it. Naming a shard itself is allowed, with a key only where the key belongs there.
 *
 * <p>Maps may be changed at any moment and by any thread. A change is seen by all connections that are asked for after it; one
 * that is in use stays where it is. Each change gets a version, a number that only grows.
 */
public final class ShardRouter implements Router {

    private static final int CONCURRENCY = 4;

    private record Versioned(long version, ShardMap map) {}

    private final ReactiveConnectionRegistry registry;
    private final ConcurrentMap<String, Versioned> maps = new ConcurrentHashMap<>();
    private final Set<String> scattered = ConcurrentHashMap.newKeySet();
    private volatile @Nullable String defaultName;

    private ShardRouter(ReactiveConnectionRegistry registry) {
        this.registry = registry;
    }

    /**
     * A router without shards.
     *
     * @param registry knows the shards
     * @return the router
     */
    public static ShardRouter over(ReactiveConnectionRegistry registry) {
        return new ShardRouter(Objects.requireNonNull(registry, "registry"));
    }

    /**
     * Gives a logical name its shards, or other ones. Happens at once.
     *
     * @param logicalName the name that stands for all shards of the map; not that of a connection
     * @param map the shards
     * @return this router
     * @throws InvalidShardMapException if a shard is not registered, or the logical name is
     */
    public ShardRouter replace(String logicalName, ShardMap map) {
        Objects.requireNonNull(map, "map");
        change(logicalName, before -> map);
        return this;
    }

    /**
     * Makes another map of the one that holds. Of two changes at the same moment the second one gets what the first one made.
     *
     * @param logicalName a name that has shards
     * @param change makes the new map; runs while other changes of the name wait, so it must be quick. An error leaves the map
     *     as it is
     * @return the version of the new map
     * @throws InvalidShardMapException if a shard is not registered, or the name has no shards
     */
    public long update(String logicalName, UnaryOperator<ShardMap> change) {
        return change(logicalName, before -> {
            if (before == null) {
                throw new InvalidShardMapException(
                        logicalName, "the name has no shards that could be changed", "Give it some with replace(..)");
            }
            return change.apply(before);
        });
    }

    private long change(String logicalName, Function<@Nullable ShardMap, ShardMap> change) {
        RoutingKey.of(logicalName);
        Versioned after = Objects.requireNonNull(maps.compute(logicalName, (name, before) -> {
            ShardMap next = Objects.requireNonNull(change.apply(before == null ? null : before.map()), "map");
            check(name, next);
            return new Versioned(before == null ? 1 : before.version() + 1, next);
        }));
        return after.version();
    }

    private void check(String logicalName, ShardMap map) {
        if (registry.contains(logicalName)) {
            throw new InvalidShardMapException(
                    logicalName,
                    "a connection is registered under that name itself",
                    "Choose a name for the whole that no connection has");
        }
        for (String shard : map.shards()) {
            if (!registry.contains(shard)) {
                throw new InvalidShardMapException(
                        logicalName,
                        "no connection " + Shown.quoted(shard) + " is registered",
                        "Register it before it becomes a shard, or look it up once where a directory knows it");
            }
        }
    }

    /**
     * Where a key goes that comes without a name.
     *
     * @param logicalName a name that has shards by the time it is used
     * @return this router
     */
    public ShardRouter defaultLogicalName(String logicalName) {
        defaultName = RoutingKey.of(logicalName).name();
        return this;
    }

    /**
     * The map of a logical name.
     *
     * @param logicalName any name
     * @return the map that holds at this moment, or null where the name has no shards
     */
    public @Nullable ShardMap map(String logicalName) {
        Versioned now = maps.get(logicalName);
        return now == null ? null : now.map();
    }

    /**
     * How often the map of a name was set.
     *
     * @param logicalName any name
     * @return 1 for the first map, one more for each later one; 0 where the name has no shards
     */
    public long version(String logicalName) {
        Versioned now = maps.get(logicalName);
        return now == null ? 0 : now.version();
    }

    /** Narrows a logical name to a shard; see the description of this class. */
    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        return Mono.defer(() -> {
            if (hints.ofKind(ShardKey.class) instanceof ShardChoice choice) {
                return choice.whole().equals(hints.connectionName())
                        ? Mono.just(soFar.withConnectionName(choice.shard())
                                .because(() -> "the shard of " + Shown.quoted(choice.whole()) + " whose turn it is"))
                        : withoutKey(soFar);
            }
            ShardKey key = hints.get(ShardKey.class);
            return key == null ? withoutKey(soFar) : withKey(key, soFar, hints);
        });
    }

    /** {@return true: entities make no difference here} */
    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return true;
    }

    private Mono<PartialRoute> withoutKey(PartialRoute soFar) {
        String name = soFar.connectionName();
        if (name != null && maps.containsKey(name)) {
            return Mono.error(NoShardException.withoutKey(name));
        }
        String whole = name == null ? null : pinnedWholeOf(name);
        return whole == null ? Mono.just(soFar) : Mono.error(pinned(whole, soFar, "no shard key"));
    }

    private Mono<PartialRoute> withKey(ShardKey key, PartialRoute soFar, RouteHints hints) {
        String named = soFar.connectionName();
        String fallback = defaultName;
        // A name that a router before this one has found counts as well as a chosen one.
        boolean chosen = hints.connectionName() != null
                || hints.asksForDefaultConnection()
                || hints.get(EntityKey.class) != null
                || !Objects.equals(named, registry.defaultConnection());
        boolean whole = named != null && maps.containsKey(named);
        String name = chosen || whole || fallback == null ? named : fallback;
        if (name == null) {
            return Mono.error(NoShardException.withoutName(key));
        }
        ShardMap map = map(name);
        return map == null
                ? onShard(name, key, soFar)
                : owner(name, map, key)
                        .map(shard -> soFar.withConnectionName(shard)
                                .because(() -> "the shard of " + Shown.quoted(name) + " that has the " + key));
    }

    private static Mono<String> owner(String logicalName, ShardMap map, ShardKey key) {
        return map.shardOf(key)
                .switchIfEmpty(Mono.error(() -> NoShardException.unknownKey(logicalName, key)))
                .flatMap(shard -> map.shards().contains(shard)
                        ? Mono.just(shard)
                        : Mono.error(NoShardException.strayAnswer(logicalName, key, shard)));
    }

    /** A shard was named beside a key: right where one of the wholes that it is a part of leads the key there. */
    private Mono<PartialRoute> onShard(String name, ShardKey key, PartialRoute soFar) {
        Map<String, ShardMap> wholes = wholesOf(name);
        if (wholes.isEmpty()) {
            return Mono.error(NoShardException.notSharded(name, key));
        }
        if (wholes.values().stream().anyMatch(ShardMap::isPinned)) {
            wholes.values().removeIf(map -> !map.isPinned());
        }
        String whole = wholes.keySet().iterator().next();
        return Flux.fromIterable(wholes.values())
                .concatMap(map -> map.shardOf(key))
                .any(name::equals)
                .flatMap(belongs -> belongs
                        ? Mono.just(soFar)
                        : Mono.error(new RouteConflictException(
                                name,
                                "of the " + key,
                                "the shard " + Shown.quoted(name),
                                "The key belongs to another shard. Name the whole, " + Shown.quoted(whole)
                                        + ", and the key finds its shard, or remove the key")));
    }

    private Map<String, ShardMap> wholesOf(String shard) {
        Map<String, ShardMap> wholes = new TreeMap<>();
        maps.forEach((name, now) -> {
            if (now.map().shards().contains(shard)) {
                wholes.put(name, now.map());
            }
        });
        return wholes;
    }

    private @Nullable String pinnedWholeOf(String shard) {
        for (Map.Entry<String, ShardMap> whole : wholesOf(shard).entrySet()) {
            if (whole.getValue().isPinned()) {
                return whole.getKey();
            }
        }
        return null;
    }

    private static RouteConflictException pinned(String whole, PartialRoute soFar, String held) {
        return new RouteConflictException(
                soFar.connectionName(),
                "of " + held,
                "the shard " + Shown.quoted(Objects.requireNonNull(soFar.connectionName())),
                "The shards of " + Shown.quoted(whole)
                        + " are pinned: each is reached by a key that belongs there. Name " + Shown.quoted(whole)
                        + " and write usingShardKey(key)");
    }

    /**
     * Allows queries that ask all shards of a name. Unless it is said, {@link #fanOut(String)} is refused: a query without a
     * shard key is more often forgotten than meant.
     *
     * @param logicalName a name that has shards by the time it is used
     * @return this router
     */
    public ShardRouter allowScatter(String logicalName) {
        scattered.add(RoutingKey.of(logicalName).name());
        return this;
    }

    /**
     * All shards of a name, as the map has them when the fan-out is subscribed.
     *
     * @param logicalName a name that has shards
     * @return the fan-out; a {@link ScatterRefusedException} at subscription unless {@link #allowScatter} allows it, and a
     *     {@link NoShardException} where the name has no shards
     */
    public FanOut fanOut(String logicalName) {
        return FanOut.over(logicalName, Mono.fromSupplier(() -> {
            Set<String> all = shardsOf(logicalName);
            if (!scattered.contains(logicalName)) {
                throw new ScatterRefusedException(logicalName, all.size());
            }
            return List.copyOf(all);
        }));
    }

    /**
     * Some shards of a name. This is no scatter, and needs no allowance.
     *
     * @param logicalName a name that has shards
     * @param selected some of its shards
     * @return the fan-out; a {@link NoShardException} at subscription if the name has no shards, or not all of these
     */
    public FanOut fanOut(String logicalName, Collection<String> selected) {
        List<String> wanted = List.copyOf(new LinkedHashSet<>(selected));
        return FanOut.over(logicalName, Mono.fromSupplier(() -> {
            Set<String> all = shardsOf(logicalName);
            for (String shard : wanted) {
                if (!all.contains(shard)) {
                    throw NoShardException.unknownShard(logicalName, shard);
                }
            }
            return wanted;
        }));
    }

    private Set<String> shardsOf(String logicalName) {
        ShardMap map = map(logicalName);
        if (map == null) {
            throw NoShardException.noShards(logicalName);
        }
        return map.shards();
    }

    /**
     * One query for each shard instead of one for each key: groups keys by their shards, and runs the work once for each
     * group, in the scope of its shard.
     *
     * <pre>{@code shards.byShard("orders", customerIds, ids -> db.sql("SELECT .. WHERE customer IN (:ids)")
     *         .bind("ids", ids)
     *         .map(Order.class)
     *         .all())}</pre>
     *
     * @param logicalName a name that has shards
     * @param keys what {@link ShardKey#of(Object)} takes
     * @param work gets the keys of one shard, as they were given, in their order, each once; called for each shard at
     *     subscription
     * @param <K> the type of a key
     * @param <T> what the work finds
     * @return what all shards found, as it comes; four shards at a time. An error of one ends the others
     */
    public <K, T> Flux<T> byShard(
            String logicalName, Collection<? extends K> keys, Function<List<K>, ? extends Publisher<T>> work) {
        Objects.requireNonNull(work, "work");
        List<K> given = List.copyOf(keys);
        return Flux.defer(() -> {
            Versioned now = maps.get(logicalName);
            if (now == null) {
                return Flux.error(NoShardException.noShards(logicalName));
            }
            return grouped(logicalName, now.map(), given)
                    .flatMapIterable(Map::entrySet)
                    .flatMap(
                            group -> Flux.defer(() -> version(logicalName) == now.version()
                                    ? onlyOn(group, logicalName, work)
                                    : byShard(logicalName, group.getValue().values(), work)),
                            CONCURRENCY);
        });
    }

    private static <K> Mono<Map<String, Map<ShardKey, K>>> grouped(String logicalName, ShardMap map, List<K> keys) {
        return Flux.fromIterable(keys)
                .distinct(ShardKey::of)
                .flatMapSequential(
                        key -> owner(logicalName, map, ShardKey.of(key)).map(shard -> Map.entry(shard, key)))
                .collect(
                        LinkedHashMap::new,
                        (groups, entry) -> groups.computeIfAbsent(entry.getKey(), shard -> new LinkedHashMap<>())
                                .put(ShardKey.of(entry.getValue()), entry.getValue()));
    }

    private static <K, T> Flux<T> onlyOn(
            Map.Entry<String, Map<ShardKey, K>> group,
            String logicalName,
            Function<List<K>, ? extends Publisher<T>> work) {
        return Flux.<T>from(work.apply(List.copyOf(group.getValue().values())))
                .contextWrite(new ShardChoice(logicalName, group.getKey()))
                .contextWrite(RoutingKey.of(logicalName));
    }
}
