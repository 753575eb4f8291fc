package dev.switchboard.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/** SQL that was parsed already, for each dialect; bounded by the length of the texts, since SQL may be generated. */
final class SqlCache {

    private static final long MOST_CHARACTERS = 2_000_000;

    private record Key(String sql, SqlDialect dialect) {}

    private final Cache<Key, ParsedSql> parsed = Caffeine.newBuilder()
            .maximumWeight(MOST_CHARACTERS)
            .weigher((Key key, ParsedSql value) -> 200 + 4 * key.sql().length())
            .build();

    /** Looks up and puts in two steps: parsing twice is harmless, and waiting for another thread is not. */
    ParsedSql parse(String sql, SqlDialect dialect) {
        Key key = new Key(sql, dialect);
        ParsedSql known = parsed.getIfPresent(key);
        if (known != null) {
            return known;
        }
        ParsedSql fresh = ParsedSql.parse(sql, dialect);
        parsed.put(key, fresh);
        return fresh;
    }

    long size() {
        parsed.cleanUp();
        return parsed.estimatedSize();
    }
}
