package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A map of shards that cannot be meant: it has a gap or an overlap, or names a connection that nobody registered. */
public final class InvalidShardMapException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String logicalName;
    private final transient String found;

    /**
     * Builds the message.
     *
     * @param logicalName the name that stands for all its shards, or null where it has none yet
     * @param found what was found, as a part of a sentence
     * @param allowed what is allowed, as a sentence without a full stop
     */
    public InvalidShardMapException(@Nullable String logicalName, String found, String allowed) {
        super("The shards" + (logicalName == null ? "" : " of " + Shown.quoted(logicalName)) + " were not changed: "
                + found + ". " + allowed + ".");
        this.logicalName = logicalName;
        this.found = found;
    }

    /** {@return the logical name, or null where the map has none yet} */
    @Override
    public @Nullable String connectionName() {
        return logicalName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(logicalName, Map.of("found", found));
    }
}
