package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What failures of one session mean; what needs no session to be understood is in {@link SqliteErrors}. */
final class SqliteFailures {
    private final SqliteLocation location;
    private final boolean attach;
    private final SqliteLockWait lockWait;

    SqliteFailures(SqliteLocation location, boolean attach, SqliteLockWait lockWait) {
        this.location = location;
        this.attach = attach;
        this.lockWait = lockWait;
    }

    R2dbcException translate(SQLException failure, @Nullable String sql, StopSignal signal, boolean inTransaction) {
        int code = SqliteErrors.primaryCode(failure);
        boolean busy = code == SQLiteErrorCode.SQLITE_BUSY.code;
        if (signal.isCancelled()) {
            return new R2dbcNonTransientResourceException("The statement was cancelled", "57014", code, sql, failure);
        }
        // A statement that waits for a lock is stopped too, and SQLite then says that the database is busy.
        if (signal.isExpired() && (busy || code == SQLiteErrorCode.SQLITE_INTERRUPT.code)) {
            return new R2dbcTimeoutException(
                    "The statement was stopped after the statement time-out of " + signal.budget()
                            + ". Give it longer with setStatementTimeout, or make it faster.",
                    "57014",
                    code,
                    sql,
                    failure);
        }
        if (!attach && String.valueOf(failure.getMessage()).contains("too many attached databases")) {
            return new R2dbcPermissionDeniedException(
                    "Attaching other files is off; the option attach=true allows it.", "42501", code, sql, failure);
        }
        return busy ? busy(failure, sql, inTransaction) : SqliteErrors.translate(failure, null, sql);
    }

    /** Nothing was sent to SQLite, so the statement can run elsewhere. */
    R2dbcException refusedToWrite(String sql, boolean connection) {
        return new R2dbcPermissionDeniedException(
                (connection
                                ? "This connection to " + location
                                        + " only reads (queryOnly), and the statement would write."
                                : "This transaction on " + location + " is read-only, and the statement would write.")
                        + " Nothing was done: write "
                        + (connection ? "on another connection." : "in a transaction that is not read-only."),
                "25006",
                SQLiteErrorCode.SQLITE_READONLY.code,
                sql,
                null);
    }

    private R2dbcException busy(SQLException failure, @Nullable String sql, boolean inTransaction) {
        int code = SqliteErrors.primaryCode(failure);
        if (lockWait.hasWaited()) {
            return new R2dbcTimeoutException(
                    "Another connection held the lock on " + location + " for the whole lock wait time-out of "
                            + Duration.ofNanos(lockWait.waitedNanos())
                            + ". Wait longer (lockWaitTimeout), or keep its transactions shorter.",
                    "55P03",
                    code,
                    sql,
                    failure);
        }
        if (inTransaction) {
            return new R2dbcRollbackException(
                    "This transaction on " + location
                            + " began by reading, another connection has written since, and it can"
                            + " not write any more. Roll back and begin again with a transaction that is not read-only,"
                            + " which takes the write lock at once.",
                    "40001",
                    code,
                    sql,
                    failure);
        }
        boolean stale = failure instanceof SQLiteException sqlite
                && sqlite.getResultCode() == SQLiteErrorCode.SQLITE_BUSY_SNAPSHOT;
        return stale ? stale(failure, sql) : SqliteErrors.translate(failure, null, sql);
    }

    /** Outside a transaction only open rows can hold on to an old moment of the database. */
    private R2dbcException stale(SQLException failure, @Nullable String sql) {
        return new R2dbcTransientResourceException(
                "Rows are still read on this connection to " + location
                        + ", and another connection has written since they were begun, so this one cannot write now. Read"
                        + " the rows to their end or cancel them first, or write on a connection of its own.",
                "55006",
                SQLiteErrorCode.SQLITE_BUSY_SNAPSHOT.code,
                sql,
                failure);
    }
}
