package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;

/** One of several databases that were asked did not answer to the end in the time that each of them has. */
public final class ShardTimeoutException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String shard;
    private final transient Duration limit;

    /**
     * Builds the message.
     *
     * @param shard the name of the connection
     * @param limit how long it had
     */
    public ShardTimeoutException(String shard, Duration limit) {
        super("The shard " + Shown.quoted(shard) + " did not answer to the end within " + limit.toMillis()
                + " ms. Allow it longer with withTimeout(..) of the fan-out, ask it for less, or take what the others say with"
                + " partial(..).");
        this.shard = shard;
        this.limit = limit;
    }

    @Override
    public String connectionName() {
        return shard;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(shard, Map.of("limit", limit));
    }
}
