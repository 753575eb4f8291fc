package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.ValidationDepth;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A driver whose signals come when a test says so. What the test does not script is done by H2. */
final class ScriptedDriver implements ConnectionFactory {

    private final ConnectionFactory h2 = ConnectionFactories.get("r2dbc:h2:mem:///scripted");
    private final String product;
    private final Map<String, Publisher<? extends Result>> scripts = new ConcurrentHashMap<>();
    private volatile Publisher<Boolean> validation = Mono.just(true);

    /** What the handle does with a cancel depends on the product: one that it does not know is drained. */
    ScriptedDriver(String product) {
        this.product = product;
    }

    ScriptedDriver on(String sql, Publisher<? extends Result> results) {
        scripts.put(sql, results);
        return this;
    }

    ScriptedDriver validatesRemotely(Publisher<Boolean> answer) {
        validation = answer;
        return this;
    }

    @Override
    public Mono<Connection> create() {
        return Mono.from(h2.create()).map(Scripted::new);
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return () -> product;
    }

    /** A result whose rows are what a publisher gives, whatever is mapped. */
    record Rows(Supplier<Publisher<?>> source) implements Result {

        Rows(Publisher<?> rows) {
            this(() -> rows);
        }

        /** A result whose reading is refused by throwing, not by a signal. */
        static Rows refusing(String reason) {
            return new Rows(() -> {
                throw new IllegalStateException(reason);
            });
        }

        @Override
        public Publisher<Long> getRowsUpdated() {
            return Flux.from(source.get()).count();
        }

        @Override
        @SuppressWarnings("unchecked") // the test that scripts the rows knows what they are
        public <T> Publisher<T> map(BiFunction<Row, RowMetadata, ? extends T> mapping) {
            return (Publisher<T>) source.get();
        }

        @Override
        @SuppressWarnings("unchecked") // the same
        public <T> Publisher<T> map(Function<? super Readable, ? extends T> mapping) {
            return (Publisher<T>) source.get();
        }

        @Override
        public Result filter(Predicate<Segment> filter) {
            return this;
        }

        @Override
        public <T> Publisher<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mapping) {
            return Flux.empty();
        }
    }

    private final class Scripted extends DelegatingConnection {

        private final Connection delegate;

        Scripted(Connection delegate) {
            this.delegate = delegate;
        }

        @Override
        Connection delegate() {
            return delegate;
        }

        @Override
        public Publisher<Boolean> validate(ValidationDepth depth) {
            return depth == ValidationDepth.REMOTE ? validation : delegate.validate(depth);
        }

        @Override
        public Statement createStatement(String sql) {
            Publisher<? extends Result> script = scripts.get(sql);
            return script == null ? delegate.createStatement(sql) : new Script(script);
        }
    }

    private record Script(Publisher<? extends Result> results) implements Statement {

        @Override
        public Statement add() {
            return this;
        }

        @Override
        public Statement bind(int index, Object value) {
            return this;
        }

        @Override
        public Statement bind(String name, Object value) {
            return this;
        }

        @Override
        public Statement bindNull(int index, Class<?> type) {
            return this;
        }

        @Override
        public Statement bindNull(String name, Class<?> type) {
            return this;
        }

        @Override
        public Publisher<? extends Result> execute() {
            return results;
        }
    }
}
