package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What was asked of a handle's setters, until it can be applied to a connection. */
final class SessionSettings {

    private @Nullable IsolationLevel isolation;
    private @Nullable Duration lockWaitTimeout;
    private @Nullable Duration statementTimeout;
    private @Nullable Duration lockWaitLimit;
    private @Nullable Duration statementLimit;
    private boolean autoCommit = true;
    private boolean isolationPending;
    private boolean autoCommitPending;

    synchronized boolean pending() {
        return isolationPending || autoCommitPending || lockWaitTimeout != null || statementTimeout != null;
    }

    synchronized @Nullable IsolationLevel isolation() {
        return isolation;
    }

    synchronized void isolation(IsolationLevel level) {
        isolation = level;
        isolationPending = true;
    }

    synchronized void lockWaitTimeout(Duration timeout) {
        lockWaitTimeout = timeout;
    }

    synchronized void statementTimeout(Duration timeout) {
        statementTimeout = timeout;
    }

    /**
     * How long this handle lets a statement run, or null where there is no limit.
     *
     * @param configured what its connection was set to, or null; holds until this handle says otherwise
     */
    synchronized @Nullable Duration statementLimit(@Nullable Duration configured) {
        Duration limit = statementLimit == null ? configured : statementLimit;
        return limit == null || limit.isZero() ? null : limit;
    }

    /** How long this handle wants to wait for a lock, or null where it has not said. */
    synchronized @Nullable Duration lockWait() {
        return lockWaitTimeout == null ? lockWaitLimit : lockWaitTimeout;
    }

    /** What was applied to one connection is to be applied to the next one. */
    synchronized void again() {
        isolationPending |= isolation != null;
        autoCommitPending |= !autoCommit;
        lockWaitTimeout = lockWait();
        statementTimeout = statementTimeout == null ? statementLimit : statementTimeout;
    }

    synchronized boolean autoCommit() {
        return autoCommit;
    }

    synchronized void autoCommit(boolean wanted) {
        autoCommitPending |= wanted != autoCommit;
        autoCommit = wanted;
    }

    /** With auto-commit off the next statement begins the next transaction. */
    synchronized void transactionEnded() {
        autoCommitPending |= !autoCommit;
    }

    /** The session is as it was before anything was set. */
    synchronized void forget() {
        isolation = null;
        lockWaitTimeout = null;
        statementTimeout = null;
        lockWaitLimit = null;
        statementLimit = null;
        autoCommit = true;
        isolationPending = false;
        autoCommitPending = false;
    }

    /**
     * Applies what is pending, each at most once; an error leaves the rest for the next attempt. A wish that the driver would
     * ignore stays, so that no later statement runs without it unnoticed.
     */
    synchronized Mono<Void> apply(PhysicalConnection physical, SessionChanges changes, @Nullable String name) {
        Connection driver = physical.driver();
        Mono<Void> work = Mono.empty();
        IsolationLevel level = isolation;
        if (isolationPending && level != null) {
            isolationPending = false;
            changes.isolation();
            work = work.then(TransactionStart.isolation(physical, level));
        }
        Duration lockWait = lockWaitTimeout;
        if (lockWait != null) {
            if (!physical.sheet().can(DriverSheet.Capability.LOCK_TIMEOUT)) {
                return work.then(refused(physical, name, "a lock wait time-out"));
            }
            lockWaitTimeout = null;
            lockWaitLimit = lockWait;
            changes.timeouts();
            work = work.then(Mono.from(driver.setLockWaitTimeout(lockWait)));
        }
        Duration statement = statementTimeout;
        if (statement != null) {
            if (!physical.sheet().can(DriverSheet.Capability.STATEMENT_TIMEOUT)) {
                return work.then(refused(physical, name, "a statement time-out"));
            }
            statementTimeout = null;
            statementLimit = statement;
            changes.timeouts();
            work = work.then(Mono.from(driver.setStatementTimeout(statement)));
        }
        if (autoCommitPending) {
            autoCommitPending = false;
            changes.autoCommit();
            work = work.then(Mono.from(driver.setAutoCommit(autoCommit)));
        }
        return work;
    }

    private static Mono<Void> refused(PhysicalConnection physical, @Nullable String name, String feature) {
        return Mono.error(new UnsupportedFeatureException(
                name,
                physical.sheet().product(),
                feature + " (its driver ignores the wish)",
                "Set it on the server or in the connection's options, or bound the chain with timeout(..)"));
    }
}
