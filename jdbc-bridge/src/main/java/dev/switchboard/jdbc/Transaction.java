package dev.switchboard.jdbc;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
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
    private final IsolationLevel initialIsolation;
    private IsolationLevel sessionIsolation;
    private volatile IsolationLevel isolation;
    private Duration sessionLockWaitTimeout;
    private Duration lockWaitTimeout;
    private boolean readOnly;
    private boolean begunInSql;
    private volatile @Nullable Duration statementTimeout;
    private @Nullable Throwable lostBy;

    Transaction(JdbcSession session, Duration lockWaitTimeout) throws SQLException {
        this.session = session;
        this.initialIsolation = session.initialIsolation();
        this.sessionIsolation = initialIsolation;
        this.isolation = initialIsolation;
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
        sessionIsolation = initialIsolation;
        restoreIsolation();
    }

    IsolationLevel isolation() {
        return isolation;
    }

    /** What {@link #begin} needs. */
    WriteAccess beforeBegin(TransactionPlan plan) {
        if (state != State.NONE || plan.readOnly() || !session.beginTakesWriteLock()) {
            return WriteAccess.NONE;
        }
        Duration wait = plan.lockWaitTimeout();
        return new WriteAccess(WriteAccess.Need.TURN, wait == null ? lockWaitTimeout : wait, plan.name());
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

    void begin(TransactionPlan plan) throws SQLException {
        requireNotLost();
        if (state == State.OPEN) {
            throw new R2dbcNonTransientResourceException(
                    "A transaction is open on this connection already. Commit or roll it back first, or use"
                            + " createSavepoint for a part that can be undone alone.",
                    "25001");
        }
        try {
            apply(plan);
            session.begin(readOnly);
            state = State.OPEN;
        } finally {
            if (state != State.OPEN) {
                abandonBegin();
            }
        }
    }

    private void apply(TransactionPlan plan) throws SQLException {
        IsolationLevel level = plan.isolation();
        if (level != null) {
            isolation = session.setIsolation(level);
        }
        Duration wait = plan.lockWaitTimeout();
        if (wait != null) {
            session.setLockWaitTimeout(wait);
            lockWaitTimeout = wait;
        }
        statementTimeout = plan.statementTimeout();
        readOnly = plan.readOnly();
    }

    /** A begin may fail after the database has begun. */
    private void abandonBegin() throws SQLException {
        try {
            session.rollback();
        } finally {
            restore();
        }
    }

    /** Begins what auto-commit being off asks for, at the first statement that needs it. */
    void beforeStatement(SqlCommand.Kind kind) throws SQLException {
        requireNotLost();
        if (kind == SqlCommand.Kind.TRANSACTION) {
            session.requireTransactionsInSql();
        }
        if (!autoCommit && state == State.NONE && kind != SqlCommand.Kind.TRANSACTION) {
            session.begin(false);
            state = State.OPEN;
        }
    }

    /** A statement may have begun or ended a transaction in SQL. */
    void afterTransactionStatement() throws SQLException {
        boolean open = session.isInTransaction();
        if (open && state == State.NONE) {
            state = State.OPEN;
            begunInSql = true;
        } else if (!open && state == State.OPEN) {
            ended();
        }
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
        session.requireSavepoints();
        boolean begins = state == State.NONE;
        if (begins) {
            begin(TransactionPlan.PLAIN);
        }
        boolean made = false;
        try {
            session.createSavepoint(name);
            made = true;
        } finally {
            if (begins && !made) {
                rollback();
            }
        }
    }

    void releaseSavepoint(String name) throws SQLException {
        requireNotLost();
        session.releaseSavepoint(name);
        // An outermost SAVEPOINT in SQL began the transaction, and releasing it commits.
        if (begunInSql && !session.isInTransaction()) {
            ended();
        }
    }

    void rollbackToSavepoint(String name) throws SQLException {
        requireNotLost();
        session.rollbackToSavepoint(name);
    }

    void setIsolation(IsolationLevel level) throws SQLException {
        isolation = session.setIsolation(level);
        sessionIsolation = isolation;
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
        restore();
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
        restore();
    }

    /** What the definition of the transaction has changed becomes what it was. */
    private void restore() throws SQLException {
        statementTimeout = null;
        readOnly = false;
        begunInSql = false;
        session.ended();
        if (!lockWaitTimeout.equals(sessionLockWaitTimeout)) {
            lockWaitTimeout = sessionLockWaitTimeout;
            session.setLockWaitTimeout(sessionLockWaitTimeout);
        }
        restoreIsolation();
    }

    private void restoreIsolation() throws SQLException {
        if (!isolation.equals(sessionIsolation)) {
            isolation = session.setIsolation(sessionIsolation);
        }
    }
}
