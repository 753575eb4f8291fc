package dev.switchboard.routing;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some rows of several databases in their order, and where the next ones begin.
 *
 * @param rows the rows with their databases
 * @param next the key behind which the next page begins; null where there is none
 * @param <T> the type of a row
 * @param <K> the type of the key
 */
public record ShardPage<T, K>(
        List<FromShard<T>> rows, @Nullable K next) {

    /**
     * Copies what it is given.
     *
     * @param rows the rows with their databases
     * @param next the key behind which the next page begins; null where there is none
     */
    public ShardPage {
        rows = List.copyOf(rows);
    }

    /** {@return the rows alone} */
    public List<T> values() {
        return rows.stream().map(FromShard::value).toList();
    }
}
