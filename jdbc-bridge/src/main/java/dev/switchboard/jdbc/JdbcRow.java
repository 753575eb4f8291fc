package dev.switchboard.jdbc;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import org.jspecify.annotations.Nullable;

/** A row read in full, so that it stays valid after the cursor has moved on. */
final class JdbcRow implements Row, Result.RowSegment {
    private final JdbcProduct product;
    private final JdbcRowMetadata metadata;
    private final @Nullable Object[] values;

    JdbcRow(JdbcProduct product, JdbcRowMetadata metadata, @Nullable Object[] values) {
        this.product = product;
        this.metadata = metadata;
        this.values = values;
    }

    @Override
    public <T> @Nullable T get(int index, Class<T> type) {
        return value(metadata.requireIndex(index), type);
    }

    @Override
    public <T> @Nullable T get(String name, Class<T> type) {
        return value(metadata.requireName(name), type);
    }

    @SuppressWarnings("unchecked") // decode answers an instance of the type, boxed where the type is primitive
    private <T> @Nullable T value(int index, Class<T> type) {
        Arguments.requireNonNull(type, "The type of a column");
        return (T) product.decode(values[index], metadata.column(index), type);
    }

    @Override
    public RowMetadata getMetadata() {
        return metadata;
    }

    @Override
    public Row row() {
        return this;
    }
}
