package dev.switchboard.core;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The server stopped a statement because it ran longer than {@code setStatementTimeout} of its connection or
 * {@code statementTimeout} of its settings allowed. The driver's own error, which differs between products, is the cause. A
 * time-out that somebody else set, on the server or in the driver's own options, passes on as the driver's own error.
 */
public final class StatementTimeoutException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String timedOutSql;
    private final transient Duration limit;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param sql the statement
     * @param limit how long it was allowed to run
     * @param cause the driver's error
     */
    public StatementTimeoutException(
            @Nullable String connectionName, String sql, Duration limit, R2dbcException cause) {
        super(
                ErrorText.connection(connectionName) + ": the server stopped a statement after its time-out of "
                        + ErrorText.duration(limit) + ": [" + ErrorText.sql(sql)
                        + "]. Make it faster, or allow it longer with setStatementTimeout(..), or with"
                        + " statementTimeout of its settings.",
                cause.getSqlState(),
                cause.getErrorCode(),
                cause);
        this.connectionName = connectionName;
        this.timedOutSql = ErrorText.sql(sql);
        this.limit = limit;
        this.facts = ErrorFacts.about(connectionName)
                .and("sql", this.timedOutSql)
                .and("limit", limit)
                .andCause(cause)
                .build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return the statement, shortened} */
    public String timedOutSql() {
        return timedOutSql;
    }

    /** {@return how long it was allowed to run} */
    public Duration limit() {
        return limit;
    }
}
