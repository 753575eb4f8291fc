package dev.switchboard.routing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The rows of several databases in the order of a key, read in pages: see {@link FanOut#pages}. A connection is held while a page is
 * read and no longer, so any number of databases can be merged in order below any cap. Nothing happens before subscription.
 *
 * @param <T> the type of a row
 * @param <K> the type of the key
 */
public final class ShardPages<T, K> {

    private final Mono<List<FanOutTarget>> targets;
    private final Keyset<T, K> keyset;
    private final int concurrency;
    private final @Nullable Duration limit;

    ShardPages(Mono<List<FanOutTarget>> targets, Keyset<T, K> keyset, int concurrency, @Nullable Duration limit) {
        this.targets = targets;
        this.keyset = keyset;
        this.concurrency = concurrency;
        this.limit = limit;
    }

    /**
     * All rows in the order of their keys. A page of a database is read when its rows are asked for; rows of different databases
     * with one key come in the order of the databases. All or nothing, as {@link FanOut#merge} is.
     *
     * @return the rows, as they are asked for. {@link ShardOrderException} where a database does not answer in order
     */
    public Flux<T> all() {
        return allNamed().map(FromShard::value);
    }

    /** {@return the same as {@link #all()}, where each row says which database it is from} */
    public Flux<FromShard<T>> allNamed() {
        return from(null, keyset.pageSize());
    }

    /**
     * The next rows behind a key. A page never ends between rows with one key: where several databases have the same key, it has all
     * of them, and so may be longer by less than the number of databases.
     *
     * @param after the {@link ShardPage#next} of the page before, or null for the first page
     * @param rows how many rows, one or more
     * @return the page
     * @throws IllegalArgumentException if less than one row is wanted
     */
    public Mono<ShardPage<T, K>> page(@Nullable K after, int rows) {
        if (rows < 1 || rows == Integer.MAX_VALUE) {
            throw new IllegalArgumentException("A page of " + rows + " rows was asked for. Allowed: one or more.");
        }
        return Mono.defer(() -> {
            Page page = new Page(rows);
            return from(after, Math.min(rows, keyset.pageSize()))
                    .takeWhile(page::takes)
                    .then(Mono.fromSupplier(page::made));
        });
    }

    private Flux<FromShard<T>> from(@Nullable K after, int rows) {
        return targets.flatMapMany(all -> {
            Turnstile turnstile = new Turnstile(concurrency);
            return OrderedRows.merged(
                    all.stream()
                            .map(target -> Flux.defer(() -> new Reader(target, turnstile, after, rows).rows()))
                            .toList(),
                    keyset.rowOrder(),
                    rows);
        });
    }

    /** Collects a page up to the first row that does not belong to it. */
    private final class Page {

        private final int wanted;
        private final List<FromShard<T>> rows = new ArrayList<>();
        private @Nullable K last;
        private boolean hasNext;

        Page(int wanted) {
            this.wanted = wanted;
        }

        boolean takes(FromShard<T> row) {
            K key = Objects.requireNonNull(keyset.key(row.value()));
            if (rows.size() >= wanted && keyset.order().compare(Objects.requireNonNull(last), key) != 0) {
                hasNext = true;
                return false;
            }
            last = key;
            return rows.add(row);
        }

        ShardPage<T, K> made() {
            return new ShardPage<>(rows, hasNext ? last : null);
        }
    }

    /** Reads the pages of one database, one after the other. */
    private final class Reader {

        private final FanOutTarget target;
        private final Turnstile turnstile;
        private final int size;
        private @Nullable K last;
        private boolean ended;

        Reader(FanOutTarget target, Turnstile turnstile, @Nullable K after, int size) {
            this.target = target;
            this.turnstile = turnstile;
            this.size = size;
            this.last = after;
        }

        Flux<FromShard<T>> rows() {
            return Flux.<Reader>generate(sink -> {
                        if (ended) {
                            sink.complete();
                        } else {
                            sink.next(this);
                        }
                    })
                    .concatMap(reader -> whenAsked(page().flatMapIterable(rows -> rows)), 0)
                    .onErrorMap(target::named);
        }

        /** One row more than the page has, to see whether there are others and whether they can be told apart. */
        private Flux<List<FromShard<T>>> page() {
            return turnstile
                    .through(target.asked(Flux.defer(() -> keyset.page(last, size + 1)), limit)
                            .collectList())
                    .map(this::taken)
                    .flux();
        }

        private List<FromShard<T>> taken(List<T> read) {
            List<FromShard<T>> page = new ArrayList<>(read.size());
            K before = last;
            for (T row : read) {
                K key = keyset.key(row);
                if (key == null) {
                    throw ShardOrderException.withoutKey(target.shard());
                }
                int order = before == null ? -1 : keyset.order().compare(before, key);
                if (order >= 0 && page.isEmpty()) {
                    throw ShardOrderException.notBehind(target.shard());
                }
                if (order >= 0) {
                    throw order == 0
                            ? ShardOrderException.sameKey(target.shard())
                            : ShardOrderException.notInOrder(target.shard());
                }
                before = key;
                page.add(new FromShard<>(target.shard(), row));
            }
            ended = page.size() <= size;
            List<FromShard<T>> delivered = ended ? page : page.subList(0, page.size() - 1);
            if (!delivered.isEmpty()) {
                last = keyset.key(delivered.get(delivered.size() - 1).value());
            }
            return delivered;
        }

        /** Begins with the first demand and not with the subscription, so that no page is read ahead. */
        private <R> Flux<R> whenAsked(Flux<R> rows) {
            return Flux.defer(() -> {
                Sinks.Empty<Void> asked = Sinks.empty();
                return asked.asMono().thenMany(rows).doOnRequest(demand -> asked.tryEmitEmpty());
            });
        }
    }
}
