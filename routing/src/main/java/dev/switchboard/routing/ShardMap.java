package dev.switchboard.routing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * Which shard has a key: the names of all shards, and a strategy. Immutable; a {@link ShardRouter} changes from one map to
 * another while a program runs.
 *
 * <ul>
 *   <li>{@link #hash(String...)}: evenly, by a hash of the key; a shard more or less moves only its own part of the keys
 *   <li>{@link #ranges()}: by the order of the keys
 *   <li>{@link #list()}: value by value, such as a region
 *   <li>{@link #directory}: by asking, such as a table with a row for each customer
 *   <li>{@link #by}: by a function
 * </ul>
 */
public final class ShardMap {

    private final Set<String> shards;
    private final boolean pinned;
    private final Function<ShardKey, Mono<String>> strategy;

    ShardMap(Collection<String> shards, boolean pinned, Function<ShardKey, Mono<String>> strategy) {
        this.shards = checked(shards);
        this.pinned = pinned;
        this.strategy = strategy;
    }

    private static Set<String> checked(Collection<String> shards) {
        if (shards.isEmpty()) {
            throw new InvalidShardMapException(null, "the map has no shard", "Give it one connection name at least");
        }
        shards.forEach(RoutingKey::of);
        return java.util.Collections.unmodifiableSet(new LinkedHashSet<>(shards));
    }

    /**
     * Spreads keys evenly by rendezvous hashing: of all shards, the one whose name and the key together have the largest
     * hash. A shard that is added takes its part of the keys from all others and moves no other key; a shard that is removed
     * gives its keys to all others and moves no other key. The order of the names does not matter.
     *
     * <p>The hash is part of the contract, so that other programs can compute it: 64-bit FNV-1a over the bytes of UTF-8, for
     * the key's {@link ShardKey#text()} and for the name; both are combined by exclusive or, and mixed by the finalizer of
     * SplitMix64. Hashes are compared as unsigned numbers, and the name that sorts first wins a tie.
     *
     * @param shards connection names, each once
     * @return the map
     * @throws InvalidShardMapException if there is no name, or one is there twice
     * @see <a href="https://www.rfc-editor.org/rfc/rfc9923">FNV</a>
     */
    public static ShardMap hash(String... shards) {
        return hash(List.of(shards));
    }

    /**
     * The same for names that a program collected.
     *
     * @param shards connection names, each once
     * @return the map
     * @throws InvalidShardMapException if there is no name, or one is there twice
     * @see #hash(String...)
     */
    public static ShardMap hash(Collection<String> shards) {
        Set<String> once = new LinkedHashSet<>();
        for (String shard : shards) {
            if (!once.add(shard)) {
                throw new InvalidShardMapException(
                        null, "the map names the shard " + Shown.quoted(shard) + " twice", "Name each shard once");
            }
        }
        ShardHash hash = new ShardHash(once);
        return new ShardMap(once, false, key -> Mono.just(hash.shardOf(key)));
    }

    /** {@return a builder of a map that goes by the order of the keys, with a range of keys for each shard} */
    public static ShardRanges ranges() {
        return new ShardRanges();
    }

    /** {@return a builder of a map that goes value by value} */
    public static ShardList list() {
        return new ShardList();
    }

    /**
     * Asks for the shard of a key, such as in a table. A key is asked for once, whoever wants it at the same moment, and the
     * answer is remembered: 100,000 keys at most, a minute each. A key that has no shard is remembered for a second, an error
     * not at all.
     *
     * <pre>{@code ShardMap.directory(List.of("shard01", "shard02"), key -> db.sql("SELECT shard FROM customer WHERE id = :id")
     *         .bind("id", key.value())
     *         .map(String.class)
     *         .one()
     *         .contextWrite(usingConnection("directory")))}</pre>
     *
     * @param shards all shards; an answer that is none of them is refused
     * @param lookup says which shard has a key; empty where none has. It runs without anything of the Context of the
     *     query that asks, and for ten seconds at most
     * @return the map
     * @throws InvalidShardMapException if there is no shard
     */
    public static ShardMap directory(Collection<String> shards, Function<ShardKey, Mono<String>> lookup) {
        return directory(shards, lookup, 100_000, Duration.ofMinutes(1));
    }

    /**
     * The same with bounds of its own.
     *
     * @param shards all shards; an answer that is none of them is refused
     * @param lookup says which shard has a key; empty where none has. It runs without anything of the Context of the
     *     query that asks, and for ten seconds at most
     * @param mostKeys how many keys are remembered at most; those used least are forgotten first
     * @param timeToLive how long an answer holds before it is asked for again, in which time a moved key is looked for where
     *     it was
     * @return the map
     * @throws InvalidShardMapException if there is no shard, or a bound is not positive
     */
    public static ShardMap directory(
            Collection<String> shards, Function<ShardKey, Mono<String>> lookup, int mostKeys, Duration timeToLive) {
        if (mostKeys < 1 || timeToLive.isNegative() || timeToLive.isZero()) {
            throw new InvalidShardMapException(
                    null,
                    "a directory was to remember " + mostKeys + " keys for " + timeToLive,
                    "Allowed are one key or more, and a time longer than zero");
        }
        Objects.requireNonNull(lookup, "lookup");
        return new ShardMap(shards, false, new ShardDirectory(lookup, mostKeys, timeToLive)::shardOf);
    }

    /**
     * Goes by a function of the program.
     *
     * @param shards all shards; an answer that is none of them is refused
     * @param strategy says which shard has a key; must not block. Null where none has
     * @return the map
     * @throws InvalidShardMapException if there is no shard
     */
    public static ShardMap by(Collection<String> shards, Function<ShardKey, String> strategy) {
        Objects.requireNonNull(strategy, "strategy");
        return new ShardMap(shards, false, key -> Mono.fromSupplier(() -> strategy.apply(key)));
    }

    /** {@return the names of all shards, in the order in which they were given} */
    public Set<String> shards() {
        return shards;
    }

    /**
     * Which shard has a key.
     *
     * @param key the key
     * @return its name, asked for at subscription; empty where no shard has the key
     */
    public Mono<String> shardOf(ShardKey key) {
        return Mono.defer(() -> strategy.apply(key));
    }

    /** Whether its shards are reached by their keys alone. */
    boolean isPinned() {
        return pinned;
    }

    /** {@return the names of its shards, at most ten of them} */
    @Override
    public String toString() {
        List<String> first = new ArrayList<>(shards).subList(0, Math.min(10, shards.size()));
        return "ShardMap[" + shards.size() + " shards: " + String.join(", ", first)
                + (shards.size() > first.size() ? ", ..]" : "]");
    }
}
