package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connection was lost during a commit: the transaction may or may not have been committed. It is never retried by
 * itself.
 */
public final class OutcomeUnknownException extends R2dbcNonTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param cause what the driver answered
     */
    public OutcomeUnknownException(@Nullable String connectionName, Throwable cause) {
        super(
                ErrorText.connection(connectionName)
                        + ": the connection was lost during the commit. The transaction may or may not have been"
                        + " committed; it is not retried. Read the data to find out, and make the operation safe to repeat before repeating it.",
                ErrorFacts.sqlState(cause),
                ErrorFacts.errorCode(cause),
                cause);
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName).andCause(cause).build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
