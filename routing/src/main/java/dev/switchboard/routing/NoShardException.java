package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** It cannot be said which shard a query is for: a shard key is missing, or no shard has it. Nothing was sent to a database. */
public final class NoShardException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String logicalName;

    /**
     * Builds the message.
     *
     * @param logicalName the name that stands for all its shards, or null where none was chosen
     * @param found what was found, as a sentence without a full stop
     * @param next what to do next, as a sentence without a full stop
     */
    public NoShardException(@Nullable String logicalName, String found, String next) {
        super(found + ". " + next + ".");
        this.logicalName = logicalName;
    }

    static NoShardException withoutKey(String logicalName) {
        return new NoShardException(
                logicalName,
                Shown.quoted(logicalName) + " stands for several shards, and the Context has no shard key",
                "Say which one with contextWrite(usingShardKey(key)), or name a shard itself with"
                        + " usingConnection(\"name\")");
    }

    static NoShardException withoutName(ShardKey key) {
        return new NoShardException(
                null,
                "The Context has the " + key + ", and no name that stands for shards",
                "Choose one with contextWrite(usingConnection(\"name\")), or set one for all with"
                        + " defaultLogicalName(\"name\") of the ShardRouter");
    }

    static NoShardException notSharded(String name, ShardKey key) {
        return new NoShardException(
                name,
                "Connection " + Shown.quoted(name) + " has no shards, and the Context has the " + key,
                "Remove the key, choose a name that stands for shards, or give this one shards in the ShardRouter");
    }

    static NoShardException unknownKey(String logicalName, ShardKey key) {
        return new NoShardException(
                logicalName,
                "No shard of " + Shown.quoted(logicalName) + " has the " + key,
                "Correct the key, or give it a shard in the map");
    }

    static NoShardException noShards(String logicalName) {
        return new NoShardException(
                logicalName,
                Shown.quoted(logicalName) + " stands for no shards",
                "Give it some with replace(..) of the ShardRouter, or correct the name");
    }

    static NoShardException unknownShard(String logicalName, String shard) {
        return new NoShardException(
                logicalName,
                Shown.quoted(shard) + " is no shard of " + Shown.quoted(logicalName),
                "Name shards that its map has");
    }

    static NoShardException strayAnswer(String logicalName, ShardKey key, String answer) {
        return new NoShardException(
                logicalName,
                "The map of " + Shown.quoted(logicalName) + " leads the " + key + " to " + Shown.quoted(answer)
                        + ", which is none of its shards",
                "Correct what the map's function or directory answers, or add that shard to the map");
    }

    /** {@return the logical name, or null where none was chosen} */
    @Override
    public @Nullable String connectionName() {
        return logicalName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(logicalName, Map.of());
    }
}
