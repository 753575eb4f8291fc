package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;

/** No replica is in the rotation, and the group does not let its primary serve reads. Nothing was sent to a database. */
public final class NoReplicaException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String logicalName;
    private final transient int replicas;

    /**
     * Builds the message.
     *
     * @param logicalName the name of the whole
     * @param replicas how many the group has
     */
    public NoReplicaException(String logicalName, int replicas) {
        super(Shown.quoted(logicalName) + " has no replica in its rotation, of " + replicas
                + ": they do not answer their probes, or are too far behind. Try again later, read with"
                + " ReadConsistency.PRIMARY, or let the group use its primary with withoutReplica(PRIMARY).");
        this.logicalName = logicalName;
        this.replicas = replicas;
    }

    /** {@return the logical name} */
    @Override
    public String connectionName() {
        return logicalName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(logicalName, Map.of("replicas", replicas));
    }
}
