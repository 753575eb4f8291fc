package dev.switchboard.jdbc;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** A text of SQL as its product reads it: the statements and the parameters that they share. */
final class Script {
    private final String sql;
    private final List<SqlCommand> commands;
    private final BitSet used;
    private final Map<String, List<Integer>> names;

    Script(String sql, List<SqlCommand> commands, BitSet used, Map<String, List<Integer>> names) {
        this.sql = sql;
        this.commands = commands;
        this.used = used;
        this.names = names;
    }

    String sql() {
        return sql;
    }

    List<SqlCommand> commands() {
        return commands;
    }

    /** One more than the highest index that can be bound. */
    int parameterCount() {
        return used.length();
    }

    boolean isUsed(int index) {
        return used.get(index);
    }

    int requireIndex(int index) {
        if (index < 0 || !used.get(index)) {
            throw new IndexOutOfBoundsException("There is no parameter " + index + " (indexes start at 0) in [" + sql
                    + "]; it has " + (used.isEmpty() ? "none" : "the indexes " + used));
        }
        return index;
    }

    /** The indexes that a name stands for: more than one when the text writes it as {@code :a} and {@code @a}. */
    List<Integer> requireName(String name) {
        List<Integer> indexes = names.get(name);
        if (indexes == null) {
            throw new NoSuchElementException("There is no parameter named '" + name + "' in [" + sql + "]; it has "
                    + (names.isEmpty() ? "no named parameters" : "the names " + names.keySet()));
        }
        return indexes;
    }
}
