package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;

/** The connection was removed or replaced while somebody waited for it, and takes no new borrowers. */
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
        super(
                ErrorText.connection(connectionName)
                        + " is draining: it was unregistered or replaced and takes no new borrowers."
                        + " Subscribe again: a replaced name is served by its new definition, a removed one has to be registered again.");
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
