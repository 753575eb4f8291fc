package dev.switchboard.testing;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/**
 * {@link StepVerifier} with one step in front, which says where the chain must have led:
 *
 * <pre>{@code
 * RouteVerifier.create(orders.of(customer))
 *         .expectRoute("shard12")
 *         .expectNext(first, second)
 *         .verifyComplete();
 * }</pre>
 *
 * <p>The routes are compared when the chain ends, before its end is handed on: where they differ, an {@link AssertionError}
 * takes its place. A chain that the verifier cancels never ends; use a {@link RouteProbe} there.
 *
 * @param <T> the type of the values
 */
public final class RouteVerifier<T> {

    private final Publisher<? extends T> chain;

    private RouteVerifier(Publisher<? extends T> chain) {
        this.chain = chain;
    }

    /**
     * Begins to describe what a chain must do. Nothing is subscribed before one of StepVerifier's methods that verify.
     *
     * @param chain the chain under test; hints are written into it, or come from its own operators
     * @param <T> the type of the values
     * @return the first step
     */
    public static <T> RouteVerifier<T> create(Publisher<? extends T> chain) {
        return new RouteVerifier<>(Objects.requireNonNull(chain, "chain"));
    }

    /**
     * The chain must use one connection, of this name.
     *
     * @param name the name of the connection, not of the logical name in front of it
     * @return the steps that follow
     */
    public StepVerifier.FirstStep<T> expectRoute(String name) {
        return expectRoutes(name);
    }

    /**
     * The chain must use exactly these connections, in this order.
     *
     * @param names the names; one for each connection handle, so once for a transaction
     * @return the steps that follow
     */
    public StepVerifier.FirstStep<T> expectRoutes(String... names) {
        List<String> expected = List.copyOf(Arrays.asList(names));
        return verifying(probe -> probe.expectRoutes(expected.toArray(String[]::new)));
    }

    /**
     * The chain must use exactly these connections, in whatever order.
     *
     * @param names the names; one for each connection handle
     * @return the steps that follow
     */
    public StepVerifier.FirstStep<T> expectRoutesInAnyOrder(String... names) {
        List<String> expected = List.copyOf(Arrays.asList(names));
        return verifying(probe -> probe.expectRoutesInAnyOrder(expected.toArray(String[]::new)));
    }

    /**
     * The chain must not get as far as to use a connection.
     *
     * @return the steps that follow
     */
    public StepVerifier.FirstStep<T> expectNoRoute() {
        return expectRoutes();
    }

    private StepVerifier.FirstStep<T> verifying(Consumer<RouteProbe> expectation) {
        return StepVerifier.create(Flux.defer(() -> {
            RouteProbe probe = RouteProbe.create();
            return Flux.<T>from(chain)
                    .contextWrite(probe)
                    .onErrorMap(error -> unexpected(expectation, probe, error))
                    .concatWith(Flux.defer(() -> {
                        expectation.accept(probe);
                        return Flux.empty();
                    }));
        }));
    }

    private static Throwable unexpected(Consumer<RouteProbe> expectation, RouteProbe probe, Throwable error) {
        try {
            expectation.accept(probe);
            return error;
        } catch (AssertionError unmet) {
            unmet.initCause(error);
            return unmet;
        }
    }
}
