package dev.switchboard.jdbc;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Work with JDBC on the worker of a connection; null where there is nothing to answer. */
@FunctionalInterface
interface JdbcCall<T> {

    @Nullable
    T run() throws SQLException;
}
