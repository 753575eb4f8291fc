package dev.switchboard.core;

import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** A driver's result, read as a piece of the exchange that it came from. */
final class HandleResult implements Result {

    private final OpenExchange exchange;
    private final Result driver;
    private final HandleResult root;
    private final long handedOutNanos;

    private HandleResult(OpenExchange exchange, Result driver) {
        this.exchange = exchange;
        this.driver = driver;
        this.root = this;
        this.handedOutNanos = exchange.nowNanos();
    }

    private HandleResult(HandleResult root, Result filtered) {
        this.exchange = root.exchange;
        this.driver = filtered;
        this.root = root;
        this.handedOutNanos = root.handedOutNanos;
    }

    /** The results of an exchange, each under the exchange's care from the moment it arrives. */
    static Flux<Result> results(OpenExchange exchange, Publisher<Result> driver) {
        return Flux.from(subscriber -> {
            Piece<Result> piece = Piece.ofCommand(exchange, core(subscriber), exchange::unwanted);
            if (!exchange.begins(piece)) {
                exchange.<Result>notBegun().subscribe(core(subscriber));
                return;
            }
            Flux.from(driver)
                    .<Result>map(result -> exchange.handedOut(new HandleResult(exchange, result)))
                    .subscribe(piece);
        });
    }

    private static <T> CoreSubscriber<? super T> core(org.reactivestreams.Subscriber<? super T> subscriber) {
        return Operators.toCoreSubscriber(subscriber);
    }

    Result driver() {
        return driver;
    }

    long handedOutNanos() {
        return handedOutNanos;
    }

    @Override
    public Publisher<Long> getRowsUpdated() {
        StatementEcho echo = exchange.report().echo();
        return read(piece -> echo == null
                ? driver.getRowsUpdated()
                : Flux.from(driver.getRowsUpdated()).doOnNext(echo::updated));
    }

    @Override
    public <T> Publisher<T> map(BiFunction<Row, RowMetadata, ? extends T> mapping) {
        return read(piece -> driver.map((row, metadata) -> {
            counted();
            return piece.isLeft() ? Piece.DROPPED : mapping.apply(row, metadata);
        }));
    }

    @Override
    public <T> Publisher<T> map(Function<? super Readable, ? extends T> mapping) {
        return read(piece -> driver.map(readable -> {
            counted();
            return piece.isLeft() ? Piece.DROPPED : mapping.apply(readable);
        }));
    }

    private void counted() {
        StatementEcho echo = exchange.report().echo();
        if (echo != null) {
            echo.row();
        }
    }

    @Override
    public <T> Publisher<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mapping) {
        StatementEcho echo = exchange.report().echo();
        return read(piece -> driver.<Object>flatMap(segment -> {
            if (echo != null) {
                echo.segment(segment);
            }
            return piece.isLeft()
                    ? Mono.empty()
                    : Flux.<Object>from(mapping.apply(segment)).takeUntilOther(piece.left());
        }));
    }

    @Override
    public Result filter(Predicate<Segment> filter) {
        return new HandleResult(root, driver.filter(filter));
    }

    /** Opens a piece for the reader at subscription; the driver's stream asks it whether its reader has left. */
    @SuppressWarnings("unchecked") // what is not a reader's value is DROPPED, and a piece never hands that on
    private <T> Flux<T> read(Function<Piece<T>, Publisher<?>> stream) {
        return Flux.from(subscriber -> {
            Piece<T> piece = Piece.ofRows(exchange, core(subscriber));
            if (!exchange.reading(root, piece)) {
                Operators.error(
                        subscriber,
                        new IllegalStateException("This result was read before, or it was discarded because another"
                                + " statement began or the connection was closed. Read a result inside of the operator"
                                + " that receives it, once."));
                return;
            }
            Publisher<T> source = (Publisher<T>) exchange.offloaded(rows(stream, piece));
            source.subscribe(piece);
        });
    }

    /** A driver that refuses by throwing ends the piece like one that refuses by a signal. */
    private static <T> Publisher<?> rows(Function<Piece<T>, Publisher<?>> stream, Piece<T> piece) {
        try {
            return stream.apply(piece);
        } catch (RuntimeException refused) {
            return Flux.error(refused);
        }
    }
}
