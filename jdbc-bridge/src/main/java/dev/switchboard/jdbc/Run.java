package dev.switchboard.jdbc;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One statement with the values to run it with. */
final class Run {
    private final SqlCommand command;
    private final @Nullable Object[] values;

    /**
     * Values for a statement.
     *
     * @param command the statement
     * @param values the encoded values of the whole script, by index; not changed any more
     */
    Run(SqlCommand command, @Nullable Object... values) {
        this.command = command;
        this.values = values;
    }

    SqlCommand command() {
        return command;
    }

    /** The values of the parameters that the statement itself has, in their order. */
    @Nullable
    Object[] arguments() {
        List<Integer> slots = command.slots();
        if (command.takesAll() && slots.size() == values.length) {
            return values;
        }
        @Nullable Object[] arguments = new Object[slots.size()];
        for (int i = 0; i < arguments.length; i++) {
            int slot = slots.get(i);
            arguments[i] = slot < 0 ? null : values[slot];
        }
        return arguments;
    }
}
