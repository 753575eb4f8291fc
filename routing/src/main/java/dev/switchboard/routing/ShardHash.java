package dev.switchboard.routing;

import java.nio.charset.StandardCharsets;
import java.util.Collection;

/** Rendezvous hashing over the names of shards. What it computes is promised, see {@link ShardMap#hash(String...)}. */
final class ShardHash {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final String[] shards;
    private final long[] hashes;

    ShardHash(Collection<String> shards) {
        this.shards = shards.stream().sorted().toArray(String[]::new);
        this.hashes = new long[this.shards.length];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = fnv(this.shards[i]);
        }
    }

    String shardOf(ShardKey key) {
        long hash = fnv(key.text());
        int best = 0;
        long largest = mixed(hash ^ hashes[0]);
        for (int i = 1; i < hashes.length; i++) {
            long weight = mixed(hash ^ hashes[i]);
            if (Long.compareUnsigned(weight, largest) > 0) {
                best = i;
                largest = weight;
            }
        }
        return shards[best];
    }

    static long fnv(String text) {
        long hash = FNV_OFFSET;
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
        }
        return hash;
    }

    /** The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
    static long mixed(long hash) {
        long z = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
