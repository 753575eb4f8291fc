package dev.switchboard.jdbc;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
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
    private final SqliteSchema schema;
    private final SqliteLockWait lockWait = new SqliteLockWait(this::mustStop);
    private final SqliteFailures failures;
    private @Nullable StopSignal running;
    private boolean queryOnly;
    private boolean mayAttach = true;
    private Runnable tick = () -> {};

    SqliteSession(SQLiteConnection jdbc, SqliteLocation location, SqliteSettings settings) throws SQLException {
        this.jdbc = jdbc;
        this.location = location;
        this.settings = settings;
        this.version = jdbc.libversion();
        this.writes = new SqliteWrites(jdbc);
        this.schema = new SqliteSchema(jdbc, !settings.attach());
        // What the driver believes only, nothing is sent: SQLite commits each statement by itself. A driver that
        // believes
        // in auto-commit steps a BEGIN and a COMMIT of its own after each change.
        jdbc.getConnectionConfig().setAutoCommit(false);
        setLockWaitTimeout(settings.lockWaitTimeout());
        this.failures = new SqliteFailures(location, settings.attach(), lockWait);
        BusyHandler.setHandler(jdbc, lockWait);
        ProgressHandler.setHandler(jdbc, STEPS_BETWEEN_QUESTIONS, new Progress());
        enter(StopSignal.unlimited());
        setUp();
        leave();
        // The last thing to do here, since whoever joins must leave.
        this.lane = WriterLane.join(location.identity());
    }

    private void setUp() throws SQLException {
        execute("PRAGMA foreign_keys = " + (settings.foreignKeys() ? "ON" : "OFF"));
        // Views and triggers of a file that somebody else made may call harmless functions only.
        execute("PRAGMA trusted_schema = OFF");
        if (!location.isMemory() && !settings.readOnly()) {
            setJournalMode();
        }
        execute("PRAGMA synchronous = " + settings.durability().synchronous());
        if (settings.queryOnly()) {
            execute("PRAGMA query_only = ON");
        }
        // Reads the file's header, so that a file of another kind is refused now and not at the first statement.
        ping();
    }

    /** Two connections that switch a new file at the same moment get "busy" without any wait, so the wait is made here. */
    private void setJournalMode() throws SQLException {
        String wanted = settings.durability().journalMode();
        if (wanted.equalsIgnoreCase(text("PRAGMA journal_mode"))) {
            return;
        }
        long deadline = System.nanoTime() + lockWait.patienceNanos();
        while (true) {
            try {
                requireJournalMode(wanted, text("PRAGMA journal_mode = " + wanted));
                return;
            } catch (SQLiteException failure) {
                boolean busy = (failure.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_BUSY.code;
                if (!busy || System.nanoTime() - deadline >= 0) {
                    throw failure;
                }
                LockSupport.parkNanos(SqliteLockWait.LONGEST_NAP_NANOS);
            }
        }
    }

    /** SQLite answers the mode that holds now, and does not call it an error that it is another one. */
    private void requireJournalMode(String wanted, @Nullable String answered) throws SQLException {
        if (!wanted.equalsIgnoreCase(answered)) {
            throw new SQLException("The journal mode of " + location + " stays '" + answered + "': " + wanted
                    + " is not possible there (WAL needs shared memory, which some file systems and the VFS"
                    + " unix-dotfile do not have). Choose another one with the option journalMode, such as DELETE.");
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
    public Prepared prepare(String sql) throws SQLException {
        SqlitePragma.requireNotExplained(sql);
        if (!settings.attach()) {
            limitAttaching(sql);
        }
        // The driver's methods that do this lock as well, and are compiled for other statements than this one. What the
        // JVM
        // throws away of that while it has the lock turns it into one that costs much more, for as long as a minute.
        synchronized (jdbc.getDatabase()) {
            return new SqlitePrepared(jdbc.prepareStatement(sql), schema);
        }
    }

    /** The one that writes another file, which is refused to SQL where attaching is. */
    PreparedStatement prepareVacuumInto() throws SQLException {
        attachFor(true);
        return jdbc.prepareStatement("VACUUM INTO ?");
    }

    /** Refuses ATTACH in whatever disguise; VACUUM attaches a file of its own. */
    private void limitAttaching(String sql) throws SQLException {
        SqliteTokenizer words = new SqliteTokenizer(sql);
        words.next();
        boolean vacuums = words.isWord("VACUUM");
        // The name of a schema may stand between them.
        for (int i = 0; vacuums && i < 2; i++) {
            words.next();
            if (words.isWord("INTO")) {
                throw new R2dbcPermissionDeniedException(
                        "VACUUM INTO writes another file, which is off. SqliteBackup.vacuumInto(connection, file) does it"
                                + " safely; the option attach=true allows it in SQL.",
                        "42501",
                        SQLiteErrorCode.SQLITE_AUTH.code,
                        sql,
                        null);
            }
        }
        attachFor(vacuums);
    }

    private void attachFor(boolean vacuum) throws SQLException {
        if (!settings.attach() && vacuum != mayAttach) {
            jdbc.setLimit(SQLiteLimits.SQLITE_LIMIT_ATTACHED, vacuum ? 1 : 0);
            mayAttach = vacuum;
        }
    }

    @Override
    public void enter(StopSignal signal) {
        running = signal;
        lockWait.begin();
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
        return settings.mayWrite() && writes.takesLock(command);
    }

    @Override
    public boolean beginTakesWriteLock() {
        return settings.mayWrite() && settings.writing() == SqliteSettings.Writing.IMMEDIATE;
    }

    @Override
    public void requireAllowed(SqlCommand command) {
        boolean onlyQueries = settings.queryOnly();
        if (!onlyQueries && !queryOnly) {
            return;
        }
        SqlitePragma pragma = SqlitePragma.of(command.sql());
        if ((pragma != null && pragma.setsQueryOnly()) || writes.surelyTakesLock(command)) {
            throw failures.refusedToWrite(command.sql(), onlyQueries);
        }
    }

    @Override
    public void begin(boolean readOnly) throws SQLException {
        boolean reads = readOnly || !settings.mayWrite();
        execute(reads || !beginTakesWriteLock() ? "BEGIN" : "BEGIN IMMEDIATE");
        // A session that was told to refuse writes goes on to do so behind the transaction.
        if (reads && !settings.queryOnly() && !"1".equals(text("PRAGMA query_only"))) {
            queryOnly = true;
            execute("PRAGMA query_only = ON");
        }
    }

    @Override
    public void commit() throws SQLException {
        execute("COMMIT");
    }

    @Override
    public void rollback() throws SQLException {
        if (isInTransaction()) {
            execute("ROLLBACK");
        }
    }

    @Override
    public void ended() throws SQLException {
        if (queryOnly) {
            execute("PRAGMA query_only = OFF");
            queryOnly = false;
        }
    }

    @Override
    public void createSavepoint(String name) throws SQLException {
        execute("SAVEPOINT " + Arguments.quoted(name));
    }

    @Override
    public void releaseSavepoint(String name) throws SQLException {
        execute("RELEASE " + Arguments.quoted(name));
    }

    @Override
    public void rollbackToSavepoint(String name) throws SQLException {
        execute("ROLLBACK TO " + Arguments.quoted(name));
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

    @Override
    public IsolationLevel initialIsolation() {
        return IsolationLevel.SERIALIZABLE;
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
        lockWait.setPatience(timeout);
    }

    /** {@code PRAGMA busy_timeout} means this wait, and has put SQLite's own in its place. */
    @Override
    public @Nullable Duration afterSetting(SqlCommand command) throws SQLException {
        SqlitePragma pragma = SqlitePragma.of(command.sql());
        if (pragma == null || !pragma.setsLockWait()) {
            return null;
        }
        Duration meant = Duration.ofMillis(number("PRAGMA busy_timeout"));
        BusyHandler.setHandler(jdbc, lockWait);
        return meant;
    }

    @Override
    public void forgetSchema() {
        schema.forget();
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
        return failures.translate(failure, sql, signal, inTransaction);
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
}
