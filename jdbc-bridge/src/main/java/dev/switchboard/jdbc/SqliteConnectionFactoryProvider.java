package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.Option;
import java.time.Duration;
import reactor.core.scheduler.Scheduler;

/**
 * The R2DBC driver {@code sqlite}, found by the {@link java.util.ServiceLoader}.
 *
 * <table>
 * <caption>Forms of URL</caption>
 * <tr><th>URL</th><th>opens</th></tr>
 * <tr><td>{@code r2dbc:sqlite:////var/data/orders.db}</td><td>the file {@code /var/data/orders.db}</td></tr>
 * <tr><td>{@code r2dbc:sqlite:///data/orders.db}</td><td>the file {@code data/orders.db} below the working directory</td></tr>
 * <tr><td>{@code r2dbc:sqlite:mem:///orders}</td><td>the database {@code orders} in the memory of this process</td></tr>
 * </table>
 *
 * <p>A program can also set the option {@link ConnectionFactoryOptions#DATABASE} to a path. A file that does not exist is
 * created, its directory is not. A database in memory is shared by all connections of the process that use its name; it
 * lives from the first connection until the factory (an {@link io.r2dbc.spi.Closeable}) and every connection are closed.
 * In memory there is no WAL: readers wait while a transaction writes, and a writer's commit waits for readers.
 *
 * <p>Every open connection has a thread of its own, named {@code switchboard-jdbc-..}, on which all of its work is done,
 * opening included, and on which its rows and results are signalled: a callback that blocks there for the same connection
 * would wait for itself. Nothing is done on a subscriber's thread, and the signal that a connection is closed comes on a
 * thread that belongs to none. All
 * factories share {@value #DEFAULT_MAX_THREADS} threads, so that is how many connections the process can have open: keep
 * the sum of the pools' {@code maxSize} below it, or give a factory threads of its own with {@link #MAX_THREADS}. Opening
 * one more waits, without a thread, until a connection is closed, and fails after
 * {@link ConnectionFactoryOptions#CONNECT_TIMEOUT} (30 seconds unless set).
 *
 * <p>Connections are set up with {@link #JOURNAL_MODE} WAL, {@link #FOREIGN_KEYS} on, {@link #SYNCHRONOUS} NORMAL, a wait
 * of 5 seconds for locks ({@link ConnectionFactoryOptions#LOCK_WAIT_TIMEOUT}), and no limit for statements
 * ({@link ConnectionFactoryOptions#STATEMENT_TIMEOUT}, which counts while SQLite works on a statement and not while rows
 * wait for demand). Transactions take the write lock when they begin ({@code BEGIN IMMEDIATE}); those defined as read-only
 * take none and refuse changes. With auto-commit off, the first statement begins a transaction. Extensions cannot be
 * loaded, the schema of a file is not trusted ({@code trusted_schema=OFF}), and SQL can neither attach other files nor write
 * them with {@code VACUUM INTO} unless {@link #ATTACH} allows it. {@code PRAGMA busy_timeout} sets the wait for locks as
 * {@code setLockWaitTimeout} does.
 *
 * <p>The writers of one file take turns in this process, in the order in which they came and without a thread for those who
 * wait; who waits longer than the lock wait time-out gets an {@link io.r2dbc.spi.R2dbcTimeoutException} that names who was
 * writing (by {@link io.r2dbc.spi.TransactionDefinition#NAME}, if it has one). In WAL, readers go on meanwhile. Other
 * processes are waited for as long.
 *
 * <p>A query runs when its result's rows are subscribed to and is stepped only as far as rows are asked for; everything else
 * runs to its end before its result is emitted. Of a script, the queries before the last change are read into memory.
 * Cancelling stops the statement. A cancelled query leaves its transaction as it is; a change that is stopped while it runs
 * in a transaction loses that transaction, which SQLite then rolls back, and the statements that follow fail until
 * {@code rollbackTransaction()}.
 */
public final class SqliteConnectionFactoryProvider implements ConnectionFactoryProvider {

    /** The name of the driver in a URL. */
    public static final String DRIVER = "sqlite";

    /** The number of threads, and so of open connections, that all factories share. */
    public static final int DEFAULT_MAX_THREADS = 256;

    /** The journal of a file: {@code WAL} (unless set), {@code DELETE}, {@code TRUNCATE}, {@code PERSIST}. */
    public static final Option<String> JOURNAL_MODE = Option.valueOf("journalMode");

    /**
     * When SQLite waits for the disk: {@code OFF}, {@code NORMAL}, {@code FULL}, {@code EXTRA}. Unless set it is {@code
     * NORMAL} in WAL, where a loss of power can undo the last commits and never damages the file, and {@code FULL} otherwise.
     */
    public static final Option<String> SYNCHRONOUS = Option.valueOf("synchronous");

    /** Whether foreign keys are enforced; true unless set. */
    public static final Option<Boolean> FOREIGN_KEYS = Option.valueOf("foreignKeys");

    /** Whether the file is opened for reading only; false unless set. */
    public static final Option<Boolean> READ_ONLY = Option.valueOf("readOnly");

    /**
     * Whether connections only query a file that others may write: a statement that would change it is refused with an
     * {@link io.r2dbc.spi.R2dbcPermissionDeniedException} of state {@code 25006} before anything of its text has happened, and
     * they never take a turn as a writer. Unlike with {@link #READ_ONLY} a missing file is created, and made ready for WAL.
     * False unless set.
     */
    public static final Option<Boolean> QUERY_ONLY = Option.valueOf("queryOnly");

    /** Whether a file that does not exist is created; true unless set. */
    public static final Option<Boolean> CREATE = Option.valueOf("create");

    /** SQLite's own word for the two above: {@code RO}, {@code RW} (never created) or {@code RWC} (unless set). */
    public static final Option<String> MODE = Option.valueOf("mode");

    /** Whether nobody changes the file while it is open: no locks, no files beside it, reading only; false unless set. */
    public static final Option<Boolean> IMMUTABLE = Option.valueOf("immutable");

    /** Whether a file that is created belongs to its owner alone ({@code rw-------}); false unless set. */
    public static final Option<Boolean> OWNER_ONLY = Option.valueOf("ownerOnly");

    /** The directory below which the file must be, links followed; a relative path starts there. None unless set. */
    public static final Option<String> BASE_DIRECTORY = Option.valueOf("baseDirectory");

    /** SQLite's name of the way to the file system ({@code unix-dotfile}, ..); its default unless set. */
    public static final Option<String> VFS = Option.valueOf("vfs");

    /** Whether connections share one cache: {@code PRIVATE} (unless set) or {@code SHARED}, which SQLite discourages. */
    public static final Option<String> CACHE = Option.valueOf("cache");

    /** Whether SQL may attach other files; false unless set. */
    public static final Option<Boolean> ATTACH = Option.valueOf("attach");

    /**
     * When a transaction that is not read-only takes the write lock: {@code IMMEDIATE} (unless set), when it begins, or
     * {@code DEFERRED}, when it first writes, which fails if another connection has written since it first read.
     */
    public static final Option<String> TRANSACTION_MODE = Option.valueOf("transactionMode");

    /**
     * How points in time are stored: {@code TEXT} (unless set), ISO text as {@code datetime()} writes it, down to the
     * nanosecond, or {@code EPOCH_MILLIS}, a number, which refuses what is finer and loses the offset. Both are read then.
     */
    public static final Option<String> TIMES = Option.valueOf("times");

    /**
     * How a {@link java.math.BigDecimal} is bound: {@code CHECKED} (unless set), so that a column of any type gives back an equal
     * one; what SQLite's numbers cannot keep is refused, and they keep integers of 64 bits and numbers of 15 digits. It is a
     * number to expressions too, unless it has a fraction and 14 or 15 digits, or is below 0.001: then it is text, which numeric
     * columns take for a number and other expressions do not. Trailing zeros are not kept. {@code TEXT}, always as its text with
     * every digit, for columns that are declared {@code TEXT}: a numeric column would round it. A column declared {@code REAL}
     * keeps no integer above 2^53, of whatever Java type.
     */
    public static final Option<String> DECIMALS = Option.valueOf("decimals");

    /** Gives this factory threads of its own, that many, instead of the shared ones. */
    public static final Option<Integer> MAX_THREADS = Option.valueOf("maxThreads");

    /**
     * Where connections work instead, set in a program only, and with {@link #MAX_THREADS}. Each worker that the scheduler
     * creates must stay on one thread that may block, and as many as that at a time must share none; platform threads, since
     * native calls pin virtual ones. The factory does not dispose it.
     */
    public static final Option<Scheduler> SCHEDULER = Option.valueOf("scheduler");

    /** Rows in a row before other commands of the connection get their turn; 256 unless set. */
    public static final Option<Integer> FETCH_SIZE = Option.valueOf("fetchSize");

    /** Prepared statements that a connection keeps for their next use; 64 unless set, 0 keeps none. */
    public static final Option<Integer> STATEMENT_CACHE_SIZE = Option.valueOf("statementCacheSize");

    private static final Duration LOCK_WAIT_TIMEOUT = Duration.ofSeconds(5);

    /** Made by the service loader. */
    public SqliteConnectionFactoryProvider() {}

    /**
     * A factory for the database that the options name; opens nothing yet.
     *
     * @param options the options; unknown ones are ignored
     * @return the factory, which is {@link io.r2dbc.spi.Closeable}
     * @throws IllegalArgumentException if an option has a value that is not allowed
     */
    @Override
    public ConnectionFactory create(ConnectionFactoryOptions options) {
        BridgeOptions given = new BridgeOptions(Arguments.requireNonNull(options, "The options"));
        SqliteOptions ofSqlite = new SqliteOptions(given);
        Duration lockWait = given.duration(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, LOCK_WAIT_TIMEOUT);
        return new BridgeConnectionFactory(
                new SqliteProduct(ofSqlite.location(), ofSqlite.settings(lockWait), ofSqlite.values()),
                given.bridgeSettings(lockWait));
    }

    @Override
    public boolean supports(ConnectionFactoryOptions options) {
        return DRIVER.equals(options.getValue(ConnectionFactoryOptions.DRIVER));
    }

    @Override
    public String getDriver() {
        return DRIVER;
    }
}
