package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.resilience4j.Resilience4jBreakers;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A breaker for each address: who hears at once that nobody is there, and who notices nothing. */
@Tag("once")
class CircuitBreakerTests {

    private static final int TO_OPEN = 5;

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ShakyProvider.Host dead = ShakyProvider.host(UUID.randomUUID().toString());
    private final ShakyProvider.Host alive =
            ShakyProvider.host(UUID.randomUUID().toString());
    private final CircuitBreakerRegistry breakers = CircuitBreakerRegistry.of(config(Duration.ofSeconds(2))
            .clock(new VirtualClock(time))
            .currentTimestampFunction(clock -> time.now(TimeUnit.NANOSECONDS), TimeUnit.NANOSECONDS)
            .build());
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .timer(time)
            .circuitBreakers(Resilience4jBreakers.of(breakers))
            .budget(ConnectionBudget.builder().total(4).build())
            .build());

    private static CircuitBreakerConfig.Builder config(Duration wait) {
        return CircuitBreakerConfig.custom()
                .slidingWindowSize(10)
                .minimumNumberOfCalls(TO_OPEN)
                .waitDurationInOpenState(wait)
                .permittedNumberOfCallsInHalfOpenState(1);
    }

    @BeforeEach
    void register() {
        alive.up();
        registry.register(dead.definition("orders"));
        registry.register(dead.definition("billing"));
        registry.register(alive.definition("audit"));
    }

    @AfterEach
    void nothingIsLeft() {
        dead.up();
        Borrowing.close(registry);
        assertThat(registry.budget().total().open()).isZero();
        assertThat(breakers.getAllCircuitBreakers()).isEmpty();
    }

    private Mono<Object> query(String name) {
        return Borrowing.query(registry, name, "SELECT 1");
    }

    private static void await(String what, int wanted, IntSupplier now) {
        Waiting.until(what + ": " + wanted, () -> now.getAsInt() == wanted);
    }

    private CircuitBreaker breaker() {
        return breakers.circuitBreaker(dead.address());
    }

    private void failing(int times, Throwable failure, Class<? extends Throwable> told) {
        for (int i = 0; i < times; i++) {
            StepVerifier.create(query("orders"))
                    .expectSubscription()
                    .then(() -> time.advanceTimeBy(Duration.ofSeconds(2)))
                    .then(() -> await("connects", 1, dead::pending))
                    .then(() -> dead.fail(failure))
                    .expectError(told)
                    .verify(Borrowing.PATIENCE);
        }
    }

    private void open() {
        failing(TO_OPEN, new IOException("Connection refused"), CannotConnectException.class);
        assertThat(breaker().getState()).isEqualTo(CircuitBreaker.State.OPEN);
    }

    @Test
    void whileItIsOpenEverybodyHearsSoAtOnceAndNobodyConnects() {
        open();
        for (String name : List.of("orders", "billing", "orders")) {
            StepVerifier.create(query(name))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(CircuitOpenException.class)
                            .hasMessage("Connection '" + name + "': nobody connects to " + dead.address()
                                    + " for now, as its circuit breaker is open; the last attempt failed 0 ms ago"
                                    + " (IOException). Check that it is running and can be reached from here. The breaker"
                                    + " lets an attempt through by itself after its wait; retry later, for example with"
                                    + " retryTransient().")
                            .satisfies(told ->
                                    assertThat(FailureClass.of(told)).isEqualTo(FailureClass.RETRYABLE_STATEMENT)))
                    .verify(Borrowing.PATIENCE);
        }
        assertThat(dead.attempts()).isEqualTo(TO_OPEN);
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 10));
        assertThat(query("audit").block(Borrowing.PATIENCE)).isEqualTo(1);
    }

    @Test
    void whoWaitsWhenItOpensHearsSoAtOnce() {
        failing(TO_OPEN - 1, new IOException("Connection refused"), CannotConnectException.class);
        List<Throwable> told = new ArrayList<>();
        Mono<Void> all = Flux.range(0, 20)
                .flatMap(
                        i -> query(i % 2 == 0 ? "orders" : "billing").then().onErrorResume(failure -> {
                            synchronized (told) {
                                told.add(failure);
                            }
                            return Mono.empty();
                        }),
                        20)
                .then()
                .cache();
        all.subscribe();
        await("wait", 20, () -> registry.budget().total().counts().waiting());
        time.advanceTimeBy(Duration.ofSeconds(2));
        await("one connects", 1, dead::pending);
        dead.fail();
        all.block(Borrowing.PATIENCE);
        assertThat(told).filteredOn(CannotConnectException.class::isInstance).hasSize(1);
        assertThat(told).filteredOn(CircuitOpenException.class::isInstance).hasSize(19);
        assertThat(dead.attempts()).isEqualTo(TO_OPEN);
    }

    @Test
    void afterItsWaitOneTriesForAllAndTheOthersWaitForThat() {
        open();
        time.advanceTimeBy(Duration.ofSeconds(3));
        Mono<Object> first = query("orders").cache();
        first.subscribe(null, failure -> {});
        await("tries", 1, dead::pending);
        Mono<Object> second = query("billing").cache();
        second.subscribe(null, failure -> {});
        await("waits", 1, () -> registry.status("billing").counts().waiting());
        assertThat(dead.attempts()).isEqualTo(TO_OPEN + 1);
        dead.up();
        assertThat(first.block(Borrowing.PATIENCE)).isEqualTo(1);
        assertThat(second.block(Borrowing.PATIENCE)).isEqualTo(1);
        assertThat(breaker().getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void aTryThatFailsOpensItAgain() {
        open();
        time.advanceTimeBy(Duration.ofSeconds(3));
        failing(1, new IOException("Connection refused"), CannotConnectException.class);
        StepVerifier.create(query("orders"))
                .expectError(CircuitOpenException.class)
                .verify(Borrowing.PATIENCE);
        assertThat(dead.attempts()).isEqualTo(TO_OPEN + 1);
    }

    @Test
    void aPasswordThatIsRefusedSaysNothingAboutTheAddress() {
        failing(2 * TO_OPEN, new R2dbcPermissionDeniedException("no", "28P01"), AuthenticationRefusedException.class);
        assertThat(breaker().getState()).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void anIdleConnectionIsLentWhileItIsOpen() {
        dead.up();
        query("orders").block(Borrowing.PATIENCE);
        breaker().transitionToOpenState();
        assertThat(query("orders").block(Borrowing.PATIENCE)).isEqualTo(1);
        StepVerifier.create(query("billing"))
                .expectError(CircuitOpenException.class)
                .verify(Borrowing.PATIENCE);
    }

    @Test
    void aHostThatDoesNotAnswerTakesNoMoreOfTheBudgetThanItsOpenings() {
        Mono<Void> stuck = Flux.range(0, 40)
                .flatMap(i -> query(i % 2 == 0 ? "orders" : "billing").onErrorComplete(), 40)
                .then()
                .cache();
        stuck.subscribe();
        await("connects", 2, dead::pending);
        for (int i = 0; i < 20; i++) {
            assertThat(query("audit").block(Borrowing.PATIENCE)).isEqualTo(1);
        }
        assertThat(dead.attempts()).isEqualTo(2);
        dead.up();
        stuck.block(Borrowing.PATIENCE);
    }

    @Test
    void aRealServerThatRefusesAndComesBackIsFoundAgain() {
        CircuitBreakerRegistry quick =
                CircuitBreakerRegistry.of(config(Duration.ofMillis(100)).build());
        ReactiveConnectionRegistry real = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .circuitBreakers(Resilience4jBreakers.of(quick))
                .build());
        try (Database database = Databases.create(Product.POSTGRESQL);
                FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            real.register(ConnectionDefinition.of("orders", database.url())
                    .withHost("127.0.0.1")
                    .withPort(proxy.port()));
            proxy.refuse();
            Waiting.until("the breaker opens", () -> {
                Throwable told = Borrowing.query(real, "orders", "SELECT 1")
                        .then(Mono.<Throwable>empty())
                        .onErrorResume(Mono::just)
                        .block(Borrowing.PATIENCE);
                return told instanceof CircuitOpenException;
            });
            proxy.accept();
            Object one = Borrowing.query(real, "orders", "SELECT 1")
                    .retryWhen(TransientRetry.retryTransient().maxAttempts(20))
                    .block(Borrowing.PATIENCE);
            assertThat(one).hasToString("1");
            Borrowing.close(real);
        }
    }

    /** Tells the time of a scheduler. */
    private static final class VirtualClock extends Clock {

        private final VirtualTimeScheduler time;

        VirtualClock(VirtualTimeScheduler time) {
            this.time = time;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(time.now(TimeUnit.MILLISECONDS));
        }
    }
}
