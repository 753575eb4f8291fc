package dev.switchboard.core.resilience4j;

import dev.switchboard.core.CircuitBreakers;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A circuit breaker of Resilience4j for each address, as in
 * {@code RegistryOptions.builder().circuitBreakers(Resilience4jBreakers.create())}. What it counts are attempts to connect, and
 * nothing that happens on a connection. The breakers are named after their addresses and leave with the last pool that leads
 * there.
 */
@SuppressWarnings("exports") // Whoever calls it has Resilience4j; whoever does not must not need it.
public final class Resilience4jBreakers implements CircuitBreakers {

    private final CircuitBreakerRegistry breakers;

    private Resilience4jBreakers(CircuitBreakerRegistry breakers) {
        this.breakers = Objects.requireNonNull(breakers, "breakers");
    }

    /**
     * {@return breakers that open when half of the last ten attempts have failed, and at least five; after two seconds they let one through}
     */
    public static Resilience4jBreakers create() {
        return of(CircuitBreakerConfig.custom()
                .slidingWindowSize(10)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(Duration.ofSeconds(2))
                .permittedNumberOfCallsInHalfOpenState(1)
                .build());
    }

    /**
     * Breakers that all have one configuration.
     *
     * @param config when they open, and for how long
     * @return what the options of a registry take
     */
    public static Resilience4jBreakers of(CircuitBreakerConfig config) {
        return of(CircuitBreakerRegistry.of(config));
    }

    /**
     * Breakers that the program can look at: each stands in a registry of Resilience4j under its address.
     *
     * @param breakers where they are made, with the default configuration of that registry
     * @return what the options of a registry take
     */
    public static Resilience4jBreakers of(CircuitBreakerRegistry breakers) {
        return new Resilience4jBreakers(breakers);
    }

    @Override
    public Breaker opened(String address) {
        return new OfAddress(breakers, breakers.circuitBreaker(address));
    }

    private record OfAddress(CircuitBreakerRegistry home, CircuitBreaker breaker) implements Breaker {

        @Override
        public boolean isOpen() {
            CircuitBreaker.State state = breaker.getState();
            return state == CircuitBreaker.State.OPEN || state == CircuitBreaker.State.FORCED_OPEN;
        }

        @Override
        public boolean tryAcquirePermission() {
            return breaker.tryAcquirePermission();
        }

        @Override
        public void succeeded(long nanos) {
            breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void failed(long nanos, Throwable failure) {
            breaker.onError(nanos, TimeUnit.NANOSECONDS, failure);
        }

        @Override
        public void released() {
            breaker.releasePermission();
        }

        @Override
        public void closed() {
            home.remove(breaker.getName());
        }
    }
}
