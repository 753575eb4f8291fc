package dev.switchboard.routing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The values of a record or a map by their names, with a {@link SqlNull} for each null. */
final class NamedValues {

    private static final ClassValue<List<RecordComponent>> COMPONENTS = new ClassValue<>() {
        @Override
        protected List<RecordComponent> computeValue(Class<?> type) {
            return accessible(type);
        }
    };

    private NamedValues() {}

    private static List<RecordComponent> accessible(Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        for (RecordComponent component : components) {
            Method accessor = component.getAccessor();
            if (!accessor.trySetAccessible()) {
                throw new IllegalArgumentException(
                        "The record " + type.getName() + " is not accessible from dev.switchboard.routing."
                                + " Make it public in an exported package, open its package, or bind its values one by one.");
            }
        }
        return List.of(components);
    }

    /** By the names of the components or keys. */
    static Map<String, Object> of(Object row) {
        return read(row, name -> name);
    }

    /** By the names of the columns: a component's name in snake case, a key as it is. */
    static Map<String, Object> byColumn(Object row) {
        return read(row, RecordMapping::snakeCase);
    }

    private static Map<String, Object> read(Object row, UnaryOperator<String> naming) {
        Map<String, Object> values = new LinkedHashMap<>();
        if (row instanceof Map<?, ?> map) {
            map.forEach((key, value) -> values.put(key(key), of(value, Object.class)));
        } else if (row instanceof Record entity) {
            for (RecordComponent component : COMPONENTS.get(entity.getClass())) {
                values.put(naming.apply(component.getName()), of(read(entity, component), component.getType()));
            }
        } else {
            throw new IllegalArgumentException(
                    "Values come from a record or from a Map with the parameters' names, and "
                            + (row == null ? "null" : row.getClass().getName())
                            + " is neither. Call bind(name, value) for a"
                            + " single value.");
        }
        return values;
    }

    private static String key(@Nullable Object key) {
        if (key instanceof String name) {
            return name;
        }
        throw new IllegalArgumentException("The keys of a Map of values are the parameters' names, and "
                + (key == null ? "null" : key.getClass().getName()) + " is no String. Use a Map<String, ?>.");
    }

    /** What is kept of a value: a copy of a collection, a mark for a null. */
    static Object of(@Nullable Object value, Class<?> type) {
        if (value instanceof Collection<?> list) {
            List<Object> copy = new ArrayList<>(list.size());
            list.forEach(element -> copy.add(element == null ? SqlNull.UNTYPED : element));
            return Collections.unmodifiableList(copy);
        }
        return value == null ? new SqlNull(type) : value;
    }

    private static @Nullable Object read(Record entity, RecordComponent component) {
        try {
            return component.getAccessor().invoke(entity);
        } catch (InvocationTargetException thrown) {
            Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
            throw new IllegalArgumentException(
                    "The accessor " + component.getName() + "() of "
                            + entity.getClass().getName() + " failed with "
                            + cause.getClass().getSimpleName() + ". The cause tells why.",
                    cause);
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException("The accessors of " + entity.getClass() + " were accessible", impossible);
        }
    }
}
