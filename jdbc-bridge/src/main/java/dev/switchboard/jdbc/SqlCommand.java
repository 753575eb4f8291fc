package dev.switchboard.jdbc;

import java.util.List;

/**
 * One statement of a script.
 *
 * @param sql its text, prepared by JDBC as it is
 * @param kind what running it does
 * @param slots for each JDBC parameter in order, the index of the value among the script's bindings, or -1 for a number
 *     that the text leaves out ({@code ?3} without {@code ?2})
 * @param takesAll whether its parameters are the first ones of the whole script, in the same order
 */
record SqlCommand(String sql, Kind kind, List<Integer> slots, boolean takesAll) {

    SqlCommand(String sql, Kind kind, List<Integer> slots) {
        this(sql, kind, slots, takesAll(slots));
    }

    /** What running a statement does. */
    enum Kind {
        /** Reads rows and changes nothing; runs when its rows are asked for. */
        QUERY,
        /** Changes rows, perhaps returning some; runs to its end at once. */
        WRITE,
        /** Begins or ends a transaction or a savepoint in SQL. */
        TRANSACTION,
        /** Everything else (schema, settings); runs to its end at once. */
        OTHER
    }

    private static boolean takesAll(List<Integer> slots) {
        for (int i = 0; i < slots.size(); i++) {
            if (slots.get(i) != i) {
                return false;
            }
        }
        return true;
    }

    SqlCommand withSql(String changed) {
        return new SqlCommand(changed, kind, slots, takesAll);
    }
}
