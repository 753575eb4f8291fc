package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A set of MySQL's transactions: the server that each began on and its number there, with gaps where a replica applies them out
 * of order.
 *
 * @param bySource the numbers by their source, a server's UUID with a tag where it has one; sorted, without overlaps
 */
record GtidSet(Map<String, List<Range>> bySource) implements LogPosition {

    static final char LETTER = 'm';

    /** A set with more is not worth carrying around. */
    private static final int MOST_RANGES = 256;

    /** Numbers from one to another, both included. */
    record Range(long first, long last) {}

    GtidSet {
        bySource = Map.copyOf(bySource);
    }

    /** From the server's own words, {@code 3E11FA47-..:1-5:7,..}. Null for anything else, for nothing, and for too much. */
    static @Nullable GtidSet parse(String text) {
        Map<String, List<Range>> bySource = new TreeMap<>();
        int ranges = 0;
        for (String part : text.split(",", MOST_RANGES + 1)) {
            String[] words = part.strip().toLowerCase(Locale.ROOT).split(":", MOST_RANGES + 1);
            String source = words[0];
            if (words.length < 2 || !isSource(source)) {
                return null;
            }
            ranges += words.length - 1;
            for (int i = 1; i < words.length; i++) {
                Range range = range(words[i].strip());
                if (range != null) {
                    bySource.computeIfAbsent(source, key -> new ArrayList<>()).add(range);
                } else if (isTag(words[i].strip())) {
                    source = words[0] + ":" + words[i].strip();
                } else {
                    return null;
                }
            }
        }
        bySource.replaceAll((source, list) -> joined(list));
        return ranges > MOST_RANGES ? null : new GtidSet(bySource);
    }

    private static boolean isSource(String text) {
        return text.length() == 36 && text.chars().allMatch(c -> c == '-' || Digits.isHex(c));
    }

    private static boolean isTag(String text) {
        return !text.isEmpty()
                && text.length() <= 32
                && text.chars().allMatch(c -> c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
    }

    private static @Nullable Range range(String text) {
        int dash = text.indexOf('-');
        Long first = Digits.decimal(dash < 0 ? text : text.substring(0, dash));
        Long last = dash < 0 ? first : Digits.decimal(text.substring(dash + 1));
        return first == null || last == null || last < first ? null : new Range(first, last);
    }

    private static List<Range> joined(List<Range> ranges) {
        List<Range> sorted = new ArrayList<>(ranges);
        sorted.sort(Comparator.comparingLong(Range::first));
        List<Range> joined = new ArrayList<>();
        for (Range next : sorted) {
            Range before = joined.isEmpty() ? null : joined.get(joined.size() - 1);
            if (before != null && next.first() - 1 <= before.last()) {
                joined.set(joined.size() - 1, new Range(before.first(), Math.max(before.last(), next.last())));
            } else {
                joined.add(next);
            }
        }
        return List.copyOf(joined);
    }

    @Override
    public boolean isReachedBy(LogPosition replayed) {
        return replayed instanceof GtidSet that
                && bySource.entrySet().stream()
                        .allMatch(source ->
                                source.getValue().stream().allMatch(range -> that.has(source.getKey(), range)));
    }

    private boolean has(String source, Range wanted) {
        return bySource.getOrDefault(source, List.of()).stream()
                .anyMatch(range -> range.first() <= wanted.first() && wanted.last() <= range.last());
    }

    @Override
    public LogPosition and(LogPosition other) {
        if (!(other instanceof GtidSet that)) {
            return other;
        }
        Map<String, List<Range>> both = new TreeMap<>(bySource);
        that.bySource.forEach((source, ranges) -> both.merge(source, ranges, (one, two) -> {
            List<Range> all = new ArrayList<>(one);
            all.addAll(two);
            return joined(all);
        }));
        return new GtidSet(both);
    }

    @Override
    public String text() {
        return LETTER
                + new TreeMap<>(bySource)
                        .entrySet().stream()
                                .map(source -> source.getKey() + ":" + words(source.getValue()))
                                .collect(Collectors.joining(","));
    }

    private static String words(List<Range> ranges) {
        return ranges.stream()
                .map(range -> range.first() == range.last()
                        ? Long.toString(range.first())
                        : range.first() + "-" + range.last())
                .collect(Collectors.joining(":"));
    }
}
