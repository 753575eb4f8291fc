package dev.switchboard.jdbc;

import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Type;
import org.jspecify.annotations.Nullable;

/**
 * A column of a result.
 *
 * @param label the name that the result gives it
 * @param declared the type as the table declares it, without its sizes and in upper case; null for an expression
 * @param type the R2DBC type
 * @param precision digits or characters, null if undeclared
 * @param scale digits after the point, null if undeclared
 */
record JdbcColumn(
        String label,
        @Nullable String declared,
        Type type,
        @Nullable Integer precision,
        @Nullable Integer scale) implements ColumnMetadata {

    @Override
    public String getName() {
        return label;
    }

    @Override
    public Type getType() {
        return type;
    }

    @Override
    public Class<?> getJavaType() {
        return type.getJavaType();
    }

    @Override
    public @Nullable Object getNativeTypeMetadata() {
        return declared;
    }

    @Override
    public @Nullable Integer getPrecision() {
        return precision;
    }

    @Override
    public @Nullable Integer getScale() {
        return scale;
    }
}
