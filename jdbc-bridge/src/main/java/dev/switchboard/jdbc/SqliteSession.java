package dev.switchboard.jdbc;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sqlite.BusyHandler;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteLimits;

/**
 * One SQLite connection. JDBC stays in auto-commit mode and transactions are begun and ended in SQL, since JDBC's own begin
 * is deferred (a later change can then fail at once, however long one is ready to wait) and takes the lock again on commit.
 *
 * <p>A statement is stopped by the progress handler and a wait for a lock by the busy handler, both of which ask the signal
 * of the statement at work: {@code sqlite3_interrupt} hits whatever the connection does when it arrives, and does not end a
 * wait.
 */
final class SqliteSession implements JdbcSession {
    private static final int STEPS_BETWEEN_QUESTIONS = 5_000;
    private static final long SHORTEST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(250);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final Set<IsolationLevel> ISOLATION_LEVELS = Set.of(
            IsolationLevel.READ_UNCOMMITTED,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.SERIALIZABLE);

    private final SQLiteConnection jdbc;
    private final SqliteLocation location;
    private final SqliteSettings settings;
    private final String version;
    private final WriterLane lane;
    private final SqliteWrites writes;
    private @Nullable StopSignal running;
    private long lockWaitNanos;
    private long waitingSince;
    private long waitedNanos;
    private boolean waited;
    private boolean queryOnly;
    private boolean mayAttach = true;
    private Runnable tick = () -> {};

    SqliteSession(SQLiteConnection jdbc, SqliteLocation location, SqliteSettings settings) throws SQLException {
        this.jdbc = jdbc;
        this.location = location;
        this.settings = settings;
        this.version = jdbc.libversion();
        this.writes = new SqliteWrites(jdbc);
        // What the driver believes only, nothing is sent: SQLite commits each statement by itself. A driver that
        // believes
        // in auto-commit steps a BEGIN and a COMMIT of its own after each change.
        jdbc.getConnectionConfig().setAutoCommit(false);
        setLockWaitTimeout(settings.lockWaitTimeout());
        BusyHandler.setHandler(jdbc, new LockWait());
        ProgressHandler.setHandler(jdbc, STEPS_BETWEEN_QUESTIONS, new Progress());
        enter(StopSignal.unlimited());
        setUp();
        leave();
        // The last thing to do here, since whoever joins must leave.
        this.lane = WriterLane.join(location.identity());
    }

    private void setUp() throws SQLException {
        execute("PRAGMA foreign_keys = " + (settings.foreignKeys() ? "ON" : "OFF"));
        if (!location.isMemory() && !settings.readOnly()) {
            setJournalMode();
        }
        execute("PRAGMA synchronous = " + settings.durability().synchronous());
        // Reads the file's header, so that a file of another kind is refused now and not at the first statement.
        ping();
    }

    /** Two connections that switch a new file at the same moment get "busy" without any wait, so the wait is made here. */
    private void setJournalMode() throws SQLException {
        if (settings.durability().journalMode().equalsIgnoreCase(text("PRAGMA journal_mode"))) {
            return;
        }
        long deadline = System.nanoTime() + lockWaitNanos;
        while (true) {
            try {
                execute("PRAGMA journal_mode = " + settings.durability().journalMode());
                return;
            } catch (SQLiteException failure) {
                boolean busy = (failure.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_BUSY.code;
                if (!busy || System.nanoTime() - deadline >= 0) {
                    throw failure;
                }
                LockSupport.parkNanos(LONGEST_NAP_NANOS);
            }
        }
    }

    @Override
    public SQLiteConnection jdbc() {
        return jdbc;
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public PreparedStatement prepare(String sql) throws SQLException {
        if (!settings.attach()) {
            limitAttaching(sql);
        }
        return jdbc.prepareStatement(sql);
    }

    /** Refuses ATTACH in whatever disguise; VACUUM attaches a file of its own. */
    private void limitAttaching(String sql) throws SQLException {
        boolean vacuums = sql.regionMatches(true, 0, "VACUUM", 0, "VACUUM".length());
        if (vacuums != mayAttach) {
            jdbc.setLimit(SQLiteLimits.SQLITE_LIMIT_ATTACHED, vacuums ? 1 : 0);
            mayAttach = vacuums;
        }
    }

    @Override
    public List<JdbcColumn> columns(PreparedStatement statement) throws SQLException {
        return SqliteRows.columns(statement);
    }

    @Override
    public void read(PreparedStatement statement, ResultSet rows, @Nullable Object[] values) throws SQLException {
        SqliteRows.read(statement, values);
    }

    @Override
    public void enter(StopSignal signal) {
        running = signal;
        waited = false;
        signal.enter();
    }

    @Override
    public void leave() {
        StopSignal signal = running;
        if (signal != null) {
            signal.leave();
            running = null;
        }
    }

    @Override
    public WriterLane lane() {
        return lane;
    }

    @Override
    public boolean takesWriteLock(SqlCommand command) {
        return !settings.readOnly() && writes.takesLock(command);
    }

    @Override
    public boolean beginTakesWriteLock() {
        return !settings.readOnly() && !settings.deferred();
    }

    @Override
    public void begin(boolean readOnly) throws SQLException {
        boolean reads = readOnly || settings.readOnly();
        execute(reads || settings.deferred() ? "BEGIN" : "BEGIN IMMEDIATE");
        if (reads) {
            queryOnly = true;
            execute("PRAGMA query_only = ON");
        }
    }

    @Override
    public void commit() throws SQLException {
        execute("COMMIT");
        leaveQueryOnly();
    }

    @Override
    public void rollback() throws SQLException {
        if (isInTransaction()) {
            execute("ROLLBACK");
        }
        leaveQueryOnly();
    }

    private void leaveQueryOnly() throws SQLException {
        if (queryOnly) {
            execute("PRAGMA query_only = OFF");
            queryOnly = false;
        }
    }

    @Override
    public void createSavepoint(String name) throws SQLException {
        execute("SAVEPOINT " + quoted(name));
    }

    @Override
    public void releaseSavepoint(String name) throws SQLException {
        execute("RELEASE " + quoted(name));
    }

    @Override
    public void rollbackToSavepoint(String name) throws SQLException {
        execute("ROLLBACK TO " + quoted(name));
    }

    static String quoted(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /** JDBC does not show sqlite3_get_autocommit, so a BEGIN that takes no lock finds out. */
    @Override
    public boolean isInTransaction() throws SQLException {
        try {
            execute("BEGIN");
        } catch (SQLException already) {
            if (jdbc.isClosed()) {
                throw already;
            }
            return true;
        }
        execute("ROLLBACK");
        return false;
    }

    /** SQLite's transactions are serializable, which is at least what any of the levels asks for. */
    @Override
    public IsolationLevel setIsolation(IsolationLevel level) {
        if (!ISOLATION_LEVELS.contains(level)) {
            throw new IllegalArgumentException("SQLite does not know the isolation level " + level.asSql()
                    + "; known are the four of the SQL standard");
        }
        return IsolationLevel.SERIALIZABLE;
    }

    @Override
    public void setLockWaitTimeout(Duration timeout) {
        lockWaitNanos = Nanos.of(timeout);
    }

    @Override
    public void ping() throws SQLException {
        text("SELECT count(*) FROM sqlite_schema");
    }

    private void execute(String sql) throws SQLException {
        try (PreparedStatement statement = jdbc.prepareStatement(sql)) {
            statement.execute();
        }
    }

    private @Nullable String text(String sql) throws SQLException {
        try (PreparedStatement statement = jdbc.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            return rows.next() ? rows.getString(1) : null;
        }
    }

    long number(String sql) throws SQLException {
        String text = text(sql);
        return text == null ? 0 : Long.parseLong(text);
    }

    boolean isForOwnerOnly() {
        return settings.file().ownerOnly();
    }

    /** Whether the command at work has been cancelled. */
    boolean mustStop() {
        StopSignal signal = running;
        return signal != null && signal.mustStop();
    }

    /** What to do now and then while SQLite works; short. */
    void whileWorking(Runnable task) {
        tick = task;
    }

    @Override
    public R2dbcException translate(
            SQLException failure, @Nullable String sql, StopSignal signal, boolean inTransaction) {
        int code = SqliteErrors.primaryCode(failure);
        if (signal.isCancelled()) {
            return new R2dbcNonTransientResourceException("The statement was cancelled", "57014", code, sql, failure);
        }
        if (code == SQLiteErrorCode.SQLITE_INTERRUPT.code) {
            return new R2dbcTimeoutException(
                    "The statement was stopped after the statement time-out of " + signal.budget()
                            + ". Give it longer with setStatementTimeout, or make it faster.",
                    "57014",
                    code,
                    sql,
                    failure);
        }
        if (!settings.attach() && String.valueOf(failure.getMessage()).contains("too many attached databases")) {
            return new R2dbcPermissionDeniedException(
                    "Attaching other files is off; the option attach=true allows it.", "42501", code, sql, failure);
        }
        if (code == SQLiteErrorCode.SQLITE_BUSY.code) {
            return busy(failure, sql, inTransaction);
        }
        return SqliteErrors.translate(failure, null, sql);
    }

    private R2dbcException busy(SQLException failure, @Nullable String sql, boolean inTransaction) {
        int code = SqliteErrors.primaryCode(failure);
        if (waited) {
            return new R2dbcTimeoutException(
                    "Another connection held the lock on " + location + " for the whole lock wait time-out of "
                            + Duration.ofNanos(waitedNanos)
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
        return SqliteErrors.translate(failure, null, sql);
    }

    @Override
    public void close() throws SQLException {
        try {
            jdbc.close();
        } finally {
            lane.leave();
        }
    }

    /** Asked by SQLite every few thousand steps of its machine. */
    private final class Progress extends ProgressHandler {

        @Override
        protected int progress() {
            tick.run();
            return mustStop() ? 1 : 0;
        }
    }

    /** Asked by SQLite whenever a lock is taken; naps until it is free, the time is used up or the statement is stopped. */
    private final class LockWait extends BusyHandler {

        @Override
        protected int callback(int earlierCalls) {
            long now = System.nanoTime();
            if (earlierCalls == 0) {
                waitingSince = now;
            }
            waited = true;
            waitedNanos = lockWaitNanos;
            StopSignal signal = running;
            long left = lockWaitNanos - (now - waitingSince);
            if (left <= 0 || (signal != null && signal.mustStop())) {
                return 0;
            }
            long nap = Math.min(LONGEST_NAP_NANOS, SHORTEST_NAP_NANOS << Math.min(earlierCalls, 10));
            LockSupport.parkNanos(Math.min(nap, left));
            return 1;
        }
    }
}
