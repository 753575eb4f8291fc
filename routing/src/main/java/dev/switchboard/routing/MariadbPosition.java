package dev.switchboard.routing;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A place in MariaDB's binary log: the last transaction of each replication domain. Within a domain everything before it has
 * been replayed.
 *
 * @param last the number of the last transaction by its domain
 */
record MariadbPosition(Map<Long, Long> last) implements LogPosition {

    static final char LETTER = 'a';

    private static final int MOST_DOMAINS = 64;

    MariadbPosition {
        last = Map.copyOf(last);
    }

    /** From the server's own words, {@code 0-1-270,1-1-5}: domain, server, number. Null for anything else, and for nothing. */
    static @Nullable MariadbPosition of(String gtids) {
        Map<Long, Long> last = new TreeMap<>();
        for (String gtid : gtids.split(",", MOST_DOMAINS + 1)) {
            String[] parts = gtid.strip().split("-", -1);
            Long domain = parts.length == 3 ? Digits.decimal(parts[0]) : null;
            Long number = parts.length == 3 ? Digits.decimal(parts[2]) : null;
            if (domain == null || number == null) {
                return null;
            }
            last.merge(domain, number, Long::max);
        }
        return last.size() > MOST_DOMAINS ? null : new MariadbPosition(last);
    }

    /** The numbers of the servers are left out, as they do not matter. */
    static @Nullable MariadbPosition parse(String text) {
        return of(text.replace("_", "-0-"));
    }

    @Override
    public boolean isReachedBy(LogPosition replayed) {
        return replayed instanceof MariadbPosition that
                && last.entrySet().stream()
                        .allMatch(wanted -> that.last.getOrDefault(wanted.getKey(), -1L) >= wanted.getValue());
    }

    @Override
    public LogPosition and(LogPosition other) {
        if (!(other instanceof MariadbPosition that)) {
            return other;
        }
        Map<Long, Long> both = new TreeMap<>(last);
        that.last.forEach((domain, number) -> both.merge(domain, number, Long::max));
        return new MariadbPosition(both);
    }

    @Override
    public String text() {
        return LETTER
                + new TreeMap<>(last)
                        .entrySet().stream()
                                .map(domain -> domain.getKey() + "_" + domain.getValue())
                                .collect(Collectors.joining(","));
    }
}
