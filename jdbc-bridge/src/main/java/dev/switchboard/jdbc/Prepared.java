package dev.switchboard.jdbc;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A prepared statement of one session and the run that it is in, if any. Used on the connection's worker only. */
interface Prepared {

    /**
     * Runs it as far as its first row, or to its end where it has none; answers whether it returns rows.
     *
     * @param values the values of its parameters, in their order
     */
    boolean execute(@Nullable Object[] values) throws SQLException;

    /** The values of the next row, in a form that stays valid when the cursor has moved on; null behind the last one. */
    @Nullable
    Object @Nullable [] next() throws SQLException;

    /** The columns of the row that was read last. */
    JdbcRowMetadata columns() throws SQLException;

    /** How many rows the run has changed. */
    long updateCount() throws SQLException;

    /** Ends the run. Its values are let go of, since they may be large or secret. */
    void reset() throws SQLException;

    void close() throws SQLException;
}
