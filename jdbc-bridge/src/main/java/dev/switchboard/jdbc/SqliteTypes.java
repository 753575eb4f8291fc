package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Type;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The types that tables declare. SQLite keeps any text there; the usual names are known, the rest goes by affinity. */
final class SqliteTypes {
    private static final Pattern DECLARATION =
            Pattern.compile("\\s*([^(]*?)\\s*(?:\\(\\s*(\\d+)\\s*(?:,\\s*(\\d+)\\s*)?\\))?\\s*");
    private static final Map<String, R2dbcType> KNOWN = Map.ofEntries(
            Map.entry("BOOLEAN", R2dbcType.BOOLEAN),
            Map.entry("BOOL", R2dbcType.BOOLEAN),
            Map.entry("DATE", R2dbcType.DATE),
            Map.entry("TIME", R2dbcType.TIME),
            Map.entry("DATETIME", R2dbcType.TIMESTAMP),
            Map.entry("TIMESTAMP", R2dbcType.TIMESTAMP),
            Map.entry("TIMESTAMPTZ", R2dbcType.TIMESTAMP_WITH_TIME_ZONE),
            Map.entry("TIMESTAMP WITH TIME ZONE", R2dbcType.TIMESTAMP_WITH_TIME_ZONE),
            Map.entry("DECIMAL", R2dbcType.DECIMAL),
            Map.entry("NUMERIC", R2dbcType.NUMERIC),
            Map.entry("BIGINT", R2dbcType.BIGINT),
            Map.entry("INT8", R2dbcType.BIGINT),
            Map.entry("CLOB", R2dbcType.CLOB));

    private static final int KEPT = 1_000;
    private static final Map<String, Declared> DECLARED = new ConcurrentHashMap<>();

    private SqliteTypes() {}

    static JdbcColumn column(String label, @Nullable String declaration) {
        if (declaration == null) {
            return new JdbcColumn(label, null, UndeclaredType.ANY, null, null);
        }
        Declared declared = DECLARED.get(declaration);
        if (declared == null) {
            declared = read(declaration);
            if (DECLARED.size() < KEPT) {
                DECLARED.put(declaration, declared);
            }
        }
        return new JdbcColumn(label, declared.name(), declared.type(), declared.precision(), declared.scale());
    }

    private static Declared read(String declaration) {
        Matcher matcher = DECLARATION.matcher(declaration);
        if (!matcher.matches()) {
            return new Declared(declaration, affinity(declaration.toUpperCase(Locale.ROOT)), null, null);
        }
        String name = matcher.group(1).toUpperCase(Locale.ROOT);
        Type known = KNOWN.get(name);
        return new Declared(
                name, known == null ? affinity(name) : known, number(matcher.group(2)), number(matcher.group(3)));
    }

    /** What a declaration says; programs have few of them and ask for each with every query. */
    private record Declared(
            String name,
            Type type,
            @Nullable Integer precision,
            @Nullable Integer scale) {}

    private static @Nullable Integer number(@Nullable String digits) {
        return digits == null || digits.length() > 9 ? null : Integer.valueOf(digits);
    }

    /** SQLite's own rules, in their order; any other word (UUID, JSON) promises nothing about its values. */
    private static Type affinity(String name) {
        if (name.contains("INT")) {
            return R2dbcType.INTEGER;
        }
        if (name.contains("CHAR") || name.contains("CLOB") || name.contains("TEXT")) {
            return R2dbcType.VARCHAR;
        }
        if (name.contains("BLOB") || name.isEmpty()) {
            return R2dbcType.BLOB;
        }
        if (name.contains("REAL") || name.contains("FLOA") || name.contains("DOUB")) {
            return R2dbcType.DOUBLE;
        }
        return UndeclaredType.ANY;
    }
}
