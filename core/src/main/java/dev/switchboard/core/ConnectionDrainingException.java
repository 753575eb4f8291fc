package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;

/**
 * The name of a connection was unregistered while somebody waited for it, or its pool went while somebody held a connection of
 * it for too long. Who waits for a name that is replaced does not see it: it moves on to the new definition.
 */
public final class ConnectionDrainingException extends R2dbcNonTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     */
    public ConnectionDrainingException(String connectionName) {
        super(ErrorText.connection(connectionName)
                + " is draining: it was unregistered and takes no new borrowers."
                + " Trying again helps only once the name is registered again.");
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName).build();
    }

    /**
     * Builds the message for a borrower who lost its connection.
     *
     * @param connectionName the name of the connection
     * @param cause what the driver answered on the closed connection
     */
    public ConnectionDrainingException(String connectionName, Throwable cause) {
        super(
                ErrorText.connection(connectionName)
                        + " was unregistered or replaced, and this borrowed connection was closed by force when the drain time-out was over."
                        + " Return connections sooner, or raise drainTimeout of its PoolOptions.",
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
