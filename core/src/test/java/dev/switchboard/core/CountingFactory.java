package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.ValidationDepth;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A driver's factory that counts what it opens, and whose connections can be held up on their way. */
final class CountingFactory implements ConnectionFactory {

    private final ConnectionFactory driver;
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger opened = new AtomicInteger();
    private final List<String> statements = new CopyOnWriteArrayList<>();
    private final List<ValidationDepth> validations = new CopyOnWriteArrayList<>();
    private volatile Mono<?> gate = Mono.empty();
    private volatile UnaryOperator<String> rewriting = UnaryOperator.identity();

    CountingFactory(String url) {
        this.driver = ConnectionFactories.get(url);
    }

    /** Connections arrive only after the gate has completed; a failing gate makes them fail. */
    CountingFactory gate(Mono<?> held) {
        gate = held;
        return this;
    }

    /** Every statement is changed before the driver gets it. */
    CountingFactory rewriting(UnaryOperator<String> change) {
        rewriting = change;
        return this;
    }

    int asked() {
        return asked.get();
    }

    int opened() {
        return opened.get();
    }

    /** What was sent to the driver, in order. */
    List<String> statements() {
        return statements;
    }

    /** How deep the driver was asked whether a connection is valid, in order. */
    List<ValidationDepth> validations() {
        return validations;
    }

    @Override
    public Publisher<? extends Connection> create() {
        return Mono.defer(() -> {
            asked.incrementAndGet();
            return gate.thenMany(Flux.defer(driver::create)).next().map(connection -> {
                opened.incrementAndGet();
                return new Listening(connection);
            });
        });
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return driver.getMetadata();
    }

    private final class Listening extends DelegatingConnection {

        private final Connection delegate;

        Listening(Connection delegate) {
            this.delegate = delegate;
        }

        @Override
        Connection delegate() {
            return delegate;
        }

        @Override
        public Statement createStatement(String sql) {
            statements.add(sql);
            return delegate.createStatement(rewriting.apply(sql));
        }

        @Override
        public Publisher<Boolean> validate(ValidationDepth depth) {
            validations.add(depth);
            return delegate.validate(depth);
        }
    }
}
