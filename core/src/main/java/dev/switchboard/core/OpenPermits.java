package dev.switchboard.core;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The permits of the connections of one lane that are open. Used under the lock. */
final class OpenPermits {

    private final Set<Permit> permits = new LinkedHashSet<>();

    void add(Permit permit) {
        permits.add(permit);
    }

    void remove(Permit permit) {
        permits.remove(permit);
    }

    boolean isEmpty() {
        return permits.isEmpty();
    }

    /** The one that is idle for longest, this other one included. */
    @Nullable
    Permit longerIdle(@Nullable Permit other) {
        Permit oldest = other;
        for (Permit permit : permits) {
            if (permit.isIdle() && permit.isOlderThan(oldest)) {
                oldest = permit;
            }
        }
        return oldest;
    }

    /** The better one of this permit and all that a lane could take from here. */
    @Nullable
    Permit betterFor(Mover mover, @Nullable Permit other) {
        Permit best = other;
        for (Permit permit : permits) {
            if (permit.isFor(mover)) {
                best = permit.betterFor(mover, best);
            }
        }
        return best;
    }
}
