package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A replica group is wrong: its members, its figures, or what its selector chose. */
public final class InvalidReplicaGroupException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String logicalName;

    /**
     * Builds the message.
     *
     * @param logicalName the name of the whole, or null where it is not known yet
     * @param found what was found, as a part of a sentence
     * @param next what to do next, as a sentence without a full stop
     */
    public InvalidReplicaGroupException(@Nullable String logicalName, String found, String next) {
        super((logicalName == null ? "The replica group" : "The replica group of " + Shown.quoted(logicalName))
                + " was refused: " + found + ". " + next + ".");
        this.logicalName = logicalName;
    }

    /** {@return the logical name, or null where it is not known} */
    @Override
    public @Nullable String connectionName() {
        return logicalName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(logicalName, Map.of());
    }
}
