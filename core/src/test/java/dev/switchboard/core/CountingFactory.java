package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger current = new AtomicInteger();
    private final AtomicInteger peak = new AtomicInteger();
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger control = new AtomicInteger();
    private final List<String> statements = new CopyOnWriteArrayList<>();
    private final List<ValidationDepth> validations = new CopyOnWriteArrayList<>();
    private volatile Mono<?> gate = Mono.empty();
    private volatile Mono<Void> begin = Mono.empty();
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

    /** Every transaction begins only after this has completed; where it fails, none begins. */
    CountingFactory beginning(Mono<Void> before) {
        begin = before;
        return this;
    }

    /** How many transactions the driver was asked to begin. */
    int begun() {
        return begun.get();
    }

    int asked() {
        return asked.get();
    }

    int opened() {
        return opened.get();
    }

    /** How many of its connections nobody has closed. */
    int open() {
        return opened.get() - closed.get();
    }

    /** The most of its connections at one moment, those on their way included. */
    int peak() {
        return peak.get();
    }

    /** Those of the opened connections that were no slots: each was opened to send one {@code KILL}, and closed. */
    int control() {
        return control.get();
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
            peak.accumulateAndGet(current.incrementAndGet(), Math::max);
            return gate.thenMany(Flux.defer(driver::create))
                    .next()
                    .map(connection -> {
                        opened.incrementAndGet();
                        return new Listening(connection);
                    })
                    .doOnError(failure -> current.decrementAndGet());
        });
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return driver.getMetadata();
    }

    /** Unwraps to the driver's connection, since a server's cancel needs it. */
    private final class Listening extends DelegatingConnection implements Wrapped<Connection> {

        private final Connection delegate;
        private final AtomicBoolean isClosed = new AtomicBoolean();

        Listening(Connection delegate) {
            this.delegate = delegate;
        }

        @Override
        Connection delegate() {
            return delegate;
        }

        @Override
        public Connection unwrap() {
            return delegate;
        }

        @Override
        public Publisher<Void> close() {
            return Mono.from(delegate.close()).doOnSuccess(done -> {
                if (isClosed.compareAndSet(false, true)) {
                    closed.incrementAndGet();
                    current.decrementAndGet();
                }
            });
        }

        @Override
        public Publisher<Void> beginTransaction(TransactionDefinition definition) {
            return Mono.defer(() -> {
                begun.incrementAndGet();
                return begin.then(Mono.from(delegate.beginTransaction(definition)));
            });
        }

        @Override
        public Statement createStatement(String sql) {
            statements.add(sql);
            if (sql.startsWith("KILL ")) {
                control.incrementAndGet();
            }
            return delegate.createStatement(rewriting.apply(sql));
        }

        @Override
        public Publisher<Boolean> validate(ValidationDepth depth) {
            validations.add(depth);
            return delegate.validate(depth);
        }
    }
}
