package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was given cannot be a shard key. The value is not part of the message, since it may come from a request. */
public final class InvalidShardKeyException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String found;

    /**
     * Builds the message.
     *
     * @param found what was found, in words
     */
    public InvalidShardKeyException(String found) {
        super("A shard key was " + found + ". Allowed: a text of 1 to 1000 characters, an integer number or a UUID."
                + " Use one of these, and the same one for everything that belongs together.");
        this.found = found;
    }

    /** {@return null, as there is no connection yet} */
    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("found", found);
    }
}
