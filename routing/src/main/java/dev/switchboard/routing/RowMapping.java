package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Makes rows values. */
interface RowMapping<T> {

    /** What reads the rows of one result, all of which have the same columns. */
    BiFunction<Row, RowMetadata, T> reader(SwitchboardConnection handle);

    static <T> RowMapping<T> to(Class<T> type) {
        return type.isRecord() && type != JsonText.class ? new RecordMapping<>(type) : new ScalarMapping<>(type);
    }

    static <T> RowMapping<T> by(Function<? super Row, ? extends T> function) {
        return handle -> (row, metadata) -> {
            T value = function.apply(row);
            if (value == null) {
                throw new RowMappingException(
                        handle.connectionName(),
                        Object.class,
                        "the function given to map(..) returned null, which no Flux can carry",
                        "Return a value, an Optional for example");
            }
            return value;
        };
    }
}
