package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.TransactionDefinition;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The transaction of one connection as the database sees it, not as it was asked for: read again after every error. The
 * getters may be called from any thread, all else on the worker.
 *
 * <p>A database may end a transaction by itself (SQLite does when a change inside it is interrupted or the disk is full).
 * Statements that follow must not run as if nothing had happened, so each one fails until the caller rolls back.
 */
final class Transaction {
    private enum State {
        NONE,
        OPEN,
        LOST
    }

    private final JdbcSession session;
    private volatile State state = State.NONE;
    private volatile boolean autoCommit = true;
    private volatile IsolationLevel isolation = IsolationLevel.SERIALIZABLE;
    private Duration sessionLockWaitTimeout;
    private Duration lockWaitTimeout;
    private boolean readOnly;
    private boolean lockWaitTimeoutChanged;
    private volatile @Nullable Duration statementTimeout;
    private @Nullable Throwable lostBy;

    Transaction(JdbcSession session, Duration lockWaitTimeout) {
        this.session = session;
        this.sessionLockWaitTimeout = lockWaitTimeout;
        this.lockWaitTimeout = lockWaitTimeout;
    }

    boolean isAutoCommit() {
        return autoCommit && state == State.NONE;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    /** The time-out that the definition of the open transaction sets, null if it sets none. */
    @Nullable
    Duration statementTimeout() {
        return statementTimeout;
    }

    /** Everything as it was when the connection was opened. */
    void reset(Duration lockWaitTimeout) throws SQLException {
        rollback();
        autoCommit = true;
        setLockWaitTimeout(lockWaitTimeout);
    }

    IsolationLevel isolation() {
        return isolation;
    }

    /** What {@link #begin} needs. */
    WriteAccess beforeBegin(TransactionDefinition definition) {
        if (state != State.NONE || isReadOnly(definition) || !session.beginTakesWriteLock()) {
            return WriteAccess.NONE;
        }
        Duration wait = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
        String name = definition.getAttribute(TransactionDefinition.NAME);
        Duration patience = wait == null || wait.isNegative() ? lockWaitTimeout : wait;
        return new WriteAccess(WriteAccess.Need.TURN, patience, name == null ? "" : name);
    }

    /** What {@link #createSavepoint} needs. */
    WriteAccess beforeSavepoint() {
        boolean begins = state == State.NONE && session.beginTakesWriteLock();
        return begins ? WriteAccess.within(lockWaitTimeout) : WriteAccess.NONE;
    }

    /** What running a statement needs. */
    WriteAccess before(SqlCommand command) {
        boolean begins = !autoCommit && command.kind() != SqlCommand.Kind.TRANSACTION && session.beginTakesWriteLock();
        if (state == State.NONE) {
            return begins || session.takesWriteLock(command) ? WriteAccess.within(lockWaitTimeout) : WriteAccess.NONE;
        }
        boolean upgrades = state == State.OPEN && !readOnly && session.takesWriteLock(command);
        return upgrades ? WriteAccess.IF_FREE : WriteAccess.NONE;
    }

    private static boolean isReadOnly(TransactionDefinition definition) {
        return Boolean.TRUE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY));
    }

    void begin(TransactionDefinition definition) throws SQLException {
        requireNotLost();
        if (state == State.OPEN) {
            throw new R2dbcNonTransientResourceException(
                    "A transaction is open on this connection already. Commit or roll it back first, or use"
                            + " createSavepoint for a part that can be undone alone.",
                    "25001");
        }
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level != null) {
            setIsolation(level);
        }
        Duration wait = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
        if (wait != null) {
            session.setLockWaitTimeout(Arguments.requireTimeout(wait));
            lockWaitTimeout = wait;
            lockWaitTimeoutChanged = true;
        }
        Duration stop = definition.getAttribute(ConnectionFactoryOptions.STATEMENT_TIMEOUT);
        statementTimeout = stop == null ? null : Arguments.requireTimeout(stop);
        try {
            readOnly = isReadOnly(definition);
            session.begin(readOnly);
            state = State.OPEN;
        } finally {
            if (state != State.OPEN) {
                restoreTimeouts();
            }
        }
    }

    /** Begins what auto-commit being off asks for, at the first statement that needs it. */
    void beforeStatement(SqlCommand.Kind kind) throws SQLException {
        requireNotLost();
        if (!autoCommit && state == State.NONE && kind != SqlCommand.Kind.TRANSACTION) {
            session.begin(false);
            state = State.OPEN;
        }
    }

    /** A statement may have begun or ended a transaction in SQL. */
    void afterTransactionStatement() throws SQLException {
        state = session.isInTransaction() ? State.OPEN : State.NONE;
    }

    void commit() throws SQLException {
        requireNotLost();
        if (state == State.OPEN) {
            session.commit();
            ended();
        }
    }

    void rollback() throws SQLException {
        if (state == State.NONE) {
            return;
        }
        try {
            session.rollback();
        } catch (SQLException failure) {
            state = State.LOST;
            lostBy = failure;
            throw failure;
        }
        ended();
    }

    void setAutoCommit(boolean wanted) throws SQLException {
        if (wanted != autoCommit) {
            commit();
            autoCommit = wanted;
        } else if (wanted && state != State.NONE) {
            commit();
        }
    }

    void createSavepoint(String name) throws SQLException {
        requireNotLost();
        if (state == State.NONE) {
            session.begin(false);
            state = State.OPEN;
        }
        session.createSavepoint(name);
    }

    void releaseSavepoint(String name) throws SQLException {
        requireNotLost();
        session.releaseSavepoint(name);
    }

    void rollbackToSavepoint(String name) throws SQLException {
        requireNotLost();
        session.rollbackToSavepoint(name);
    }

    void setIsolation(IsolationLevel level) throws SQLException {
        isolation = session.setIsolation(level);
    }

    void setLockWaitTimeout(Duration timeout) throws SQLException {
        session.setLockWaitTimeout(timeout);
        lockWaitTimeout = timeout;
        sessionLockWaitTimeout = timeout;
    }

    /** Reads the state again after an error, and remembers a transaction that the database has ended by itself. */
    void afterFailure(Throwable cause) throws SQLException {
        if (state == State.OPEN && !session.isInTransaction()) {
            lost(cause);
        }
    }

    private void lost(Throwable cause) throws SQLException {
        state = State.LOST;
        lostBy = cause;
        restoreTimeouts();
    }

    private void requireNotLost() {
        if (state == State.LOST) {
            throw new R2dbcRollbackException(
                    "The transaction on this connection was rolled back by the database when a statement failed or was"
                            + " cancelled. Nothing of it is kept: call rollbackTransaction() and begin again.",
                    "40000",
                    lostBy);
        }
    }

    private void ended() throws SQLException {
        state = State.NONE;
        lostBy = null;
        restoreTimeouts();
    }

    private void restoreTimeouts() throws SQLException {
        statementTimeout = null;
        readOnly = false;
        if (lockWaitTimeoutChanged) {
            lockWaitTimeoutChanged = false;
            lockWaitTimeout = sessionLockWaitTimeout;
            session.setLockWaitTimeout(sessionLockWaitTimeout);
        }
    }
}
