package dev.switchboard.jdbc;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One open JDBC connection and what differs on it between products. Used on the connection's worker only. */
interface JdbcSession {

    String version();

    Connection jdbc();

    Prepared prepare(String sql) throws SQLException;

    /** Names the statement that works from now on, whose signal can stop it. */
    void enter(StopSignal signal);

    void leave();

    /** The lane in which the writers of this database take turns; null if the database orders them itself. */
    default @Nullable WriterLane lane() {
        return null;
    }

    /** Whether running the statement outside a transaction takes the lock that only one writer can have. */
    default boolean takesWriteLock(SqlCommand command) {
        return false;
    }

    /** Whether beginning a transaction that is not read-only takes that lock. */
    default boolean beginTakesWriteLock() {
        return false;
    }

    /** Refuses a statement that would change something on a connection or in a transaction that only reads. */
    default void requireAllowed(SqlCommand command) {}

    /** The level that transactions have when nobody has set one. */
    IsolationLevel initialIsolation() throws SQLException;

    /** Refuses statements that begin or end a transaction in SQL where the session would not see that. */
    default void requireTransactionsInSql() {}

    /** Refuses savepoints where the database has none. */
    default void requireSavepoints() {}

    void begin(boolean readOnly) throws SQLException;

    void commit() throws SQLException;

    /** Does nothing where the database is in no transaction. */
    void rollback() throws SQLException;

    /** After a transaction, whatever ended it: undoes what {@link #begin} has set beside beginning. */
    void ended() throws SQLException;

    void createSavepoint(String name) throws SQLException;

    void releaseSavepoint(String name) throws SQLException;

    void rollbackToSavepoint(String name) throws SQLException;

    /** The state that the database itself is in, whatever has been sent. */
    boolean isInTransaction() throws SQLException;

    /** The level that transactions really have when this one is asked for. */
    IsolationLevel setIsolation(IsolationLevel level) throws SQLException;

    void setLockWaitTimeout(Duration timeout) throws SQLException;

    /** After a statement that may set something: the wait for locks that it has set, null if it has set none. */
    default @Nullable Duration afterSetting(SqlCommand command) throws SQLException {
        return null;
    }

    /** After anything but a query or a change that succeeded: what is known of the schema may be wrong now. */
    default void forgetSchema() {}

    /** Asks the database for a sign of life. */
    void ping() throws SQLException;

    R2dbcException translate(SQLException failure, @Nullable String sql, StopSignal signal, boolean inTransaction);

    /** Finalises what is open and gives back the file or socket. */
    void close() throws SQLException;
}
