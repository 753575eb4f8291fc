package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;

/** Client and server did not agree on TLS. A retry does not help; nothing was sent in plain text. */
public final class TlsFailedException extends R2dbcNonTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient String where;
    private final transient String found;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param where host and port; a user or password in it is not shown
     * @param found what was found, as a clause without a full stop
     * @param next what to do next, as a sentence without a full stop
     * @param cause what the driver answered
     */
    public TlsFailedException(String connectionName, String where, String found, String next, Throwable cause) {
        super(
                ErrorText.connection(connectionName) + ": no connection to " + ErrorText.where(where) + ", since "
                        + found + ". " + next + ".",
                ErrorFacts.sqlState(cause),
                ErrorFacts.errorCode(cause),
                cause);
        this.connectionName = connectionName;
        this.where = ErrorText.where(where);
        this.found = found;
        this.facts = ErrorFacts.about(connectionName)
                .and("where", this.where)
                .and("found", found)
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

    /** {@return host and port; a user or password in it is not shown} */
    public String where() {
        return where;
    }

    /** {@return what was found, as a clause without a full stop} */
    public String found() {
        return found;
    }
}
