package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;

/** A name was to be paused or moved that is paused already. Nothing was changed. */
public final class ConnectionPausedException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     */
    public ConnectionPausedException(String connectionName) {
        super(ErrorText.connection(connectionName)
                + " is paused already, by somebody else who moves it. Wait until that is done, or call resume(..) if it was"
                + " forgotten.");
        this.connectionName = connectionName;
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return ErrorFacts.about(connectionName).build();
    }
}
