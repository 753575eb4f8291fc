package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A text is no cursor of ours for this query. It may come from anybody, so nothing of it is repeated here. */
public final class InvalidCursorException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    /**
     * Builds the message.
     *
     * @param found what was found, as a sentence without a full stop and without the text
     */
    public InvalidCursorException(String found) {
        super("A cursor was not taken: " + found + ". Begin again with the first page.");
    }

    static InvalidCursorException ofAnotherVersion() {
        return new InvalidCursorException("it was written by another version of this program, for another kind of key");
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
