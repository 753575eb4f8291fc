package dev.switchboard.routing;

import java.util.Comparator;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * How a database is read page by page along a key, without an offset: each page begins behind the key of the last row before it.
 * Between two pages nothing is held, neither a connection nor a cursor of the server. Immutable.
 *
 * <pre>{@code Keyset<Order, Long> byId = Keyset.of(Order::id, (after, rows) ->
 *         db.sql("SELECT id, total FROM orders WHERE id > :after ORDER BY id LIMIT :rows")
 *                 .bind("after", after == null ? 0L : after)
 *                 .bind("rows", rows)
 *                 .map(Order.class)
 *                 .all());}</pre>
 *
 * @param <T> the type of a row
 * @param <K> the type of the key: unique in its database, never null; a record for a key of several columns
 */
public final class Keyset<T, K> {

    private static final int ROWS = 100;

    /**
     * Reads one page of one database.
     *
     * @param <T> the type of a row
     * @param <K> the type of the key
     */
    @FunctionalInterface
    public interface Query<T, K> {

        /**
         * A page, as it is asked of each database.
         *
         * @param after the key behind which the page begins, or null for the first one
         * @param rows how many rows at most
         * @return the rows in the order of their keys
         */
        Publisher<T> page(@Nullable K after, int rows);
    }

    private final Function<? super T, ? extends K> key;
    private final Comparator<? super K> order;
    private final Query<T, K> query;
    private final int pageSize;

    private Keyset(Function<? super T, ? extends K> key, Comparator<? super K> order, Query<T, K> query, int pageSize) {
        this.key = key;
        this.order = order;
        this.query = query;
        this.pageSize = pageSize;
    }

    /**
     * Along a key in its natural order: a number or a date. The order of texts and of UUIDs is not the same in SQL, so those
     * are an error when the first two of them are compared; say it with {@link #of(Function, Comparator, Query)}.
     *
     * @param key the key of a row
     * @param query reads a page
     * @param <T> the type of a row
     * @param <K> the type of the key
     * @return pages of 100 rows
     */
    public static <T, K extends Comparable<? super K>> Keyset<T, K> of(
            Function<? super T, ? extends K> key, Query<T, K> query) {
        return of(key, Keyset::natural, query);
    }

    private static <K extends Comparable<? super K>> int natural(K one, K other) {
        if (one instanceof String || one instanceof UUID) {
            throw new IllegalArgumentException(
                    "Keys of the type " + one.getClass().getSimpleName()
                            + " were to be read in their natural order, which is Java's and not that of SQL: rows could be"
                            + " skipped. Write Keyset.of(key, order, query), and let the SQL order alike, such as ORDER BY key"
                            + " COLLATE \"C\" on PostgreSQL or ORDER BY BINARY key on MySQL and MariaDB for texts.");
        }
        return one.compareTo(other);
    }

    /**
     * Along a key in any order.
     *
     * @param key the key of a row
     * @param order which key comes first, just as the SQL has it
     * @param query reads a page
     * @param <T> the type of a row
     * @param <K> the type of the key
     * @return pages of 100 rows
     */
    public static <T, K> Keyset<T, K> of(
            Function<? super T, ? extends K> key, Comparator<? super K> order, Query<T, K> query) {
        return new Keyset<>(
                Objects.requireNonNull(key, "key"),
                Objects.requireNonNull(order, "order"),
                Objects.requireNonNull(query, "query"),
                ROWS);
    }

    /**
     * How many rows of each database are read at a time, 100 unless set. So many rows of each database are held in memory; one row
     * more is asked for, to see whether there are others.
     *
     * @param rows one or more
     * @return a copy
     * @throws IllegalArgumentException if it is less than one
     */
    public Keyset<T, K> withPageSize(int rows) {
        if (rows < 1 || rows == Integer.MAX_VALUE) {
            throw new IllegalArgumentException("Pages of " + rows + " rows were asked for. Allowed: one or more.");
        }
        return new Keyset<>(key, order, query, rows);
    }

    int pageSize() {
        return pageSize;
    }

    Comparator<? super K> order() {
        return order;
    }

    /** The order of rows, by their keys. */
    Comparator<T> rowOrder() {
        return Comparator.comparing(key, order);
    }

    @Nullable
    K key(T row) {
        return key.apply(row);
    }

    Publisher<T> page(@Nullable K after, int rows) {
        return query.page(after, rows);
    }
}
