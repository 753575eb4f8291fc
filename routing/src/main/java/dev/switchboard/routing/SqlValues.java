package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was bound to a statement. Immutable.
 *
 * @param shared values for every run, by their keys in {@link ParsedSql}
 * @param rows values of the single runs of a batch; null where there is one run
 */
record SqlValues(Map<String, Object> shared, @Nullable List<Map<String, Object>> rows) {

    static final SqlValues NONE = new SqlValues(Map.of(), null);

    /** A record's component, which the SQL need not mention: a record is a whole, and a statement often takes a part. */
    private record Component(Object value) {}

    SqlValues with(String key, Object value) {
        return withAll(Map.of(key, value));
    }

    SqlValues withAll(Map<String, Object> values) {
        Map<String, Object> more = new LinkedHashMap<>(shared);
        more.putAll(values);
        return new SqlValues(more, rows);
    }

    SqlValues withRows(Iterable<?> batch) {
        List<Map<String, Object>> all = rows == null ? new ArrayList<>() : new ArrayList<>(rows);
        batch.forEach(row -> all.add(named(row)));
        return new SqlValues(shared, all);
    }

    static Map<String, Object> named(Object row) {
        Map<String, Object> values = NamedValues.of(row);
        if (row instanceof Record) {
            values.replaceAll((name, value) -> new Component(value));
        }
        return values;
    }

    /** The values of each run. */
    List<Map<String, Object>> runs() {
        List<Map<String, Object>> batch = rows;
        if (batch == null) {
            return List.of(shared);
        }
        return shared.isEmpty() ? batch : batch.stream().map(this::completed).toList();
    }

    private Map<String, Object> completed(Map<String, Object> row) {
        Map<String, Object> all = new LinkedHashMap<>(shared);
        all.putAll(row);
        return all;
    }

    /** The values that are meant for these parameters. */
    static Map<String, Object> meant(Map<String, Object> values, Set<String> keys) {
        if (values.values().stream().noneMatch(Component.class::isInstance)) {
            return values;
        }
        Map<String, Object> meant = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            if (!(value instanceof Component component)) {
                meant.put(key, value);
            } else if (keys.contains(key)) {
                meant.put(key, component.value());
            }
        });
        return meant;
    }
}
