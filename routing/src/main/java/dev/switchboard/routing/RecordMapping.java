package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Gives each component of a record the column of its name. */
final class RecordMapping<T> implements RowMapping<T> {

    private final Class<T> type;
    private final RecordComponent[] components;
    private final Constructor<T> constructor;

    RecordMapping(Class<T> type) {
        this.type = type;
        this.components = type.getRecordComponents();
        this.constructor = constructor(type, components);
    }

    static <T> Constructor<T> constructor(Class<T> type, RecordComponent[] components) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<T> canonical = type.getDeclaredConstructor(types);
            if (canonical.canAccess(null) || canonical.trySetAccessible()) {
                return canonical;
            }
        } catch (NoSuchMethodException impossible) {
            throw new IllegalStateException(type + " has no canonical constructor", impossible);
        }
        throw new IllegalArgumentException(
                "The record " + type.getName() + " is not accessible from dev.switchboard.routing."
                        + " Make it public in an exported package, open its package, or use map(row -> ..).");
    }

    @Override
    public BiFunction<Row, RowMetadata, T> reader(SwitchboardConnection handle) {
        return new Reader(handle.connectionName());
    }

    /** Finds the columns with the first row, for all rows of one result. */
    private final class Reader implements BiFunction<Row, RowMetadata, T> {

        private final @Nullable String connectionName;
        private int @Nullable [] columns;

        Reader(@Nullable String connectionName) {
            this.connectionName = connectionName;
        }

        @Override
        public T apply(Row row, RowMetadata metadata) {
            int[] indexes = columns;
            if (indexes == null) {
                indexes = find(metadata);
                columns = indexes;
            }
            @Nullable Object[] arguments = new Object[components.length];
            for (int i = 0; i < components.length; i++) {
                arguments[i] = read(row, indexes[i], components[i], metadata);
            }
            return build(arguments);
        }

        private int[] find(RowMetadata metadata) {
            Map<String, Integer> byName = new HashMap<>();
            List<? extends ColumnMetadata> all = metadata.getColumnMetadatas();
            for (int i = 0; i < all.size(); i++) {
                Integer twin = byName.put(simplified(all.get(i).getName()), i);
                if (twin != null && isWanted(all.get(i).getName())) {
                    throw refused(
                            "the columns " + Shown.quoted(all.get(twin).getName()) + " and "
                                    + Shown.quoted(all.get(i).getName()) + " both fit one component",
                            "Give one of them another name with AS");
                }
            }
            return Arrays.stream(components)
                    .mapToInt(component -> index(byName, component, all))
                    .toArray();
        }

        private int index(Map<String, Integer> byName, RecordComponent component, List<? extends ColumnMetadata> all) {
            Integer index = byName.get(simplified(component.getName()));
            if (index != null) {
                return index;
            }
            String names =
                    all.stream().map(column -> Shown.quoted(column.getName())).collect(Collectors.joining(", "));
            throw refused(
                    "no column fits the component '" + component.getName() + "'; the columns are " + names,
                    "Select it, or name a column " + Shown.quoted(snakeCase(component.getName())) + " with AS");
        }

        private @Nullable Object read(Row row, int index, RecordComponent component, RowMetadata metadata) {
            Object value;
            try {
                value = ColumnConversion.read(row, index, ColumnConversion.boxed(component.getType()));
            } catch (ConversionRefused refused) {
                throw refused.in(
                        connectionName, type, metadata.getColumnMetadata(index).getName());
            }
            if (value == null && component.getType().isPrimitive()) {
                throw refused(
                        "column "
                                + Shown.quoted(metadata.getColumnMetadata(index).getName())
                                + " is NULL, and the component '"
                                + component.getName() + "' is the primitive "
                                + component.getType().getSimpleName(),
                        "Declare it "
                                + ColumnConversion.boxed(component.getType()).getSimpleName()
                                + ", or use COALESCE in the SQL");
            }
            return value;
        }

        private T build(@Nullable Object[] arguments) {
            try {
                return constructor.newInstance(arguments);
            } catch (InvocationTargetException thrown) {
                Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
                throw new RowMappingException(
                        connectionName,
                        type,
                        "its constructor refused the values with "
                                + cause.getClass().getSimpleName(),
                        "The cause tells why",
                        cause);
            } catch (ReflectiveOperationException impossible) {
                throw new IllegalStateException("The constructor of " + type + " was accessible", impossible);
            }
        }

        private boolean isWanted(String column) {
            return Arrays.stream(components)
                    .anyMatch(component -> simplified(component.getName()).equals(simplified(column)));
        }

        private RowMappingException refused(String found, String next) {
            return new RowMappingException(connectionName, type, found, next);
        }
    }

    /** What {@code firstName}, {@code first_name} and {@code FIRST_NAME} have in common. */
    private static String simplified(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    static String snakeCase(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
