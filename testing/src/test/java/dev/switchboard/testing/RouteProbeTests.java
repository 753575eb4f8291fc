package dev.switchboard.testing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingShardKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.UnknownConnectionException;
import dev.switchboard.routing.Router;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.ShardMap;
import dev.switchboard.routing.ShardRouter;
import dev.switchboard.routing.SqlClient;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a test of a user's learns of the way that a chain took. */
@Tag("once")
class RouteProbeTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ReactiveConnectionRegistry registry = InMemoryDatabases.registry("orders", "shard11", "shard12");
    private final RouteProbe probe = RouteProbe.create();
    private SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry));

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
    }

    private Mono<Integer> query() {
        return db.sql("SELECT 1").map(Integer.class).one();
    }

    @Test
    void aChainTellsWhereItWent() {
        StepVerifier.create(query().contextWrite(readOnly())
                        .contextWrite(usingConnection("shard12"))
                        .contextWrite(probe))
                .expectNext(1)
                .verifyComplete();
        RouteProbe.Decision decision = probe.expectRoute("shard12");
        assertThat(decision.route().readOnly()).isTrue();
        assertThat(decision.hints().connectionName()).isEqualTo("shard12");
        probe.reset();
        probe.expectRoutes();
    }

    @Test
    void aTransactionHasOneRouteAndOtherChainsAreNotHeard() {
        Mono<Integer> twice = db.inTransaction(query().then(query())).contextWrite(probe);
        StepVerifier.create(twice.zipWith(query().contextWrite(usingConnection("shard11"))))
                .expectNextCount(1)
                .verifyComplete();
        probe.expectRoute("orders");
    }

    @Test
    void aRouterIsSeenByWhatItDecides() {
        ShardMap map =
                ShardMap.list().shard("shard11", "a").shard("shard12", "b").build();
        ShardRouter shards = ShardRouter.over(registry).replace("customers", map);
        db = SqlClient.over(RoutingConnectionFactory.over(registry, shards));
        Flux<Integer> both =
                query().contextWrite(usingShardKey("a")).concatWith(query().contextWrite(usingShardKey("b")));
        StepVerifier.create(both.contextWrite(usingConnection("customers")).contextWrite(probe))
                .expectNext(1, 1)
                .verifyComplete();
        probe.expectRoutes("shard11", "shard12");
        probe.expectRoutesInAnyOrder("shard12", "shard11");
        assertThat(probe).hasToString("RouteProbe[shard11, shard12]");
    }

    @Test
    void aWrongExpectationSaysWhatWasFoundAndWhatWasAskedFor() {
        assertThatThrownBy(() -> probe.expectRoute("shard12"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll("exactly [shard12] in this order", "Found: none", "contextWrite(probe)");
        query().contextWrite(usingConnection("shard11")).contextWrite(probe).block(PATIENCE);
        assertThatThrownBy(() -> probe.expectRoutesInAnyOrder("shard12", "shard11"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll("in any order", "Found: [shard11]", "asked for with [connection 'shard11']");
    }

    @Test
    void theFirstStepSaysWhereAChainMustLead() {
        RouteVerifier.create(query().contextWrite(usingConnection("shard12")))
                .expectRoute("shard12")
                .expectNext(1)
                .verifyComplete();
        assertThatThrownBy(() -> RouteVerifier.create(query().contextWrite(usingConnection("shard11")))
                        .expectRoute("shard12")
                        .expectNext(1)
                        .verifyComplete())
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll("[shard12]", "[shard11]");
        RouteVerifier.create(query().concatWith(query().contextWrite(usingConnection("shard11"))))
                .expectRoutesInAnyOrder("shard11", "orders")
                .expectNext(1, 1)
                .verifyComplete();
        RouteVerifier.create(Mono.just(7)).expectNoRoute().expectNext(7).verifyComplete();
    }

    @Test
    void aChainThatFailsIsComparedToo() {
        RouteVerifier.create(query().contextWrite(usingConnection("nowhere")))
                .expectRoute("nowhere")
                .verifyError(UnknownConnectionException.class);
        RouteVerifier.create(query().contextWrite(usingConnection("nowhere")))
                .expectRoute("orders")
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining("[nowhere]")
                        .hasCauseInstanceOf(UnknownConnectionException.class))
                .verify(PATIENCE);
    }

    @Test
    void aRouterIsAskedWithoutAnyDatabase() {
        Router router = FakeRoutes.create().route("orders", "shard11");
        StepVerifier.create(RouteProbe.ask(router, usingConnection("orders"), readOnly()))
                .assertNext(route -> {
                    assertThat(route.connectionName()).isEqualTo("shard11");
                    assertThat(route.readOnly()).isTrue();
                })
                .verifyComplete();
    }

    @Test
    void manyNamesLeadToFewDatabases() {
        FakeRoutes fake = FakeRoutes.create()
                .route("shard600", "shard12")
                .fail("shard601", new IllegalStateException("down"))
                .otherwise("shard11");
        db = SqlClient.over(RoutingConnectionFactory.over(registry, fake));
        for (String name : new String[] {"shard600", "shard7"}) {
            RouteVerifier.create(query().contextWrite(usingConnection(name)))
                    .expectRoute(name.equals("shard600") ? "shard12" : "shard11")
                    .expectNext(1)
                    .verifyComplete();
        }
        StepVerifier.create(query().contextWrite(usingConnection("shard601"))).verifyErrorMessage("down");
        db = SqlClient.over(RoutingConnectionFactory.over(registry, FakeRoutes.to("shard12")));
        RouteVerifier.create(query()).expectRoute("shard12").expectNext(1).verifyComplete();
    }
}
