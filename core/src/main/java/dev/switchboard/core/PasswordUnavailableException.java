package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;

/** The supplier of a connection's password failed, gave nothing or took too long. Nothing was sent to the server. */
public final class PasswordUnavailableException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param cause what the supplier answered, or a {@link java.util.concurrent.TimeoutException}; its message is not repeated
     */
    public PasswordUnavailableException(String connectionName, Throwable cause) {
        super(
                ErrorText.connection(connectionName) + ": its password supplier gave no password ("
                        + ErrorFacts.kind(cause)
                        + "). It has to give one text within the createTimeout of its PoolOptions; the cause says what it"
                        + " did instead.",
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
