package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;

/** No connection could be opened. The driver's own error is the cause. */
public final class CannotConnectException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient String where;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param where host and port, or the file; a user or password in it is not shown
     * @param cause what the driver answered
     */
    public CannotConnectException(String connectionName, String where, Throwable cause) {
        super(
                ErrorText.connection(connectionName) + ": cannot connect to " + ErrorText.where(where) + " ("
                        + ErrorFacts.kind(cause)
                        + "). Check that it is running and can be reached from here, and the address in its definition.",
                ErrorFacts.sqlState(cause),
                ErrorFacts.errorCode(cause),
                cause);
        this.connectionName = connectionName;
        this.where = ErrorText.where(where);
        this.facts = ErrorFacts.about(connectionName)
                .and("where", this.where)
                .andCause(cause)
                .build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return host and port, or the file; a user or password in it is not shown} */
    public String where() {
        return where;
    }
}
