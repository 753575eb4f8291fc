package dev.switchboard.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What a program does with the JDBC connection below a {@link BridgeConnection}.
 *
 * @param <T> what it answers
 */
@FunctionalInterface
public interface JdbcWork<T> {

    /**
     * Runs on the worker of the connection, so it may block.
     *
     * @param connection the JDBC connection; not to be closed and not to be kept
     * @return the answer, or null where there is none
     * @throws SQLException which becomes the R2DBC exception that its code stands for
     */
    @Nullable
    T run(Connection connection) throws SQLException;
}
