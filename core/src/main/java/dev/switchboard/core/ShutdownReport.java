package dev.switchboard.core;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a registry was closed.
 *
 * @param took how long that took
 * @param forced the connections that were still on loan when their time was over and were closed by force
 * @param isComplete whether everything is closed; else the limit was over before, and the rest goes on in the background
 */
public record ShutdownReport(Duration took, List<Forced> forced, boolean isComplete) {

    /**
     * Copies the list.
     *
     * @param took how long that took
     * @param forced the connections that were closed by force
     * @param isComplete whether everything is closed
     */
    public ShutdownReport {
        forced = List.copyOf(forced);
    }

    /** {@return whether everybody came to an end by himself} */
    public boolean isClean() {
        return isComplete && forced.isEmpty();
    }

    /**
     * A connection that was closed by force.
     *
     * @param name the name of the connection; one with an override is called {@code orders[database=shard02]}
     * @param connection the id of the physical connection
     * @param sql the statement that ran on it, on one line of at most 120 characters and without values, or a word such as
     *     {@code commit}; null where it was held and did nothing
     */
    public record Forced(
            String name, UUID connection, @Nullable String sql) {}
}
