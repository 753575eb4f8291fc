package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The registry was closed and hands out no connections any more. */
public final class RegistryClosedException extends R2dbcNonTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     */
    public RegistryClosedException() {
        super("The connection registry is closed and hands out no connections any more."
                + " Create a new registry, or close this one only after its last user has finished.");
        this.facts = ErrorFacts.about(null).build();
    }

    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
