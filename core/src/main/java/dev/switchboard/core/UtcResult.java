package dev.switchboard.core;

import io.r2dbc.spi.OutParameters;
import io.r2dbc.spi.OutParametersMetadata;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/** Reads points in time from the wall clock of UTC. */
final class UtcResult implements Result {

    private final Result driver;

    UtcResult(Result driver) {
        this.driver = driver;
    }

    @Override
    public Publisher<Long> getRowsUpdated() {
        return driver.getRowsUpdated();
    }

    @Override
    public <T> Publisher<T> map(BiFunction<Row, RowMetadata, ? extends T> mapping) {
        return driver.map((row, metadata) -> mapping.apply(new UtcRow(row), metadata));
    }

    @Override
    public <T> Publisher<T> map(Function<? super Readable, ? extends T> mapping) {
        return driver.map(readable -> mapping.apply(utc(readable)));
    }

    @Override
    public Result filter(Predicate<Segment> filter) {
        return new UtcResult(driver.filter(segment -> filter.test(utc(segment))));
    }

    @Override
    public <T> Publisher<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mapping) {
        return driver.flatMap(segment -> mapping.apply(utc(segment)));
    }

    private static Readable utc(Readable readable) {
        if (readable instanceof Row row) {
            return new UtcRow(row);
        }
        return readable instanceof OutParameters parameters ? new UtcOutParameters(parameters) : readable;
    }

    private static Segment utc(Segment segment) {
        if (segment instanceof RowSegment row) {
            return (RowSegment) () -> new UtcRow(row.row());
        }
        return segment instanceof OutSegment out
                ? (OutSegment) () -> new UtcOutParameters(out.outParameters())
                : segment;
    }

    @Override
    public String toString() {
        return driver.toString();
    }

    private record UtcRow(Row driver) implements Row {

        @Override
        public RowMetadata getMetadata() {
            return driver.getMetadata();
        }

        @Override
        public <T> @Nullable T get(int index, Class<T> type) {
            return UtcInstants.read(type, driverType -> driver.get(index, driverType));
        }

        @Override
        public <T> @Nullable T get(String name, Class<T> type) {
            return UtcInstants.read(type, driverType -> driver.get(name, driverType));
        }
    }

    private record UtcOutParameters(OutParameters driver) implements OutParameters {

        @Override
        public OutParametersMetadata getMetadata() {
            return driver.getMetadata();
        }

        @Override
        public <T> @Nullable T get(int index, Class<T> type) {
            return UtcInstants.read(type, driverType -> driver.get(index, driverType));
        }

        @Override
        public <T> @Nullable T get(String name, Class<T> type) {
            return UtcInstants.read(type, driverType -> driver.get(name, driverType));
        }
    }
}
