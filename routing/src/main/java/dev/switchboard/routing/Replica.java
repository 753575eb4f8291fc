package dev.switchboard.routing;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A member of a {@link ReplicaGroup} that copies its primary, as it stood at one moment.
 *
 * @param connectionName its name in the registry
 * @param weight what the group says of it, 1 unless set
 * @param inUse connections that borrowers hold, and borrowers that wait for one
 * @param latency the moving average of how long its probes took, without the wait for a connection; null before the first one
 * @param behind how far behind the primary it is at most; null where that is not known
 * @param inRotation whether reads may go there
 */
public record Replica(
        String connectionName,
        int weight,
        int inUse,
        @Nullable Duration latency,
        @Nullable Duration behind,
        boolean inRotation) {}
