package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction's definition says, read once on its caller's thread: the definition is the caller's own code, may throw
 * and may answer something else the next time.
 *
 * @param isolation the level that it asks for, null for the one of the session
 * @param readOnly whether it only reads
 * @param lockWaitTimeout how long it waits for locks, null for as long as the session does
 * @param statementTimeout how long its statements may work, null for as long as those of the session
 * @param name its name, empty if it has none
 */
record TransactionPlan(
        @Nullable IsolationLevel isolation,
        boolean readOnly,
        @Nullable Duration lockWaitTimeout,
        @Nullable Duration statementTimeout,
        String name) {
    static final TransactionPlan PLAIN = new TransactionPlan(null, false, null, null, "");

    static TransactionPlan of(TransactionDefinition definition) {
        String name = definition.getAttribute(TransactionDefinition.NAME);
        return new TransactionPlan(
                definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL),
                Boolean.TRUE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY)),
                timeout(definition, TransactionDefinition.LOCK_WAIT_TIMEOUT),
                timeout(definition, ConnectionFactoryOptions.STATEMENT_TIMEOUT),
                name == null ? "" : name);
    }

    private static @Nullable Duration timeout(TransactionDefinition definition, Option<Duration> option) {
        Duration timeout = definition.getAttribute(option);
        return timeout == null ? null : Arguments.requireTimeout(timeout);
    }
}
