package dev.switchboard.routing;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Chooses the replica for a read. Called once for each connection handle, by many threads at a time; must not block. One selector
 * may serve several groups.
 */
@FunctionalInterface
public interface ReplicaSelector {

    /**
     * Chooses.
     *
     * @param replicas those that may serve the read, never empty, in the order of the group
     * @return one of them; anything else is an {@link InvalidReplicaGroupException} for the read
     */
    Replica select(List<Replica> replicas);

    /** {@return one after the other} */
    static ReplicaSelector roundRobin() {
        AtomicInteger next = new AtomicInteger();
        return replicas -> replicas.get(Math.floorMod(next.getAndIncrement(), replicas.size()));
    }

    /** {@return the one with the fewest connections in use, in turn where they are equal} */
    static ReplicaSelector leastInUse() {
        ReplicaSelector turns = roundRobin();
        return replicas -> {
            int least = replicas.stream().mapToInt(Replica::inUse).min().orElseThrow();
            return turns.select(replicas.stream()
                    .filter(replica -> replica.inUse() == least)
                    .toList());
        };
    }

    /** {@return the one that answered its probes fastest, by a moving average; one without any probe yet comes first} */
    static ReplicaSelector lowestLatency() {
        return replicas -> replicas.stream()
                .min(Comparator.comparing(replica -> replica.latency() == null ? Duration.ZERO : replica.latency()))
                .orElseThrow();
    }

    /** {@return each as often as its weight says, by chance; one of weight 0 only where no other is left} */
    static ReplicaSelector weighted() {
        return replicas -> {
            long total = replicas.stream().mapToLong(Replica::weight).sum();
            if (total == 0) {
                return replicas.get(ThreadLocalRandom.current().nextInt(replicas.size()));
            }
            long ticket = ThreadLocalRandom.current().nextLong(total);
            for (Replica replica : replicas) {
                ticket -= replica.weight();
                if (ticket < 0) {
                    return replica;
                }
            }
            throw new IllegalStateException("The weights changed while they were counted");
        };
    }
}
