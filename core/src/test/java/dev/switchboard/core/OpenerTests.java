package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Nothing is left of an opening: no connection that nobody has, no timer that nobody waits for. */
class OpenerTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Database database = Databases.create(Product.H2);

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aConnectionThatCannotBeTakenOverIsClosed() {
        Strange factory = new Strange(new CountingFactory(database.url()));
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create().register(ConnectionDefinition.of("orders", factory));
        StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                .expectError(CannotConnectException.class)
                .verify(PATIENCE);
        registry.quiescent().block(PATIENCE);
        assertThat(factory.open).hasValue(0);
        Borrowing.close(registry);
    }

    @Test
    void theTimerOfAnOpeningGoesWithIt() {
        Duration patience = Duration.ofSeconds(77);
        Pending timer = new Pending(patience);
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().timer(timer).build())
                .register(ConnectionDefinition.of("orders", database.url())
                        .withPool(pool -> pool.createTimeout(patience)));
        Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE);
        registry.quiescent().block(PATIENCE);
        assertThat(timer.begun).hasPositiveValue();
        assertThat(timer.pending).hasValue(0);
        Borrowing.close(registry);
    }

    @Test
    void aPoolDrainsAlthoughSomebodyHoldsItsConnectionsBehindItsBack() {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("orders", database.url())
                        .withPool(pool -> pool.maxSize(1).drainTimeout(Duration.ofMillis(100))));
        ConnectionPool pool = registry.pool("orders").block(PATIENCE);
        Connection held = pool == null ? null : pool.create().block(PATIENCE);
        StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                .expectSubscription()
                .then(() -> registry.unregister("orders").block(PATIENCE))
                .expectError(ConnectionDrainingException.class)
                .verify(PATIENCE);
        assertThat(held).isNotNull();
        Borrowing.close(registry);
    }

    /** Its connections refuse to say how their transactions are isolated. */
    private static final class Strange implements ConnectionFactory {

        private final CountingFactory driver;
        private final AtomicInteger open = new AtomicInteger();

        Strange(CountingFactory driver) {
            this.driver = driver;
        }

        @Override
        public Publisher<? extends Connection> create() {
            return Mono.from(driver.create()).map(connection -> {
                open.incrementAndGet();
                return new Silent(connection);
            });
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return driver.getMetadata();
        }

        private final class Silent extends DelegatingConnection {

            private final Connection delegate;

            Silent(Connection delegate) {
                this.delegate = delegate;
            }

            @Override
            Connection delegate() {
                return delegate;
            }

            @Override
            public IsolationLevel getTransactionIsolationLevel() {
                throw new IllegalStateException("not now");
            }

            @Override
            public Publisher<Void> close() {
                return Mono.from(delegate.close()).doOnSubscribe(ignored -> open.decrementAndGet());
            }
        }
    }

    /** A timer that counts what waits for one length of time. */
    private static final class Pending implements Scheduler {

        private final Scheduler clock = Schedulers.parallel();
        private final Duration counted;
        private final AtomicInteger begun = new AtomicInteger();
        private final AtomicInteger pending = new AtomicInteger();

        Pending(Duration counted) {
            this.counted = counted;
        }

        @Override
        public Disposable schedule(Runnable task) {
            return clock.schedule(task);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            Disposable scheduled = clock.schedule(task, delay, unit);
            if (unit.toNanos(delay) != counted.toNanos()) {
                return scheduled;
            }
            begun.incrementAndGet();
            pending.incrementAndGet();
            return Disposables.composite(scheduled, pending::decrementAndGet);
        }

        @Override
        public Disposable schedulePeriodically(Runnable task, long first, long period, TimeUnit unit) {
            return clock.schedulePeriodically(task, first, period, unit);
        }

        @Override
        public long now(TimeUnit unit) {
            return clock.now(unit);
        }

        @Override
        public Worker createWorker() {
            return clock.createWorker();
        }
    }
}
