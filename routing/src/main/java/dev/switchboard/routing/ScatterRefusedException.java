package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;

/** All shards of a logical name were to be asked, and nobody has allowed that. Nothing was sent to a database. */
public final class ScatterRefusedException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String logicalName;
    private final transient int shards;

    /**
     * Builds the message.
     *
     * @param logicalName the name that stands for all its shards
     * @param shards how many it has
     */
    public ScatterRefusedException(String logicalName, int shards) {
        super("All " + shards + " shards of " + Shown.quoted(logicalName)
                + " were to be asked, which nobody has allowed. Write usingShardKey(key) where one shard has the answer, name the"
                + " shards that have it with fanOut(name, shards), or allow it once with allowScatter(\""
                + Shown.name(logicalName) + "\") of the ShardRouter.");
        this.logicalName = logicalName;
        this.shards = shards;
    }

    @Override
    public String connectionName() {
        return logicalName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(logicalName, Map.of("shards", shards));
    }
}
