package dev.switchboard.jdbc;

import io.r2dbc.spi.Type;

/** The type of an expression, or of a column that promises none: whatever its value is. */
enum UndeclaredType implements Type.InferredType {
    ANY;

    @Override
    public Class<?> getJavaType() {
        return Object.class;
    }

    @Override
    public String getName() {
        return name();
    }
}
