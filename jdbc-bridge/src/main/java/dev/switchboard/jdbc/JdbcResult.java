package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What one statement answered, consumed once, perhaps seen through a filter. */
final class JdbcResult implements Result {
    private static final AtomicIntegerFieldUpdater<JdbcResult> CONSUMED =
            AtomicIntegerFieldUpdater.newUpdater(JdbcResult.class, "consumed");

    /** Where the rows come from. */
    private interface Rows {

        <T> Flux<T> map(Function<? super JdbcRow, ? extends T> mapper);
    }

    private static final Rows NO_ROWS = new Rows() {
        @Override
        public <T> Flux<T> map(Function<? super JdbcRow, ? extends T> mapper) {
            return Flux.empty();
        }
    };

    private final Rows rows;
    private final @Nullable Long count;
    private final @Nullable Predicate<Segment> filter;

    /** The result that this one filters, or itself; they are consumed together. */
    private final JdbcResult source;

    private volatile int consumed;

    private JdbcResult(Rows rows, @Nullable Long count) {
        this.rows = rows;
        this.count = count;
        this.filter = null;
        this.source = this;
    }

    private JdbcResult(JdbcResult unfiltered, Predicate<Segment> filter) {
        this.rows = unfiltered.rows;
        this.count = unfiltered.count;
        this.filter = filter;
        this.source = unfiltered.source;
    }

    /** A query that runs when its rows are asked for. */
    static JdbcResult streaming(CommandQueue queue, Run run, int fetchSize) {
        Rows rows = new Rows() {
            @Override
            public <T> Flux<T> map(Function<? super JdbcRow, ? extends T> mapper) {
                return new RowFlux<>(queue, run, fetchSize, mapper);
            }
        };
        return new JdbcResult(rows, null);
    }

    /** A statement that has run to its end. */
    static JdbcResult inMemory(List<JdbcRow> read, @Nullable Long count) {
        if (read.isEmpty()) {
            return new JdbcResult(NO_ROWS, count);
        }
        Rows rows = new Rows() {
            @Override
            public <T> Flux<T> map(Function<? super JdbcRow, ? extends T> mapper) {
                return Flux.fromIterable(read).map(mapper);
            }
        };
        return new JdbcResult(rows, count);
    }

    static IllegalStateException consumed() {
        return new IllegalStateException("This result has been consumed already; a result is consumed once, by"
                + " getRowsUpdated(), map(..) or flatMap(..). Execute the statement again for another one.");
    }

    @Override
    public Publisher<Long> getRowsUpdated() {
        consume();
        if (filter == null) {
            Mono<Long> answer = Mono.justOrEmpty(count);
            return rows == NO_ROWS ? answer : rows.map(row -> row).then(answer);
        }
        return segments().handle((segment, sink) -> {
            if (segment instanceof Message message) {
                sink.error(message.exception());
            } else if (segment instanceof UpdateCount updated) {
                sink.next(updated.value());
            }
        });
    }

    @Override
    public <T> Publisher<T> map(BiFunction<Row, RowMetadata, ? extends T> mappingFunction) {
        Arguments.requireNonNull(mappingFunction, "The mapping function");
        return mapRows(row -> mappingFunction.apply(row, row.getMetadata()));
    }

    @Override
    public <T> Publisher<T> map(Function<? super Readable, ? extends T> mappingFunction) {
        Arguments.requireNonNull(mappingFunction, "The mapping function");
        return mapRows(mappingFunction);
    }

    private <T> Flux<T> mapRows(Function<? super JdbcRow, ? extends T> mapper) {
        consume();
        if (filter == null) {
            return rows.map(mapper);
        }
        return segments().handle((segment, sink) -> {
            if (segment instanceof Message message) {
                sink.error(message.exception());
            } else if (segment instanceof JdbcRow row) {
                sink.next(mapper.apply(row));
            }
        });
    }

    @Override
    public Result filter(Predicate<Segment> predicate) {
        Arguments.requireNonNull(predicate, "The filter");
        if (source.consumed != 0) {
            throw consumed();
        }
        return new JdbcResult(this, filter == null ? predicate : filter.and(predicate));
    }

    @Override
    public <T> Publisher<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mappingFunction) {
        Arguments.requireNonNull(mappingFunction, "The mapping function");
        consume();
        return segments().concatMap(mappingFunction, 1);
    }

    private Flux<Segment> segments() {
        Flux<Segment> read = rows.map(row -> row);
        Flux<Segment> all = (count == null ? read : read.concatWithValues(new Updated(count)))
                .onErrorResume(R2dbcException.class, failure -> Mono.just(new Failed(failure)));
        return filter == null ? all : all.filter(filter);
    }

    private void consume() {
        if (!CONSUMED.compareAndSet(source, 0, 1)) {
            throw consumed();
        }
    }

    private record Updated(long value) implements UpdateCount {}

    private record Failed(R2dbcException exception) implements Message {

        @Override
        public int errorCode() {
            return exception.getErrorCode();
        }

        @Override
        public @Nullable String sqlState() {
            return exception.getSqlState();
        }

        @Override
        public String message() {
            return String.valueOf(exception.getMessage());
        }
    }
}
