package dev.switchboard.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One statement with the values to run it with.
 *
 * @param command the statement
 * @param values the encoded values of the whole script, by index
 */
record Run(SqlCommand command, List<@Nullable Object> values) {

    void bind(PreparedStatement statement) throws SQLException {
        List<Integer> slots = command.slots();
        for (int i = 0; i < slots.size(); i++) {
            int slot = slots.get(i);
            statement.setObject(i + 1, slot < 0 ? null : values.get(slot));
        }
    }
}
