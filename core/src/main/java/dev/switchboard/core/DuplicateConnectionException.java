package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;

/** A connection is registered under this name already. */
public final class DuplicateConnectionException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     */
    public DuplicateConnectionException(String connectionName) {
        super(ErrorText.connection(connectionName)
                + " is registered already. A name stands for one definition. Call replace(..) to move it to another database,"
                + " or registerIfAbsent(..) to keep the one that is there.");
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName).build();
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
