package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.Map;

/** No member of a replica group takes writes at this moment. Nothing was sent to a database. */
public final class NoPrimaryException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String logicalName;
    private final transient Duration waited;

    /**
     * Builds the message.
     *
     * @param logicalName the name of the whole
     * @param waited how long the writer was held
     */
    public NoPrimaryException(String logicalName, Duration waited) {
        super("No member of " + Shown.quoted(logicalName) + " takes writes at this moment"
                + (waited.isZero() ? "" : ", and none did for " + waited.toMillis() + " ms")
                + ". Try again later, or let writers wait longer with holdWriters(..) of the ReplicaGroup.");
        this.logicalName = logicalName;
        this.waited = waited;
    }

    /** {@return the logical name} */
    @Override
    public String connectionName() {
        return logicalName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(logicalName, Map.of("waited", waited));
    }
}
