package dev.switchboard.routing;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Collects a map that goes value by value; see {@link ShardMap#list()}. Not safe for use by several threads. */
public final class ShardList {

    private final Map<ShardKey, String> byValue = new LinkedHashMap<>();
    private @Nullable String otherwise;
    private boolean pinned;

    ShardList() {}

    /**
     * Values that belong to a shard.
     *
     * @param shard a connection name
     * @param values what {@link ShardKey#of(Object)} takes; each belongs to one shard
     * @return this builder
     * @throws InvalidShardMapException if a value has another shard already
     */
    public ShardList shard(String shard, Object... values) {
        for (Object value : values) {
            ShardKey key = ShardKey.of(value);
            String other = byValue.putIfAbsent(key, shard);
            if (other != null) {
                throw new InvalidShardMapException(
                        null,
                        "the " + key + " is in the lists of " + Shown.quoted(other) + " and " + Shown.quoted(shard),
                        "A value belongs to one shard");
            }
        }
        return this;
    }

    /**
     * Where all values go that are in no list. Unless it is said, they are refused.
     *
     * @param shard a connection name
     * @return this builder
     */
    public ShardList otherwise(String shard) {
        otherwise = shard;
        return this;
    }

    /**
     * Keeps each value where it belongs, as the law may ask for the data of a region: its shards are reached by a key alone,
     * and naming one of them with {@link Routing#usingConnection(String)} is refused unless the key of the scope belongs there.
     *
     * @return this builder
     */
    public ShardList pinned() {
        pinned = true;
        return this;
    }

    /**
     * The map.
     *
     * @return the map
     * @throws InvalidShardMapException if there is no shard, or values are pinned and all others are let through
     */
    public ShardMap build() {
        String rest = otherwise;
        if (pinned && rest != null) {
            throw new InvalidShardMapException(
                    null,
                    "values are pinned to their shards, and all others were to go to " + Shown.quoted(rest),
                    "List the values of each shard, or leave pinned() out");
        }
        Set<String> shards = new LinkedHashSet<>(byValue.values());
        if (rest != null) {
            shards.add(rest);
        }
        Map<ShardKey, String> values = Map.copyOf(byValue);
        return new ShardMap(
                shards,
                pinned,
                rest == null
                        ? key -> Mono.justOrEmpty(values.get(key))
                        : key -> Mono.just(values.getOrDefault(key, rest)));
    }
}
