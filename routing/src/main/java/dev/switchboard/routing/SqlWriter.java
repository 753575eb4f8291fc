package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes SQL for one run: texts, and markers with the values that they stand for. */
final class SqlWriter {

    private final SqlDialect dialect;
    private final StringBuilder sql = new StringBuilder();
    private final List<WrittenSql.Value> values = new ArrayList<>();
    private final Map<Object, String> markers = new HashMap<>();
    private final Set<String> names = new HashSet<>();

    SqlWriter(SqlDialect dialect) {
        this.dialect = dialect;
    }

    void text(String text) {
        sql.append(text);
    }

    /** Writes the marker of a named value; where the dialect can, all uses of a name share one. */
    void named(String name, Object value) {
        shared(name, name, value);
    }

    private void shared(Object identity, String name, Object value) {
        String known = dialect.bindsEachUse() ? null : markers.get(identity);
        String marker = known == null ? add(name, value) : known;
        markers.put(identity, marker);
        sql.append(marker);
    }

    /** Writes a marker of its own. */
    void value(Object value) {
        sql.append(add("value" + values.size(), value));
    }

    /**
     * Writes a marker for each element. What is all that an IN contains is filled up with its last element to a power of two, so
     * that lists of any length make few texts, each of which drivers and servers keep a plan for.
     */
    void list(String name, Collection<?> elements, boolean fillUp) {
        List<Object> all = new ArrayList<>(elements);
        int full = fillUp ? filledUp(all.size()) : all.size();
        for (int i = 0; i < full; i++) {
            sql.append(i == 0 ? "" : ", ");
            shared(new Element(name, i), name + "__" + i, all.get(Math.min(i, all.size() - 1)));
        }
    }

    private int filledUp(int size) {
        int power = Integer.highestOneBit(Math.max(1, 2 * size - 1));
        return values.size() + power <= dialect.mostValues() ? power : size;
    }

    private String add(String wanted, Object value) {
        String name = wanted;
        while (!names.add(name)) {
            name += "_"; // somebody calls a parameter what an element of a list is called
        }
        String marker = dialect.marker(name, values.size());
        values.add(new WrittenSql.Value(name, value));
        return isJson(value) ? dialect.jsonMarker(marker) : marker;
    }

    /** An element of a list, which is none of the parameters that happen to be called like it. */
    private record Element(String list, int index) {}

    private static boolean isJson(Object value) {
        return value instanceof JsonText || (value instanceof SqlNull none && none.type() == JsonText.class);
    }

    WrittenSql written() {
        return new WrittenSql(sql.toString(), List.copyOf(values), dialect);
    }
}
