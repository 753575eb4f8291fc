package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Something was asked of a connection after it had been closed. Nothing reached the database. */
public final class ConnectionReleasedException extends R2dbcNonTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String operation;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param operation what was asked
     */
    public ConnectionReleasedException(@Nullable String connectionName, String operation) {
        super(ErrorText.connection(connectionName) + ": " + operation
                + " was asked of a connection that is closed already; nothing reached the database."
                + " Take a new connection, and keep all its work inside Flux.usingWhen(..).");
        this.connectionName = connectionName;
        this.operation = operation;
        this.facts =
                ErrorFacts.about(connectionName).and("operation", operation).build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return what was asked} */
    public String operation() {
        return operation;
    }
}
