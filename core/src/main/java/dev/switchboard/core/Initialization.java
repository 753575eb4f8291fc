package dev.switchboard.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How warming up one connection ended.
 *
 * @param name the connection name
 * @param connections how many connections are open now
 * @param took how long it took
 * @param failure why it is not ready, or null where it is
 * @param done how many names have ended, this one included
 * @param total how many names there are
 */
public record Initialization(
        String name,
        int connections,
        Duration took,
        @Nullable Throwable failure,
        int done,
        int total) {

    /** {@return whether the name can be used now} */
    public boolean isReady() {
        return failure == null;
    }
}
