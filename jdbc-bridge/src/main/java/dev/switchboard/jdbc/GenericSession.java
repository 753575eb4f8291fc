package dev.switchboard.jdbc;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** A connection used by nothing but JDBC's own means; a statement is stopped by {@code Statement.cancel()}. */
final class GenericSession implements JdbcSession {
    private static final Map<IsolationLevel, Integer> LEVELS = Map.of(
            IsolationLevel.READ_UNCOMMITTED, Connection.TRANSACTION_READ_UNCOMMITTED,
            IsolationLevel.READ_COMMITTED, Connection.TRANSACTION_READ_COMMITTED,
            IsolationLevel.REPEATABLE_READ, Connection.TRANSACTION_REPEATABLE_READ,
            IsolationLevel.SERIALIZABLE, Connection.TRANSACTION_SERIALIZABLE);
    private static final int PING_SECONDS = 5;
    private static final Duration ASK_AGAIN = Duration.ofMillis(50);

    private final Connection jdbc;
    private final JdbcDialect dialect;
    private final String version;
    private final boolean savepointsSupported;
    private boolean hinted;
    private final Map<String, Savepoint> savepoints = new HashMap<>();
    private final Object stopping = new Object();
    private final Disposable.Swap timer = Disposables.swap();
    private final Disposable.Swap again = Disposables.swap();

    /** Guarded by {@code stopping}, so that a late stop never hits the next statement. */
    private @Nullable StopSignal running;

    /** Guarded by {@code stopping}. */
    private @Nullable PreparedStatement statement;

    GenericSession(Connection jdbc, JdbcDialect dialect) throws SQLException {
        this.jdbc = jdbc;
        this.dialect = dialect;
        DatabaseMetaData metadata = jdbc.getMetaData();
        this.version = metadata.getDatabaseProductVersion();
        this.savepointsSupported = metadata.supportsSavepoints();
    }

    @Override
    public Connection jdbc() {
        return jdbc;
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public Prepared prepare(String sql) throws SQLException {
        return new GenericPrepared(jdbc.prepareStatement(sql));
    }

    private static List<JdbcColumn> columns(PreparedStatement prepared) throws SQLException {
        ResultSetMetaData metadata = prepared.getMetaData();
        List<JdbcColumn> columns = new ArrayList<>();
        for (int i = 1; i <= metadata.getColumnCount(); i++) {
            columns.add(new JdbcColumn(
                    metadata.getColumnLabel(i),
                    metadata.getColumnTypeName(i),
                    JdbcCodecs.type(metadata.getColumnType(i)),
                    metadata.getPrecision(i),
                    metadata.getScale(i)));
        }
        return columns;
    }

    @Override
    public void enter(StopSignal signal) {
        synchronized (stopping) {
            running = signal;
        }
        signal.enter();
        if (!signal.budget().isZero()) {
            timer.replace(Workers.later(signal.left(), () -> Workers.aside(() -> stop(signal))));
        }
        signal.whenStopped(() -> Workers.aside(() -> stop(signal)));
    }

    /** Tells which statement is about to be stepped. */
    private void works(PreparedStatement prepared) throws SQLException {
        synchronized (stopping) {
            statement = prepared;
            if (running != null && running.mustStop()) {
                throw new SQLException("The statement was stopped before it ran");
            }
        }
    }

    @Override
    public void leave() {
        StopSignal left;
        synchronized (stopping) {
            left = running;
            running = null;
            statement = null;
        }
        if (left != null) {
            left.leave();
            left.whenStopped(() -> {});
            timer.replace(Disposables.disposed());
            again.replace(Disposables.disposed());
        }
    }

    private void stop(StopSignal signal) {
        synchronized (stopping) {
            PreparedStatement working = statement;
            if (running == signal && working != null && signal.mustStop()) {
                try {
                    working.cancel();
                } catch (SQLException | RuntimeException notStopped) {
                    // It is asked again.
                }
                // A statement that was about to run has not heard of it.
                again.replace(Workers.later(ASK_AGAIN, () -> Workers.aside(() -> stop(signal))));
            }
        }
    }

    @Override
    public void begin(boolean readOnly) throws SQLException {
        if (readOnly) {
            hint(true);
        }
        jdbc.setAutoCommit(false);
    }

    @Override
    public void commit() throws SQLException {
        jdbc.commit();
    }

    @Override
    public void rollback() throws SQLException {
        if (isInTransaction()) {
            jdbc.rollback();
        }
    }

    @Override
    public void ended() throws SQLException {
        savepoints.clear();
        if (isInTransaction()) {
            jdbc.setAutoCommit(true);
        }
        if (hinted) {
            hint(false);
        }
    }

    /** To JDBC this is a hint, and some drivers refuse to hear it. */
    private void hint(boolean readOnly) {
        try {
            jdbc.setReadOnly(readOnly);
            hinted = readOnly;
        } catch (SQLException notTaken) {
            hinted = false;
        }
    }

    @Override
    public void requireSavepoints() {
        if (!savepointsSupported) {
            throw new UnsupportedOperationException(dialect.product()
                    + " has no savepoints here, says its JDBC driver; roll back the whole transaction.");
        }
    }

    /** JDBC would not see them. */
    @Override
    public void requireTransactionsInSql() {
        throw new R2dbcNonTransientResourceException(
                "Over JDBC, transactions are not begun or ended in SQL, which its driver would not see; use"
                        + " beginTransaction(), commitTransaction(), rollbackTransaction() and the savepoints of the"
                        + " connection.",
                "0A000");
    }

    @Override
    public void createSavepoint(String name) throws SQLException {
        savepoints.put(name, jdbc.setSavepoint(name));
    }

    @Override
    public void releaseSavepoint(String name) throws SQLException {
        jdbc.releaseSavepoint(savepoint(name));
        savepoints.remove(name);
    }

    @Override
    public void rollbackToSavepoint(String name) throws SQLException {
        jdbc.rollback(savepoint(name));
    }

    private Savepoint savepoint(String name) throws SQLException {
        Savepoint known = savepoints.get(name);
        if (known == null) {
            throw new SQLException("There is no savepoint '" + name + "'; there are " + savepoints.keySet(), "3B001");
        }
        return known;
    }

    @Override
    public boolean isInTransaction() throws SQLException {
        return !jdbc.getAutoCommit();
    }

    @Override
    public IsolationLevel setIsolation(IsolationLevel level) throws SQLException {
        Integer known = LEVELS.get(level);
        if (known == null) {
            throw new IllegalArgumentException("JDBC does not know the isolation level " + level.asSql()
                    + "; known are the four of the SQL standard");
        }
        jdbc.setTransactionIsolation(known);
        return initialIsolation();
    }

    /** What JDBC answers now; a database without transactions has a level of that name. */
    @Override
    public IsolationLevel initialIsolation() throws SQLException {
        int level = jdbc.getTransactionIsolation();
        return LEVELS.entrySet().stream()
                .filter(entry -> entry.getValue() == level)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(IsolationLevel.valueOf("NONE"));
    }

    @Override
    public void setLockWaitTimeout(Duration timeout) {
        // JDBC has no word for it; the database's own setting holds.
    }

    @Override
    public void ping() throws SQLException {
        if (!jdbc.isValid(PING_SECONDS)) {
            throw new SQLException("The connection is not valid any more", "08003");
        }
    }

    @Override
    public R2dbcException translate(
            SQLException failure, @Nullable String sql, StopSignal signal, boolean inTransaction) {
        if (signal.isCancelled()) {
            return new R2dbcNonTransientResourceException(
                    "The statement was cancelled", "57014", failure.getErrorCode(), sql, failure);
        }
        if (signal.isExpired()) {
            return new R2dbcTimeoutException(
                    "The statement was stopped after the statement time-out of " + signal.budget()
                            + ". Give it longer with setStatementTimeout, or make it faster.",
                    "57014",
                    failure.getErrorCode(),
                    sql,
                    failure);
        }
        return JdbcErrors.translate(dialect, failure, sql);
    }

    @Override
    public void close() throws SQLException {
        timer.dispose();
        again.dispose();
        jdbc.close();
    }

    /** A statement run by JDBC's own means. */
    private final class GenericPrepared implements Prepared {
        private final PreparedStatement prepared;
        private @Nullable ResultSet rows;
        private JdbcRowMetadata columns = new JdbcRowMetadata(List.of());

        GenericPrepared(PreparedStatement prepared) {
            this.prepared = prepared;
        }

        @Override
        public boolean execute(@Nullable Object[] values) throws SQLException {
            for (int i = 0; i < values.length; i++) {
                prepared.setObject(i + 1, values[i]);
            }
            works(prepared);
            if (!prepared.execute()) {
                return false;
            }
            rows = prepared.getResultSet();
            columns = new JdbcRowMetadata(GenericSession.columns(prepared));
            return true;
        }

        @Override
        public @Nullable Object @Nullable [] next() throws SQLException {
            ResultSet open = rows;
            if (open == null) {
                return null;
            }
            works(prepared);
            if (!open.next()) {
                return null;
            }
            @Nullable Object[] values = new Object[columns.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = JdbcCodecs.read(open.getObject(i + 1));
            }
            return values;
        }

        @Override
        public JdbcRowMetadata columns() {
            return columns;
        }

        @Override
        public long updateCount() throws SQLException {
            return prepared.getUpdateCount();
        }

        @Override
        public void reset() throws SQLException {
            ResultSet open = rows;
            rows = null;
            if (open != null) {
                open.close();
            }
            prepared.clearParameters();
        }

        @Override
        public void close() throws SQLException {
            ResultSet open = rows;
            rows = null;
            if (open != null) {
                open.close();
            }
            prepared.close();
        }
    }
}
