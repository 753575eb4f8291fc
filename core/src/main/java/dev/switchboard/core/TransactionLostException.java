package dev.switchboard.core;

import io.r2dbc.spi.R2dbcRollbackException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A cancelled statement inside a transaction could not be read to its end in time, and stopping it cost the transaction: the
 * server aborted it (PostgreSQL does so for a stopped statement), or the connection had to be closed.
 */
public final class TransactionLostException extends R2dbcRollbackException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String abandonedSql;
    private final transient Duration drained;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param abandonedSql the statement that was cancelled
     * @param drained how long its rows were drained before the server was asked to stop it
     */
    public TransactionLostException(@Nullable String connectionName, String abandonedSql, Duration drained) {
        super(message(connectionName, abandonedSql, drained));
        this.connectionName = connectionName;
        this.abandonedSql = ErrorText.sql(abandonedSql);
        this.drained = drained;
        this.facts = ErrorFacts.about(connectionName)
                .and("abandonedSql", this.abandonedSql)
                .and("drained", drained)
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

    /** {@return the statement that was cancelled} */
    public String abandonedSql() {
        return abandonedSql;
    }

    /** {@return how long its rows were drained before the server was asked to stop it} */
    public Duration drained() {
        return drained;
    }

    private static String message(@Nullable String name, String abandonedSql, Duration drained) {
        return ErrorText.connection(name)
                + ": the transaction is lost and nothing of it is kept. A cancelled statement was"
                + " still sending rows after " + ErrorText.duration(drained) + " of draining, and stopping it ended the"
                + " transaction: [" + ErrorText.sql(abandonedSql) + "]. Run the transaction again, and end such a"
                + " statement with LIMIT or give it a fetchSize.";
    }
}
