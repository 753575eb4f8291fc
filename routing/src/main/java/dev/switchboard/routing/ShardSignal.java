package dev.switchboard.routing;

import java.time.Duration;

/**
 * What happens while several databases are asked, see {@link FanOut#observe}: rows as they come, and one end for each database.
 *
 * @param <T> the type of a row
 */
public sealed interface ShardSignal<T> {

    /** {@return the name of the connection} */
    String shard();

    /**
     * A row arrived.
     *
     * @param shard the name of the connection
     * @param value the row
     * @param <T> the type of a row
     */
    record Row<T>(String shard, T value) implements ShardSignal<T> {}

    /**
     * A database has answered.
     *
     * @param shard the name of the connection
     * @param rows how many rows it had
     * @param duration from when it was asked to the end of its answer
     * @param ended how many databases have ended by now, this one included
     * @param of how many there are
     * @param <T> the type of a row
     */
    record Completed<T>(String shard, long rows, Duration duration, int ended, int of) implements ShardSignal<T> {}

    /**
     * A database failed; rows that arrived from it before are not all that it has.
     *
     * @param shard the name of the connection
     * @param failure its error
     * @param duration from when it was asked to its error
     * @param ended how many databases have ended by now, this one included
     * @param of how many there are
     * @param <T> the type of a row
     */
    record Failed<T>(String shard, Throwable failure, Duration duration, int ended, int of) implements ShardSignal<T> {}
}
