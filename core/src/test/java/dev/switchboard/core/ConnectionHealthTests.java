package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Connections die while nobody looks, grow old or lie idle: the borrower gets a working one. */
@Tag("once")
class ConnectionHealthTests {

    private static final Duration LONG = Duration.ofSeconds(15);

    private static Mono<Object> query(ReactiveConnectionRegistry registry) {
        return Borrowing.query(registry, "orders", "SELECT 1");
    }

    private static void fill(ReactiveConnectionRegistry registry, int connections) {
        List<Connection> held = Flux.range(0, connections)
                .flatMap(i -> Borrowing.borrow(registry, "orders"))
                .collectList()
                .block(LONG);
        assertThat(registry.status("orders").counts().inUse()).isEqualTo(connections);
        Borrowing.close(held == null ? List.of() : held);
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void idleConnectionsThatTheServerKilledAreReplacedBehindTheBorrowersBack(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPool(pool -> Borrowing.quick(pool).maxSize(5).validateAfterIdle(Duration.ZERO)));
            for (int round = 0; round < 3; round++) {
                fill(registry, 5);
                Sessions.kill(database);
                assertThat(Flux.range(0, 10)
                                .flatMap(i -> query(registry))
                                .count()
                                .block(LONG))
                        .isEqualTo(10);
            }
            PoolCounts counts = registry.status("orders").counts();
            assertThat(counts.inUse() + counts.opening() + counts.waiting()).isZero();
            assertThat(Sessions.in(database)).hasSize(counts.idle());
            Borrowing.close(registry);
            Sessions.awaitNone(database);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aClosedSocketIsNoticedWithoutAskingTheServer(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product);
                FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            registry.register(through(proxy, database));
            fill(registry, 2);
            proxy.reset();
            Waiting.until("both sockets are closed", () -> proxy.connections() == 0);
            Waiting.until(
                    "the driver knows",
                    () -> query(registry)
                            .map(row -> true)
                            .onErrorReturn(false)
                            .blockOptional(LONG)
                            .orElse(false));
            assertThat(Flux.range(0, 10).flatMap(i -> query(registry)).count().block(LONG))
                    .isEqualTo(10);
            Borrowing.close(registry);
        }
    }

    private static ConnectionDefinition through(FaultProxy proxy, Database database) {
        return ConnectionDefinition.of("orders", database.url())
                .withHost("127.0.0.1")
                .withPort(proxy.port())
                .withPool(Borrowing::quick);
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aValidationThatGetsNoAnswerEndsWithItsTimeoutAndNotWithAHang(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product);
                FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            registry.register(through(proxy, database)
                    .withPool(pool -> pool.maxSize(2)
                            .validateAfterIdle(Duration.ZERO)
                            .validationTimeout(Duration.ofMillis(300))
                            .createTimeout(Duration.ofMillis(600))
                            .resetTimeout(Duration.ofMillis(500))
                            .acquireTimeout(Duration.ofSeconds(10))));
            fill(registry, 2);
            proxy.stall();
            StepVerifier.create(query(registry))
                    .expectErrorSatisfies(failure -> assertThat(failure).isInstanceOf(CannotConnectException.class))
                    .verify(Duration.ofSeconds(8));
            proxy.resume();
            assertThat(Flux.range(0, 5).flatMap(i -> query(registry)).count().block(LONG))
                    .isEqualTo(5);
            registry.quiescent().block(LONG);
            assertThat(registry.status("orders").counts().inUse()).isZero();
            Borrowing.close(registry);
            Waiting.until("no socket", () -> proxy.connections() == 0);
            Sessions.awaitNone(database);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aConnectionEndsWithItsLifeAndNeverWhileItIsBorrowed(Product product) {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        try (Database database = Databases.create(product)) {
            CountingFactory factory = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPool(pool -> pool.maxLifetime(Duration.ofMinutes(30))
                            .lifetimeVariance(0)
                            .idleTimeout(Duration.ofHours(10))
                            .validateAfterIdle(Duration.ofHours(10))));
            query(registry).block(LONG);
            time.advanceTimeBy(Duration.ofMinutes(29));
            query(registry).block(LONG);
            assertThat(factory.opened()).isEqualTo(1);
            Connection held = Borrowing.borrowed(registry, "orders");
            time.advanceTimeBy(Duration.ofMinutes(2));
            assertThat(Borrowing.one(held, "SELECT 1").block(LONG)).hasToString("1");
            Borrowing.close(held);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 10));
            query(registry).block(LONG);
            assertThat(factory.opened()).isEqualTo(2);
            Borrowing.close(registry);
        }
    }

    @Test
    void livesOfConnectionsOpenedTogetherEndApart() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        try (Database database = Databases.create(Product.H2)) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPool(pool -> pool.maxSize(30)
                            .maxLifetime(Duration.ofMinutes(30))
                            .lifetimeVariance(50)
                            .idleTimeout(Duration.ofMinutes(40))));
            fill(registry, 30);
            // Swept every half idle time-out: after 20 minutes about a third of the lives of 15 to 30 minutes is over.
            time.advanceTimeBy(Duration.ofMinutes(20));
            Waiting.until(
                    "some have ended", () -> registry.status("orders").counts().idle() < 30);
            assertThat(registry.status("orders").counts().idle()).isPositive();
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aConnectionThatLiesIdleIsClosedInTheBackground(Product product) {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPool(pool -> pool.idleTimeout(Duration.ofMinutes(10))));
            fill(registry, 3);
            time.advanceTimeBy(Duration.ofMinutes(9));
            assertThat(registry.status("orders").counts().idle()).isEqualTo(3);
            time.advanceTimeBy(Duration.ofMinutes(6));
            Waiting.until("closed", () -> registry.status("orders").counts().idle() == 0);
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aConnectionThatFailsEveryValidationIsGivenUpInWords(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            InvalidFactory factory = new InvalidFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPool(pool -> pool.maxSize(3).validateAfterIdle(Duration.ZERO)));
            for (int i = 0; i < 5; i++) {
                StepVerifier.create(query(registry))
                        .expectError(ValidationFailedException.class)
                        .verify(LONG);
            }
            registry.quiescent().block(LONG);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 3));
            factory.recover();
            assertThat(query(registry).block(LONG)).hasToString("1");
            Borrowing.close(registry);
        }
    }

    /** Its connections answer, but fail every REMOTE validation until they recover. */
    private static final class InvalidFactory implements io.r2dbc.spi.ConnectionFactory {

        private final CountingFactory driver;
        private volatile boolean valid;

        InvalidFactory(String url) {
            this.driver = new CountingFactory(url);
        }

        void recover() {
            valid = true;
        }

        @Override
        public Mono<Connection> create() {
            return Mono.from(driver.create()).map(Invalid::new);
        }

        @Override
        public io.r2dbc.spi.ConnectionFactoryMetadata getMetadata() {
            return driver.getMetadata();
        }

        private final class Invalid extends DelegatingConnection {

            private final Connection delegate;

            Invalid(Connection delegate) {
                this.delegate = delegate;
            }

            @Override
            Connection delegate() {
                return delegate;
            }

            @Override
            public org.reactivestreams.Publisher<Boolean> validate(io.r2dbc.spi.ValidationDepth depth) {
                return depth == io.r2dbc.spi.ValidationDepth.REMOTE && !valid
                        ? Mono.just(false)
                        : delegate.validate(depth);
            }
        }
    }
}
