package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;

/** What a database answered cannot be merged in order with what the others answer. The rows are not part of the message. */
public final class ShardOrderException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String shard;
    private final transient String found;

    /**
     * Builds the message.
     *
     * @param shard the name of the connection
     * @param found what was found, as a sentence without a full stop
     * @param next what to do next, as a sentence without a full stop
     */
    public ShardOrderException(String shard, String found, String next) {
        super("The rows of the shard " + Shown.quoted(shard) + " cannot be merged in order: " + found + ". " + next
                + ".");
        this.shard = shard;
        this.found = found;
    }

    static ShardOrderException notInOrder(String shard) {
        return new ShardOrderException(
                shard,
                "a row came behind one that it belongs before",
                "Let the SQL order by exactly what the comparator compares; texts are ordered by the collation of the"
                        + " database, and NULL by its product, unless the SQL says otherwise");
    }

    static ShardOrderException sameKey(String shard) {
        return new ShardOrderException(
                shard,
                "two rows have the same key, and a page could end between them",
                "Make a key of more columns, such as the primary key behind the others, so that it is unique in its database");
    }

    static ShardOrderException notBehind(String shard) {
        return new ShardOrderException(
                shard,
                "a page began with a row that does not come behind the one before the page",
                "Let the SQL leave out everything up to the key that it is given, and order by that key");
    }

    static ShardOrderException withoutKey(String shard) {
        return new ShardOrderException(
                shard, "a row has no key", "Take columns that are never NULL for the key, or leave such rows out");
    }

    @Override
    public String connectionName() {
        return shard;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(shard, Map.of("found", found));
    }
}
