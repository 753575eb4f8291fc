package dev.switchboard.routing;

import io.r2dbc.spi.Statement;
import java.util.List;

/**
 * SQL as the driver gets it, with its values in the order of their positions.
 *
 * @param sql the text
 * @param values a value for each position, from 0
 * @param dialect the dialect that it is written for
 */
record WrittenSql(String sql, List<Value> values, SqlDialect dialect) {

    /**
     * A value at its position.
     *
     * @param name what a dialect that binds by name calls it
     * @param value the value, or {@link SqlNull}
     */
    record Value(String name, Object value) {}

    void bind(Statement statement) {
        for (int position = 0; position < values.size(); position++) {
            Value value = values.get(position);
            if (dialect.bindsByName()) {
                bind(statement, value.name(), value.value());
            } else {
                bind(statement, position, value.value());
            }
        }
    }

    private void bind(Statement statement, String name, Object value) {
        if (value instanceof SqlNull none) {
            statement.bindNull(name, dialect.bindableType(none.type()));
        } else {
            statement.bind(name, dialect.bindable(value));
        }
    }

    private void bind(Statement statement, int position, Object value) {
        if (value instanceof SqlNull none) {
            statement.bindNull(position, dialect.bindableType(none.type()));
        } else {
            statement.bind(position, dialect.bindable(value));
        }
    }
}
