package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;

/**
 * No replica is in the rotation, and the group does not let its primary serve reads; or no server is known that has what the
 * session wrote, while some do not answer. Nothing was sent to a database.
 */
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
        this(
                logicalName,
                replicas,
                Shown.quoted(logicalName) + " has no replica in its rotation, of " + replicas
                        + ": they do not answer their probes, or are too far behind. Try again later, read with"
                        + " ReadConsistency.PRIMARY, or let the group use its primary with withoutReplica(PRIMARY).");
    }

    private NoReplicaException(String logicalName, int replicas, String message) {
        super(message);
        this.logicalName = logicalName;
        this.replicas = replicas;
    }

    /** Some do not answer, and no other one has what the session wrote. */
    static NoReplicaException behindSession(String logicalName, int replicas) {
        return new NoReplicaException(
                logicalName,
                replicas,
                "No member of " + Shown.quoted(logicalName) + " that answers has what this session wrote, and not all"
                        + " answer. Try again later, read with another ReadConsistency, or take a member that is gone for good"
                        + " out of the ReplicaGroup.");
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
