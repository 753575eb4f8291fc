package dev.switchboard.testing;

import dev.switchboard.core.Route;
import dev.switchboard.routing.PartialRoute;
import dev.switchboard.routing.RouteHints;
import dev.switchboard.routing.RouteListener;
import dev.switchboard.routing.Router;
import dev.switchboard.routing.RoutingHint;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * Records where the chains led that it was written into. It travels in the Context, so the program under test stays as it is:
 *
 * <pre>{@code
 * RouteProbe probe = RouteProbe.create();
 * StepVerifier.create(orders.of(customer).contextWrite(probe)).expectNextCount(2).verifyComplete();
 * probe.expectRoute("shard12");
 * }</pre>
 *
 * <p>There is one decision for each connection handle: the statements of one transaction share one. Thread-safe.
 */
public final class RouteProbe implements Function<Context, Context> {

    private final List<Decision> decisions = new CopyOnWriteArrayList<>();

    private RouteProbe() {}

    /**
     * One decision.
     *
     * @param route where it led
     * @param hints what the scope had asked for
     */
    public record Decision(Route route, RouteHints hints) {

        /** {@return the connection name of the route} */
        public String name() {
            return route.connectionName();
        }
    }

    /** {@return a probe that has recorded nothing} */
    public static RouteProbe create() {
        return new RouteProbe();
    }

    /**
     * Asks a router without any database, as the first router of a chain is asked.
     *
     * @param router the router under test
     * @param hints what the scope asks for, the outermost first
     * @return what the router answers; it is asked at subscription
     */
    public static Mono<PartialRoute> ask(Router router, RoutingHint... hints) {
        Objects.requireNonNull(router, "router");
        List<RoutingHint> written = List.copyOf(Arrays.asList(hints));
        return Mono.deferContextual(context -> {
                    RouteHints scope = RouteHints.from(context);
                    boolean onlyReads =
                            scope.accessMode() != null && scope.accessMode().onlyReads();
                    return router.route(new PartialRoute(scope.connectionName(), onlyReads, null), scope);
                })
                .contextWrite(context -> {
                    Context scope = context;
                    for (RoutingHint hint : written) {
                        scope = hint.apply(scope);
                    }
                    return scope;
                });
    }

    /**
     * Writes this probe into the Context; for {@code contextWrite}.
     *
     * @param context the Context of the subscriber
     * @return the Context for everything above
     */
    @Override
    public Context apply(Context context) {
        return RouteListener.listening((route, hints) -> decisions.add(new Decision(route, hints)))
                .apply(context);
    }

    /** {@return what was decided until now, in that order} */
    public List<Decision> decisions() {
        return List.copyOf(decisions);
    }

    /** {@return the connection names that were decided on until now, in that order} */
    public List<String> names() {
        return decisions.stream().map(Decision::name).toList();
    }

    /** Forgets what was recorded. */
    public void reset() {
        decisions.clear();
    }

    /**
     * Fails unless there was exactly one decision, for this name.
     *
     * @param name the name of the connection, not of the logical name in front of it
     * @return the decision
     */
    public Decision expectRoute(String name) {
        expectRoutes(name);
        return decisions.get(0);
    }

    /**
     * Fails unless there were exactly these decisions, in this order.
     *
     * @param names the names of the connections; none at all for no decision
     */
    public void expectRoutes(String... names) {
        List<String> expected = List.copyOf(Arrays.asList(names));
        if (!names().equals(expected)) {
            throw failure("exactly " + expected + " in this order", expected);
        }
    }

    /**
     * Fails unless there were exactly these decisions, in whatever order: those of a fan-out come as the shards are asked.
     *
     * @param names the names of the connections
     */
    public void expectRoutesInAnyOrder(String... names) {
        List<String> expected = Arrays.stream(names).sorted().toList();
        if (!names().stream().sorted().toList().equals(expected)) {
            throw failure("exactly " + expected + " in any order", expected);
        }
    }

    private AssertionError failure(String expected, List<String> names) {
        StringBuilder text =
                new StringBuilder("Expected routes: ").append(expected).append(". Found: ");
        text.append(decisions.isEmpty() ? "none" : names()).append('.');
        if (decisions.isEmpty() && !names.isEmpty()) {
            text.append(" A route is decided when the first statement of a connection runs, and is seen by a probe that"
                    + " was written into the Context further out: chain.contextWrite(probe).");
        }
        for (Decision decision : decisions) {
            text.append("\n  ")
                    .append(decision.name())
                    .append(decision.route().readOnly() ? ", read-only" : "")
                    .append(", asked for with ")
                    .append(decision.hints());
        }
        return new AssertionError(text.toString());
    }

    /** {@return the names that were decided on} */
    @Override
    public String toString() {
        return "RouteProbe" + names();
    }
}
