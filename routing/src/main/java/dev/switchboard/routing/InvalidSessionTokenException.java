package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A text is no session token of ours. It may come from anybody, so nothing of it is repeated here. */
public final class InvalidSessionTokenException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    /**
     * Builds the message.
     *
     * @param found what was found, as a sentence without a full stop and without the text
     */
    public InvalidSessionTokenException(String found) {
        super("A session token was not taken: " + found
                + ". Begin a session without it, with readYourWrites(), or read with ReadConsistency.PRIMARY.");
    }

    /** {@return null, as it belongs to no connection} */
    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of();
    }
}
