package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Idle connections are asked whether they are alive, at nobody's expense. Every deadline here is on a clock that stands still. */
@Tag("once")
class KeepAliveTests {

    private static final Duration KEEP_ALIVE = Duration.ofMinutes(2);
    private static final Duration HALF = KEEP_ALIVE.dividedBy(2);
    private static final Duration DEADLINE = Duration.ofSeconds(2);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final Database database = Databases.create(Product.H2);
    private final Answering driver = new Answering(database.url());
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .timer(time)
            .budget(ConnectionBudget.builder().controlPermits(0).reserve(0).build())
            .build());
    private final Heard heard = Heard.of(registry);

    @AfterEach
    void nothingIsLeft() {
        Borrowing.close(registry);
        assertThat(driver.connections.open()).as("connections").isZero();
        assertThat(registry.budget().total().open()).as("permits").isZero();
        database.close();
    }

    private void register(ConnectionFactory factory, UnaryOperator<PoolOptions.Builder> pool) {
        registry.register(ConnectionDefinition.of("orders", factory)
                .withPool(options -> pool.apply(options.keepAlive(KEEP_ALIVE)
                        .validationTimeout(DEADLINE)
                        .validateAfterIdle(Duration.ofHours(1)))));
    }

    private void fill(int connections) {
        List<Connection> held = Flux.range(0, connections)
                .concatMap(i -> Borrowing.borrow(registry, "orders"))
                .collectList()
                .block(Borrowing.PATIENCE);
        Borrowing.close(Objects.requireNonNull(held));
    }

    private PoolCounts counts() {
        return registry.status("orders").counts();
    }

    private void pass(Duration length) {
        time.advanceTimeBy(length);
        registry.quiescent().block(Borrowing.PATIENCE);
    }

    /** Their driver is asked on a worker. */
    private void awaitPings(int pings) {
        Waiting.until(pings + " pings", () -> driver.pings() >= pings);
        assertThat(driver.pings()).isEqualTo(pings);
    }

    @Test
    void aPingIsNoUseSoTheIdleTimeoutGoesOn() throws Exception {
        register(driver, pool -> pool.idleTimeout(Duration.ofMinutes(10)));
        fill(2);
        int pinged = 0;
        for (int minute = 1; minute <= 9; minute++) {
            pass(HALF);
            pinged += 2;
            assertThat(driver.pings()).as("after %d minutes", minute).isEqualTo(pinged);
        }
        assertThat(counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 10));
        pass(Duration.ofMinutes(1));
        assertThat(counts().idle()).isZero();
        assertThat(driver.connections.opened()).isEqualTo(2);
        assertThat(heard.untilClosed(registry))
                .filteredOn(ConnectionEvent.Closed.class::isInstance)
                .extracting(event -> ((ConnectionEvent.Closed) event).reason())
                .containsExactly("idle", "idle");
    }

    @Test
    void whatIsInUseOrWasJustUsedIsNotAsked() {
        register(driver, pool -> pool);
        Connection held = Borrowing.borrowed(registry, "orders");
        pass(KEEP_ALIVE.multipliedBy(3));
        Borrowing.close(held);
        pass(Duration.ofSeconds(59));
        assertThat(driver.pings()).isZero();
        pass(Duration.ofSeconds(1));
        assertThat(driver.pings()).isOne();
    }

    @Test
    void noneIsAskedWhereNobodyWantsIt() {
        registry.register(ConnectionDefinition.of("orders", driver));
        fill(1);
        pass(KEEP_ALIVE.multipliedBy(3));
        assertThat(driver.pings()).isZero();
    }

    @Test
    void anAnsweredPingSparesTheNextBorrowerItsValidation() {
        register(driver, pool -> pool.validateAfterIdle(HALF));
        fill(1);
        pass(HALF);
        assertThat(driver.pings()).isOne();
        pass(HALF.dividedBy(2));
        fill(1);
        assertThat(driver.pings()).isOne();
    }

    @Test
    void whoDoesNotAnswerIsClosedAtTheDeadlineAndTheOthersAreAskedTogether() throws Exception {
        register(driver, pool -> pool.validationTimeout(DEADLINE));
        fill(4);
        driver.answer = Mono.never();
        time.advanceTimeBy(HALF);
        awaitPings(1);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 4, 0, 0, 10));
        time.advanceTimeBy(DEADLINE);
        assertThat(counts().idle()).isEqualTo(3);
        awaitPings(4);
        time.advanceTimeBy(DEADLINE);
        assertThat(counts().idle()).isZero();
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.budget().total().open()).isZero();
        assertThat(heard.untilClosed(registry))
                .filteredOn(event ->
                        event instanceof ConnectionEvent.Closed || event instanceof ConnectionEvent.ValidationFailed)
                .extracting(event -> event instanceof ConnectionEvent.Closed closed
                        ? closed.reason()
                        : ((ConnectionEvent.ValidationFailed) event).reason())
                .containsExactlyInAnyOrder(
                        "TimeoutException",
                        "TimeoutException",
                        "TimeoutException",
                        "TimeoutException",
                        "not validated",
                        "not validated",
                        "not validated",
                        "not validated");
    }

    @Test
    void aBorrowerWhoMeetsAPingWaitsForNothingAndNoCapIsExceeded() {
        register(driver, pool -> pool.maxSize(1));
        fill(1);
        driver.answer = Mono.never();
        time.advanceTimeBy(HALF);
        awaitPings(1);
        fill(1);
        assertThat(driver.connections.opened()).isEqualTo(2);
        assertThat(driver.connections.peak()).isOne();
        assertThat(heard.first(ConnectionEvent.Closed.class).reason()).isEqualTo("pinged when wanted");
        driver.answer = Mono.just(true);
        pass(DEADLINE);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
    }

    @Test
    void aBorrowerPrefersAConnectionThatIsNotBeingAsked() {
        register(driver, pool -> pool.maxSize(2));
        fill(2);
        driver.answer = Mono.never();
        time.advanceTimeBy(HALF);
        awaitPings(1);
        fill(1);
        assertThat(driver.connections.opened()).isEqualTo(2);
    }

    @Test
    void aConnectionMakesRoomForAnotherNameInTheMiddleOfAPing() {
        registry.budget().limit(registry.budget().limits().mutate().total(1).build());
        register(driver, pool -> pool);
        registry.register(ConnectionDefinition.of("billing", driver));
        fill(1);
        driver.answer = Mono.never();
        time.advanceTimeBy(HALF);
        awaitPings(1);
        Borrowing.query(registry, "billing", "SELECT 1").block(Borrowing.PATIENCE);
        assertThat(driver.connections.peak()).isOne();
        assertThat(registry.budget().total().reclaimed()).isOne();
        time.advanceTimeBy(DEADLINE);
    }

    @Test
    void aRegistryThatClosesInTheMiddleOfAPingDoesNotWaitForIt() {
        register(driver, pool -> pool);
        fill(3);
        driver.answer = Mono.never();
        time.advanceTimeBy(HALF);
        awaitPings(1);
        Borrowing.close(registry);
        registry.quiescent().block(Borrowing.PATIENCE);
        time.advanceTimeBy(KEEP_ALIVE.multipliedBy(2));
        assertThat(driver.pings()).isOne();
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aSilentNetworkIsFoundOutBeforeTheNextBorrowerComes(Product product) {
        try (Database server = Databases.create(product);
                FaultProxy proxy = new FaultProxy(server.host(), server.port())) {
            register(
                    new CountingFactory(server.url().replace(":" + server.port() + "/", ":" + proxy.port() + "/")),
                    pool -> pool.maxSize(3));
            fill(3);
            pass(HALF);
            pass(HALF);
            assertThat(Sessions.in(server)).as("alive").hasSize(3);
            assertThat(counts().idle()).isEqualTo(3);
            proxy.stall();
            time.advanceTimeBy(HALF);
            assertThat(counts().idle()).isEqualTo(3);
            time.advanceTimeBy(DEADLINE);
            time.advanceTimeBy(DEADLINE);
            assertThat(counts().idle()).isZero();
            proxy.resume();
            fill(1);
            registry.quiescent().block(Borrowing.PATIENCE);
            assertThat(Sessions.in(server)).as("the new one").hasSize(1);
            Borrowing.close(registry);
            Sessions.awaitNone(server);
        }
    }

    /** Its connections answer a ping as the test wants. */
    private static final class Answering implements ConnectionFactory {

        private final CountingFactory connections;
        private final AtomicInteger pings = new AtomicInteger();
        private volatile Mono<Boolean> answer = Mono.just(true);

        Answering(String url) {
            this.connections = new CountingFactory(url);
        }

        int pings() {
            return pings.get();
        }

        @Override
        public Mono<Connection> create() {
            return Mono.from(connections.create()).map(Answered::new);
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return connections.getMetadata();
        }

        private final class Answered extends DelegatingConnection {

            private final Connection delegate;

            Answered(Connection delegate) {
                this.delegate = delegate;
            }

            @Override
            Connection delegate() {
                return delegate;
            }

            @Override
            public Publisher<Boolean> validate(ValidationDepth depth) {
                return depth == ValidationDepth.LOCAL
                        ? delegate.validate(depth)
                        : Mono.defer(() -> {
                            pings.incrementAndGet();
                            return answer;
                        });
            }
        }
    }
}
