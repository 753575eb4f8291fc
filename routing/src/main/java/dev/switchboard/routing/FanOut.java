package dev.switchboard.routing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

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
 * holds a connection only while it is asked, so a fan-out over many databases of one server needs few connections. A cancel, or
 * an error of one database, cancels all others.
 *
 * <p>Inside a transaction a fan-out is a {@link RouteConflictException}: a transaction belongs to one database.
 */
public final class FanOut {

    private static final int CONCURRENCY = 8;

    /** A database and the hints that lead to it. */
    private record Target(String shard, Function<Context, Context> hints) {}

    private final Mono<List<Target>> targets;
    private final int concurrency;
    private final @Nullable Duration timeout;

    private FanOut(Mono<List<Target>> targets, int concurrency, @Nullable Duration timeout) {
        this.targets = targets;
        this.concurrency = concurrency;
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
        List<Target> targets = names.stream()
                .distinct()
                .map(name -> new Target(name, RoutingKey.of(name)))
                .toList();
        return new FanOut(Mono.just(targets), CONCURRENCY, null);
    }

    /** Over shards, which are looked up when the fan-out is subscribed. */
    static FanOut over(String logicalName, Mono<List<String>> shards) {
        RoutingHint whole = RoutingKey.of(logicalName);
        return new FanOut(
                shards.map(names -> names.stream()
                        .map(name -> new Target(
                                name, context -> new ShardChoice(logicalName, name).apply(whole.apply(context))))
                        .toList()),
                CONCURRENCY,
                null);
    }

    /**
     * How many databases are asked at a time, eight unless set.
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
        return new FanOut(targets, most, timeout);
    }

    /**
     * How long one database may take, from when it is asked to the end of its answer; for ever unless set. What is slower fails
     * with a {@link ShardTimeoutException}.
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
        return new FanOut(targets, concurrency, limit);
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
        return each(target -> asked(target, query).onErrorMap(failure -> named(target, failure)));
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
        return each(target -> asked(target, query)
                .map(value -> new FromShard<>(target.shard(), value))
                .onErrorMap(failure -> named(target, failure)));
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
                    .flatMap(target -> progress.watched(target.shard(), asked(target, query)), concurrency);
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
     * Adds up what each database answers: counts, and sums of integer numbers.
     *
     * @param query one number from each database; a database that answers nothing adds nothing
     * @return the sum, 0 where there is nothing to add
     * @throws ArithmeticException as an error, if the sum does not fit into 64 bits
     */
    public Mono<Long> sum(Mono<Long> query) {
        return merge(query.flux()).reduce(0L, Math::addExact);
    }

    /**
     * The smallest of what all databases answer.
     *
     * @param query the smallest value of each database; empty where it has none
     * @param <T> the type of the value
     * @return the smallest; empty where no database has any
     */
    public <T extends Comparable<? super T>> Mono<T> min(Mono<T> query) {
        return merge(query.flux()).reduce((one, other) -> one.compareTo(other) <= 0 ? one : other);
    }

    /**
     * The largest of what all databases answer.
     *
     * @param query the largest value of each database; empty where it has none
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
     * @return the average; empty where no database has a row
     */
    public Mono<Double> average(Mono<SumAndCount> query) {
        return merge(query.flux())
                .reduce(SumAndCount::plus)
                .filter(all -> all.count() > 0)
                .map(all -> all.sum() / all.count());
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

    private <R> Flux<R> each(Function<Target, Flux<R>> ask) {
        return targets.flatMapMany(all -> Flux.fromIterable(all).flatMap(ask, concurrency));
    }

    private <T> Flux<T> asked(Target target, Flux<T> query) {
        Duration limit = timeout;
        Flux<T> routed = query.contextWrite(target.hints());
        return limit == null
                ? routed
                : routed.takeUntilOther(
                        Mono.delay(limit).then(Mono.error(() -> new ShardTimeoutException(target.shard(), limit))));
    }

    private static Throwable named(Target target, Throwable failure) {
        if (!(failure instanceof ShardTimeoutException)) {
            failure.addSuppressed(new ShardOfError(target.shard()));
        }
        return failure;
    }

    /** Says in a stack trace where an error came from. */
    private static final class ShardOfError extends RuntimeException {

        private static final long serialVersionUID = 1L;

        ShardOfError(String shard) {
            super("signalled by the shard " + Shown.quoted(shard), null, false, false);
        }
    }
}
