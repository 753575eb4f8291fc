package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Takes the only column of a row. */
final class ScalarMapping<T> implements RowMapping<T> {

    private final Class<T> type;
    private final Class<?> boxed;

    ScalarMapping(Class<T> type) {
        this.type = type;
        this.boxed = ColumnConversion.boxed(type);
    }

    @Override
    public BiFunction<Row, RowMetadata, T> reader(SwitchboardConnection handle) {
        return (row, metadata) -> read(row, metadata, handle.connectionName());
    }

    @SuppressWarnings("unchecked")
    private T read(Row row, RowMetadata metadata, @Nullable String connectionName) {
        int columns = metadata.getColumnMetadatas().size();
        if (columns != 1) {
            throw new RowMappingException(
                    connectionName,
                    type,
                    "it has " + columns + " columns",
                    "Select one column, or map to a record or by a function");
        }
        try {
            Object value = ColumnConversion.read(row, 0, boxed);
            if (value != null) {
                return (T) value;
            }
        } catch (ConversionRefused refused) {
            throw refused.in(connectionName, type, metadata.getColumnMetadata(0).getName());
        }
        throw new RowMappingException(
                connectionName,
                type,
                "column '" + metadata.getColumnMetadata(0).getName() + "' is NULL, which no Flux can carry",
                "Use COALESCE in the SQL, or map(row -> Optional.ofNullable(row.get(0)))");
    }
}
