package dev.switchboard.core;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What every error of this library answers, whatever its class. The superclass of an error, one of R2DBC's own, answers
 * whether a retry can help; this interface answers that the error is ours, which connection it is about and what was found.
 *
 * <p>A driver's own error passes on with its class unchanged and does not implement this interface; where one of ours
 * stands in front of it, it is the cause.
 *
 * <p>Java serialization carries message, codes and cause of an error and leaves its facts behind: what this interface and the
 * getters of the classes answer is null afterwards.
 */
public interface SwitchboardError {

    /**
     * The name of the connection that the error is about, exactly as it was asked for.
     *
     * @return the name, or null where no name was known
     */
    @Nullable
    String connectionName();

    /**
     * The facts that the message was built from, in the order of the message: strings, numbers, durations and lists of them,
     * fit for a structured log. It holds no password, token or key, and no null. Names are shortened and their control
     * characters made visible.
     *
     * @return an unmodifiable map
     */
    Map<String, Object> facts();
}
