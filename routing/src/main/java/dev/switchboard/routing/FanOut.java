package dev.switchboard.routing;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collector;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One query on several databases, whose answers become one. Immutable; the {@code with} methods return copies.
 *
 * <pre>{@code FanOut everywhere = shards.fanOut("orders");
 *
 * Flux<Order> orders = everywhere.merge(db.sql("SELECT .. FROM orders").map(Order.class).all());
 * Mono<Long> count = everywhere.sum(db.sql("SELECT COUNT(*) FROM orders").map(Long.class).one());}</pre>
 *
 * <p>The query is an ordinary chain; it is subscribed once for each database, with the hint that leads there written nearest to
 * it. Nothing happens before subscription. At most {@link #withConcurrency} databases are asked at a time, and each of them
 * holds a connection only while it is asked, so a fan-out over many databases of one server needs few connections;
 * {@link #mergeOrdered} alone holds one of each at the same time. A cancel, or an error of one database, cancels all others.
 *
 * <p>Inside a transaction a fan-out is a {@link RouteConflictException}: a transaction belongs to one database.
 */
public final class FanOut {

    private static final int CONCURRENCY = 8;

    /** Enough to keep a merge going while the next rows are on their way, and few to leave behind. */
    private static final int PREFETCH = 32;

    private final Mono<List<FanOutTarget>> targets;
    private final int concurrency;
    private final int prefetch;
    private final @Nullable Duration timeout;

    private FanOut(Mono<List<FanOutTarget>> targets, int concurrency, int prefetch, @Nullable Duration timeout) {
        this.targets = targets;
        this.concurrency = concurrency;
        this.prefetch = prefetch;
        this.timeout = timeout;
    }

    /**
     * Over connections by their names.
     *
     * @param names names of the registry; each is asked once
     * @return the fan-out
     */
    public static FanOut over(String... names) {
        return over(List.of(names));
    }

    /**
     * Over connections by their names.
     *
     * @param names names of the registry; each is asked once
     * @return the fan-out
     */
    public static FanOut over(Collection<String> names) {
        List<FanOutTarget> targets = names.stream()
                .distinct()
                .map(name -> new FanOutTarget(name, RoutingKey.of(name)))
                .toList();
        return new FanOut(Mono.just(targets), CONCURRENCY, PREFETCH, null);
    }

    /** Over shards, which are looked up when the fan-out is subscribed. */
    static FanOut over(String logicalName, Mono<List<String>> shards) {
        RoutingHint whole = RoutingKey.of(logicalName);
        return new FanOut(
                shards.map(names -> names.stream()
                        .map(name -> new FanOutTarget(
                                name, context -> new ShardChoice(logicalName, name).apply(whole.apply(context))))
                        .toList()),
                CONCURRENCY,
                PREFETCH,
                null);
    }

    /**
     * How many databases are asked at a time, eight unless set. {@link #mergeOrdered} asks all of them at once.
     *
     * @param most one or more
     * @return a copy
     * @throws IllegalArgumentException if it is less than one
     */
    public FanOut withConcurrency(int most) {
        if (most < 1) {
            throw new IllegalArgumentException(
                    "A fan-out was to ask " + most + " databases at a time. Allowed: one or more.");
        }
        return new FanOut(targets, most, prefetch, timeout);
    }

    /**
     * How many rows {@link #mergeOrdered} asks of each database ahead, 32 unless set. The first row of all is known when each
     * database has sent one; {@code take(1)} leaves so many of each behind.
     *
     * @param rows one or more
     * @return a copy
     * @throws IllegalArgumentException if it is less than one
     */
    public FanOut withPrefetch(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException(
                    "A fan-out was to ask " + rows + " rows of each database ahead. Allowed: one or more.");
        }
        return new FanOut(targets, concurrency, rows, timeout);
    }

    /**
     * How long one database may take, from when it is asked to the end of its answer; for ever unless set. In
     * {@link #mergeOrdered} it is the time for a row that is asked for, as the end depends on the others and on the reader; it may
     * be a quarter longer then. With {@link #pages} it is the time for a page. What is slower fails with a
     * {@link ShardTimeoutException}.
     *
     * @param limit longer than zero
     * @return a copy
     * @throws IllegalArgumentException if it is not longer than zero
     */
    public FanOut withTimeout(Duration limit) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException(
                    "A fan-out was to wait " + limit + " for each database. Allowed: longer than zero.");
        }
        return new FanOut(targets, concurrency, prefetch, limit);
    }

    /**
     * Everything, as it comes. All or nothing: the error of one database is the error of the whole, and what came before it is
     * not complete.
     *
     * @param query what each database is asked
     * @param <T> the type of a row
     * @return the rows of all databases in the order of their arrival. An error that a database signalled carries a suppressed
     *     one that names the database
     */
    public <T> Flux<T> merge(Flux<T> query) {
        Objects.requireNonNull(query, "query");
        return each(target -> target.asked(query, timeout).onErrorMap(target::named));
    }

    /**
     * The same as {@link #merge}, where each row says which database it is from.
     *
     * @param query what each database is asked
     * @param <T> the type of a row
     * @return the rows with their databases
     */
    public <T> Flux<FromShard<T>> mergeNamed(Flux<T> query) {
        Objects.requireNonNull(query, "query");
        return each(target -> target.asked(query, timeout)
                .map(value -> new FromShard<>(target.shard(), value))
                .onErrorMap(target::named));
    }

    /**
     * Everything in order, as it is asked for: each database answers in the order of its own SQL, and the first of their next rows
     * is the next one. Rows that compare as equal come in the order of the databases. All or nothing, as {@link #merge} is.
     *
     * <p>All databases are read at the same time, each on a connection of its own. These connections are taken together: all of
     * them or none, so two such merges never wait for each other. Where a cap of the budget or a pool cannot give so many, it is a
     * {@link dev.switchboard.core.CapTooLowException} before anything is taken; {@link #pages} needs no more than one at a time.
     * A query that asks for a second connection, or one around which the chain holds one, does not wait for it.
     *
     * @param query what each database is asked, with an {@code ORDER BY} that agrees with the order
     * @param order which row comes first
     * @param <T> the type of a row
     * @return the rows of all databases in order, no more of which are read than are asked for, apart from
     *     {@link #withPrefetch}. {@link ShardOrderException} where a database answers in another order
     */
    public <T> Flux<T> mergeOrdered(Flux<T> query, Comparator<? super T> order) {
        return mergeOrderedNamed(query, order).map(FromShard::value);
    }

    /**
     * The same as {@link #mergeOrdered}, where each row says which database it is from.
     *
     * @param query what each database is asked
     * @param order which row comes first
     * @param <T> the type of a row
     * @return the rows with their databases
     */
    public <T> Flux<FromShard<T>> mergeOrderedNamed(Flux<T> query, Comparator<? super T> order) {
        Objects.requireNonNull(query, "query");
        Objects.requireNonNull(order, "order");
        return targets.flatMapMany(all -> new OrderedRows<T>(order, prefetch, timeout).of(all, query));
    }

    /**
     * Everything in the order of a key, read in pages. Between pages nothing is held, so this works for any number of databases below
     * any cap, and a later request can go on where this one has ended.
     *
     * @param keyset how each database is read
     * @param <T> the type of a row
     * @param <K> the type of the key
     * @return all rows in order, or page by page
     */
    public <T, K> ShardPages<T, K> pages(Keyset<T, K> keyset) {
        return new ShardPages<>(targets, Objects.requireNonNull(keyset, "keyset"), concurrency, timeout);
    }

    /**
     * Everything that can be had: rows, and for each database how it ended, so that a database that is down costs its own rows
     * only. This is also how to show progress.
     *
     * @param query what each database is asked
     * @param <T> the type of a row
     * @return rows and ends as they come; never an error of a database
     */
    public <T> Flux<ShardSignal<T>> observe(Flux<T> query) {
        Objects.requireNonNull(query, "query");
        return targets.flatMapMany(all -> {
            ShardProgress progress = new ShardProgress(all.size());
            return Flux.fromIterable(all)
                    .flatMap(target -> progress.watched(target.shard(), target.asked(query, timeout)), concurrency);
        });
    }

    /**
     * Everything that can be had, as one value.
     *
     * @param query what each database is asked
     * @param <T> the type of a row
     * @return the rows, and which databases failed and why; all rows are held in memory
     */
    public <T> Mono<Partial<T>> partial(Flux<T> query) {
        return observe(query).collectList().map(Partial::of);
    }

    /**
     * Everything, collected. All or nothing.
     *
     * @param query what each database is asked
     * @param collector gets the rows in the order of their arrival
     * @param <T> the type of a row
     * @param <R> the type of the result
     * @return what the collector makes of the rows of all databases
     */
    public <T, R> Mono<R> collect(Flux<T> query, Collector<? super T, ?, R> collector) {
        return merge(query).collect(collector);
    }

    /**
     * Makes one value of all rows. All or nothing.
     *
     * @param query what each database is asked
     * @param reduction makes one of two; rows come in the order of their arrival, so it must not depend on it
     * @param <T> the type of a row
     * @return the value; empty where no database has a row
     */
    public <T> Mono<T> reduce(Flux<T> query, BinaryOperator<T> reduction) {
        return merge(query).reduce(reduction);
    }

    /**
     * How many rows all databases have together.
     *
     * @param query the count of each database, as {@code SELECT COUNT(*)} says it
     * @return the sum of the counts
     * @throws ArithmeticException as an error, if the sum does not fit into 64 bits
     */
    public Mono<Long> count(Mono<Long> query) {
        return sum(query);
    }

    /**
     * Adds up what each database answers, in integer numbers.
     *
     * @param query one number from each database; a database that answers nothing adds nothing. {@code SUM} over no rows is NULL,
     *     so write {@code SELECT COALESCE(SUM(..), 0)}
     * @return the sum, 0 where there is nothing to add
     * @throws ArithmeticException as an error, if the sum does not fit into 64 bits
     */
    public Mono<Long> sum(Mono<Long> query) {
        return merge(query.flux()).reduce(0L, Math::addExact);
    }

    /**
     * Adds up what each database answers, exactly.
     *
     * @param query one number from each database; a database that answers nothing adds nothing. {@code SUM} over no rows is NULL,
     *     so write {@code SELECT COALESCE(SUM(..), 0)}
     * @return the sum, of as many digits as it has; 0 where there is nothing to add
     */
    public Mono<BigDecimal> sumExactly(Mono<BigDecimal> query) {
        return merge(query.flux()).reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    /**
     * The smallest of what all databases answer.
     *
     * @param query the smallest value of each database; empty where it has none. {@code MIN} over no rows is NULL, so write
     *     {@code SELECT .. ORDER BY .. LIMIT 1}, or leave the NULL out with {@code HAVING COUNT(*) > 0}
     * @param <T> the type of the value
     * @return the smallest; empty where no database has any
     */
    public <T extends Comparable<? super T>> Mono<T> min(Mono<T> query) {
        return merge(query.flux()).reduce((one, other) -> one.compareTo(other) <= 0 ? one : other);
    }

    /**
     * The largest of what all databases answer.
     *
     * @param query the largest value of each database; empty where it has none, as with {@link #min}
     * @param <T> the type of the value
     * @return the largest; empty where no database has any
     */
    public <T extends Comparable<? super T>> Mono<T> max(Mono<T> query) {
        return merge(query.flux()).reduce((one, other) -> one.compareTo(other) >= 0 ? one : other);
    }

    /**
     * The average over all rows of all databases. The average of averages is another number, so each database says its sum and
     * its count.
     *
     * @param query sum and count of each database
     * @return the average, exact up to 34 digits; empty where no database has a row
     * @throws ArithmeticException as an error, if the count does not fit into 64 bits
     */
    public Mono<BigDecimal> average(Mono<SumAndCount> query) {
        return merge(query.flux()).reduce(SumAndCount::plus).mapNotNull(SumAndCount::average);
    }

    /**
     * The first rows in an order, such as the ten largest orders. Holds that many rows and no more.
     *
     * @param query the first rows of each database: ordered and limited by its own SQL, or more than that
     * @param most how many rows are wanted, one or more
     * @param order which row comes first
     * @param <T> the type of a row
     * @return the first rows of all databases, in their order
     * @throws IllegalArgumentException if less than one row is wanted
     */
    public <T> Mono<List<T>> top(Flux<T> query, int most, Comparator<? super T> order) {
        if (most < 1) {
            throw new IllegalArgumentException("The first " + most + " rows were asked for. Allowed: one or more.");
        }
        Objects.requireNonNull(order, "order");
        return merge(query)
                .collect(() -> new PriorityQueue<T>(order.reversed()), (best, row) -> {
                    best.add(row);
                    if (best.size() > most) {
                        best.remove();
                    }
                })
                .map(best -> {
                    List<T> rows = new ArrayList<>(best);
                    rows.sort(order);
                    return rows;
                });
    }

    private <R> Flux<R> each(Function<FanOutTarget, Flux<R>> ask) {
        return targets.flatMapMany(all -> Flux.fromIterable(all).flatMap(ask, concurrency));
    }
}
