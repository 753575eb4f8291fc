package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.Route;
import dev.switchboard.core.UnknownConnectionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** From hints to a route, without any pool. */
class RouterTests {

    private static final RoutingHint A = usingConnection("a");

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
            .register("main", "r2dbc:h2:mem:///unused")
            .register("a", "r2dbc:h2:mem:///unused")
            .register("pg", "r2dbc:postgresql://localhost/db");

    private Mono<Route> route(@Nullable Router router, Context context) {
        return new HintBinding(RoutingRules.of(registry, router), context, true).resolve(false);
    }

    private static Context with(RoutingHint... hints) {
        Context context = Context.empty();
        for (RoutingHint hint : hints) {
            context = hint.apply(context);
        }
        return context;
    }

    @Test
    void theChosenNameIsTheRoute() {
        StepVerifier.create(route(null, with(A))).expectNext(Route.to("a")).verifyComplete();
    }

    @Test
    void theDefaultServesWhereNoNameWasChosen() {
        registry.defaultConnection("main");

        StepVerifier.create(route(null, with())).expectNext(Route.to("main")).verifyComplete();
        StepVerifier.create(route(null, with(readOnly())))
                .expectNext(new Route("main", true, null))
                .verifyComplete();
        StepVerifier.create(route(null, with(A, usingDefaultConnection())))
                .expectNext(Route.to("main"))
                .verifyComplete();
    }

    @Test
    void noNameAndNoDefaultFailsInsteadOfGuessing() {
        StepVerifier.create(route(null, with()))
                .expectError(NoRouteException.class)
                .verify();
        StepVerifier.create(route(null, with(usingDefaultConnection())))
                .expectError(NoRouteException.class)
                .verify();
    }

    @Test
    void routersNarrowOneAfterTheOther() {
        Router shard = (soFar, hints) -> {
            Shard key = hints.get(Shard.class);
            return Mono.just(
                    key == null ? soFar : soFar.withConnectionName(soFar.connectionName() + "_" + key.number()));
        };
        Router replica = (soFar, hints) ->
                Mono.just(soFar.readOnly() ? soFar.withConnectionName(soFar.connectionName() + "_replica") : soFar);
        Router prepared = (soFar, hints) -> Mono.just(soFar.withPreparationKey("schema"));

        StepVerifier.create(route(shard.then(replica).then(prepared), with(A, new Shard(3), readOnly())))
                .expectNext(new Route("a_3_replica", true, "schema"))
                .verifyComplete();
    }

    @Test
    void theNextRouterIsNotAskedAfterAnError() {
        AtomicInteger asked = new AtomicInteger();
        Router failing = (soFar, hints) -> Mono.error(new IllegalStateException("no"));
        Router counting = (soFar, hints) -> {
            asked.incrementAndGet();
            return Mono.just(soFar);
        };

        StepVerifier.create(route(failing.then(counting), with(A)))
                .expectErrorMessage("no")
                .verify();
        assertThat(asked).hasValue(0);
    }

    @Test
    void aRouterSeesTheContextOfTheOneWhoAskedForTheConnection() {
        Router byRequest = (soFar, hints) ->
                Mono.deferContextual(context -> Mono.just(soFar.withConnectionName(context.get("request"))));

        StepVerifier.create(route(byRequest, Context.of("request", "a")).contextWrite(Context.of("request", "main")))
                .expectNext(Route.to("a"))
                .verifyComplete();
    }

    @Test
    void aRouterThatThrowsOrCompletesEmptyIsAnErrorSignal() {
        StepVerifier.create(route(
                        (soFar, hints) -> {
                            throw new IllegalStateException("thrown");
                        },
                        with(A)))
                .expectErrorMessage("thrown")
                .verify();
        StepVerifier.create(route((soFar, hints) -> Mono.empty(), with(A)))
                .expectError(NoRouteException.class)
                .verify();
    }

    @Test
    void aProductViewRefusesARouteToAnotherProduct() {
        RoutingRules view = RoutingRules.of(registry, null).forProduct("PostgreSQL");

        StepVerifier.create(new HintBinding(view, with(usingConnection("pg")), true).resolve(false))
                .expectNext(Route.to("pg"))
                .verifyComplete();
        StepVerifier.create(new HintBinding(view, with(A), true).resolve(false))
                .expectError(ProductMismatchException.class)
                .verify();
        StepVerifier.create(new HintBinding(view, with(usingConnection("typo")), true).resolve(false))
                .expectError(UnknownConnectionException.class)
                .verify();
    }
}
