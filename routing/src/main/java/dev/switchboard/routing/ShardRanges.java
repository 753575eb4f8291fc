package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Collects a map of ranges; see {@link ShardMap#ranges()}. A range includes its lower bound and not its upper one. Numbers are
 * ordered by value and texts by their UTF-16 code units, as {@link String#compareTo} does; one map has bounds of one kind. Keys
 * outside of all ranges, and keys of another kind, have no shard. Not safe for use by several threads.
 */
public final class ShardRanges {

    /** From where to where; null where it is open. */
    private record Range(@Nullable Object from, @Nullable Object to, String shard) {

        String words() {
            return (from == null ? "everything" : "from " + shown(from)) + (to == null ? "" : " below " + shown(to));
        }

        private static String shown(Object bound) {
            return bound instanceof String text ? Shown.quoted(text) : bound.toString();
        }

        boolean isEmpty() {
            return from != null && to != null && compare(from, to) >= 0;
        }

        boolean has(Object key) {
            return (from == null || compare(from, key) <= 0) && (to == null || compare(key, to) < 0);
        }
    }

    private final List<Range> ranges = new ArrayList<>();

    ShardRanges() {}

    /**
     * Everything below a bound.
     *
     * @param to the first key that is not meant: an integer number or a text
     * @param shard a connection name; a shard may have several ranges
     * @return this builder
     * @throws InvalidShardMapException if the bound is something else
     */
    public ShardRanges below(Object to, String shard) {
        return add(new Range(null, bound(to), shard));
    }

    /**
     * A range.
     *
     * @param from the first key that is meant: an integer number or a text
     * @param to the first key that is not meant any more
     * @param shard a connection name; a shard may have several ranges
     * @return this builder
     * @throws InvalidShardMapException if a bound is something else, or the range is empty
     */
    public ShardRanges between(Object from, Object to, String shard) {
        return add(new Range(bound(from), bound(to), shard));
    }

    /**
     * Everything from a bound on.
     *
     * @param from the first key that is meant: an integer number or a text
     * @param shard a connection name; a shard may have several ranges
     * @return this builder
     * @throws InvalidShardMapException if the bound is something else
     */
    public ShardRanges from(Object from, String shard) {
        return add(new Range(bound(from), null, shard));
    }

    private static Object bound(Object given) {
        Object value = ShardKey.of(given).value();
        if (value instanceof Long || value instanceof String) {
            return value;
        }
        throw new InvalidShardMapException(
                null,
                "a range has the bound " + value,
                "Bounds are integer numbers or texts: UUIDs have no useful order");
    }

    private ShardRanges add(Range range) {
        Class<?> kind = kind(ranges.isEmpty() ? range : ranges.get(0));
        boolean mixed =
                Stream.of(range.from(), range.to()).anyMatch(bound -> bound != null && bound.getClass() != kind);
        if (mixed) {
            throw new InvalidShardMapException(
                    null, "some bounds of its ranges are numbers and others texts", "Use one kind for all");
        }
        if (range.isEmpty()) {
            throw new InvalidShardMapException(
                    null, "no key is " + range.words(), "The first bound of a range is below the second one");
        }
        ranges.add(range);
        return this;
    }

    private static Class<?> kind(Range range) {
        return Objects.requireNonNull(range.to() == null ? range.from() : range.to())
                .getClass();
    }

    private static int compare(Object one, Object other) {
        return one instanceof Long number ? number.compareTo((Long) other) : ((String) one).compareTo((String) other);
    }

    /**
     * The map.
     *
     * @return the map
     * @throws InvalidShardMapException if there is no range, two overlap, or keys between two of them have no shard
     */
    public ShardMap build() {
        List<Range> ordered = new ArrayList<>(ranges);
        ordered.sort(Comparator.comparing(Range::from, Comparator.nullsFirst(ShardRanges::compare)));
        for (int i = 1; i < ordered.size(); i++) {
            checkNeighbours(ordered.get(i - 1), ordered.get(i));
        }
        Class<?> kind = ordered.isEmpty() ? Object.class : kind(ordered.get(0));
        return new ShardMap(
                ordered.stream().map(Range::shard).toList(),
                false,
                key -> Mono.justOrEmpty(kind.isInstance(key.value()) ? find(ordered, key.value()) : null));
    }

    private static void checkNeighbours(Range lower, Range upper) {
        Object from = upper.from();
        Object to = lower.to();
        int between = from == null || to == null ? 1 : compare(to, from);
        if (between > 0) {
            throw new InvalidShardMapException(
                    null,
                    "the ranges of " + Shown.quoted(lower.shard()) + " (" + lower.words() + ") and "
                            + Shown.quoted(upper.shard()) + " (" + upper.words() + ") overlap",
                    "A key belongs to one shard");
        }
        if (between < 0) {
            throw new InvalidShardMapException(
                    null,
                    "no range has the keys between those of " + Shown.quoted(lower.shard()) + " (" + lower.words()
                            + ") and of " + Shown.quoted(upper.shard()) + " (" + upper.words() + ")",
                    "Each range begins where the one before it ends");
        }
    }

    private static @Nullable String find(List<Range> ordered, Object key) {
        int low = 0;
        int high = ordered.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            Object from = ordered.get(middle).from();
            if (from == null || compare(from, key) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Range last = ordered.get(low);
        return last.has(key) ? last.shard() : null;
    }
}
