package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The default connection was to be unregistered while it is the default. */
public final class DefaultConnectionException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String name;

    DefaultConnectionException(String name) {
        super(ErrorText.connection(name) + " is the default and was not unregistered. Make another one the default with"
                + " defaultConnection(name), or none with noDefaultConnection(), then unregister it again.");
        this.name = name;
    }

    @Override
    public @Nullable String connectionName() {
        return name;
    }

    @Override
    public Map<String, Object> facts() {
        return ErrorFacts.about(name).build();
    }
}
