package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A pooled connection did not pass its validation and was closed. */
public final class ValidationFailedException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param cause what the driver answered, or null where it did not answer in time
     */
    public ValidationFailedException(String connectionName, @Nullable Throwable cause) {
        super(
                ErrorText.connection(connectionName)
                        + ": a pooled connection did not pass its validation and was closed."
                        + " A retry takes another one; if this goes on, check the server, the network and validationTimeout of its PoolOptions.",
                ErrorFacts.sqlState(cause),
                ErrorFacts.errorCode(cause),
                cause);
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName).andCause(cause).build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
