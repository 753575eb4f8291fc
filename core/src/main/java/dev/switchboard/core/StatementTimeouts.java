package dev.switchboard.core;

import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells the time-outs that a handle or its settings set from all other errors. A code alone does not: PostgreSQL has one for a
 * time-out and for a cancel by an administrator, and a server may have a shorter limit of its own.
 */
final class StatementTimeouts {

    /** PostgreSQL and our SQLite driver. */
    private static final String QUERY_CANCELED = "57014";

    /** MySQL's {@code max_execution_time}, MariaDB's {@code max_statement_time} and H2's {@code QUERY_TIMEOUT}. */
    private static final Set<Integer> CODES = Set.of(3024, 1969, 57014);

    private StatementTimeouts() {}

    /** The error of ours where a statement ran into the limit, else the driver's own. */
    static Throwable translated(
            Throwable failure, @Nullable Duration limit, Duration ran, HandleSession session, String sql) {
        boolean ours = limit != null
                && ran.compareTo(limit) >= 0
                && failure instanceof R2dbcException driverError
                && (QUERY_CANCELED.equals(driverError.getSqlState()) || CODES.contains(driverError.getErrorCode()));
        return ours && limit != null
                ? new StatementTimeoutException(session.connectionName(), sql, limit, (R2dbcException) failure)
                : failure;
    }
}
