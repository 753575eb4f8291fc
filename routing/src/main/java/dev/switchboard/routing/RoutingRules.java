package dev.switchboard.routing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.Route;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What all connection handles of one factory share: where names live, who narrows them, and how strict the guard is. */
final class RoutingRules {

    private final ReactiveConnectionRegistry registry;
    private final @Nullable Router router;
    private final boolean strict;
    private final @Nullable String product;
    private final LongAdder lostContexts;

    private RoutingRules(
            ReactiveConnectionRegistry registry,
            @Nullable Router router,
            boolean strict,
            @Nullable String product,
            LongAdder lostContexts) {
        this.registry = registry;
        this.router = router;
        this.strict = strict;
        this.product = product;
        this.lostContexts = lostContexts;
    }

    static RoutingRules of(ReactiveConnectionRegistry registry, @Nullable Router router) {
        return new RoutingRules(registry, router, false, null, new LongAdder());
    }

    RoutingRules strict() {
        return new RoutingRules(registry, router, true, product, new LongAdder());
    }

    /** The same rules, for routes to one product; what is counted is counted together. */
    RoutingRules forProduct(String name) {
        return new RoutingRules(registry, router, strict, name, lostContexts);
    }

    ReactiveConnectionRegistry registry() {
        return registry;
    }

    /** Whether the chosen name is the name of the connection: no router stands behind it. */
    boolean isPlain() {
        return router == null;
    }

    boolean servesAlike(EntityKey held, EntityKey asked) {
        return router != null && router.servesAlike(held, asked);
    }

    @Nullable
    String product() {
        return product;
    }

    String productName() {
        return product == null ? "Switchboard" : product;
    }

    /** A route, who hears what is written on it, and why it is so. */
    record Narrowed(Route route, @Nullable WriteWatch watch, RouteReasons reasons) {}

    Mono<Narrowed> narrow(PartialRoute start, RouteHints hints) {
        if (router == null) {
            return hints.ofKind(EntityKey.class) == null
                    ? Mono.defer(() -> checked(start, hints))
                    : Mono.error(() -> NoRouteException.withoutEntities(hints));
        }
        return router.route(start, hints)
                .switchIfEmpty(Mono.error(() -> new NoRouteException(
                        hints, "A router completed without a route: let it return what it was given instead")))
                .flatMap(narrowed -> checked(narrowed.after(start), hints));
    }

    private Mono<Narrowed> checked(PartialRoute narrowed, RouteHints hints) {
        String name = narrowed.connectionName();
        if (name == null) {
            return Mono.error(NoRouteException.withoutDefault(hints));
        }
        Route route = new Route(
                name, narrowed.readOnly(), narrowed.preparationKey(), hints.override(), narrowed.preventsWrites());
        return (product == null ? Mono.just(route) : ofProduct(product, route))
                .map(found -> new Narrowed(found, narrowed.watch(), narrowed.reasons()));
    }

    /** Asks the registry's directory where it has to: a name that nobody registered has a product all the same. */
    private Mono<Route> ofProduct(String wanted, Route route) {
        return registry.lookup(route.connectionName()).map(found -> {
            if (!wanted.equalsIgnoreCase(found.product())) {
                throw new ProductMismatchException(route.connectionName(), wanted, found.product());
            }
            return route;
        });
    }

    void contextLost(@Nullable String connectionName, RouteHints held) {
        if (strict) {
            throw new ContextLostException(connectionName, held);
        }
        lostContexts.increment();
    }

    long lostContexts() {
        return lostContexts.sum();
    }
}
