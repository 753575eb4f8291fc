package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static dev.switchboard.routing.Routing.usingShardKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** From a shard key to a route, without any pool. */
class ShardRouterTests {

    private static final RoutingHint ORDERS = usingConnection("orders");

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
            .register("eu", "r2dbc:h2:mem:///unused")
            .register("us", "r2dbc:h2:mem:///unused")
            .register("plain", "r2dbc:h2:mem:///unused");
    private final ShardMap regions =
            ShardMap.list().shard("eu", "de", "fr").shard("us", "us").build();
    private final ShardRouter shards = ShardRouter.over(registry).replace("orders", regions);

    private Mono<Route> route(RoutingHint... hints) {
        Context context = Context.empty();
        for (RoutingHint hint : hints) {
            context = hint.apply(context);
        }
        return new HintBinding(RoutingRules.of(registry, shards), context, true).resolve(false);
    }

    private void refused(Class<? extends Throwable> type, String message, RoutingHint... hints) {
        StepVerifier.create(route(hints))
                .expectErrorSatisfies(
                        failure -> assertThat(failure).isInstanceOf(type).hasMessage(message))
                .verify();
    }

    @Test
    void aKeyLeadsTheLogicalNameToItsShard() {
        StepVerifier.create(route(ORDERS, usingShardKey("fr")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        StepVerifier.create(route(usingShardKey("us"), ORDERS, readOnly()))
                .expectNext(new Route("us", true, null))
                .verifyComplete();
    }

    @Test
    void theKeyNearestToTheQueryCounts() {
        StepVerifier.create(route(ORDERS, usingShardKey("fr"), usingShardKey("us")))
                .expectNext(Route.to("us"))
                .verifyComplete();
    }

    @Test
    void aKeyWithoutANameGoesToTheDefaultWhole() {
        refused(
                NoShardException.class,
                "The Context has the shard key 'fr', and no name that stands for shards. Choose one with"
                        + " contextWrite(usingConnection(\"name\")), or set one for all with defaultLogicalName(\"name\") of the"
                        + " ShardRouter.",
                usingShardKey("fr"));
        shards.defaultLogicalName("orders");
        StepVerifier.create(route(usingShardKey("fr")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        registry.defaultConnection("plain");
        StepVerifier.create(route(usingShardKey("fr")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        StepVerifier.create(route()).expectNext(Route.to("plain")).verifyComplete();
    }

    @Test
    void aNameWithoutShardsIsLeftAloneAndAKeyBesideItIsAnError() {
        StepVerifier.create(route(usingConnection("plain")))
                .expectNext(Route.to("plain"))
                .verifyComplete();
        String message =
                "Connection 'plain' has no shards, and the Context has the shard key 'fr'. Remove the key, choose a"
                        + " name that stands for shards, or give this one shards in the ShardRouter.";
        refused(NoShardException.class, message, usingConnection("plain"), usingShardKey("fr"));
        registry.defaultConnection("plain");
        refused(NoShardException.class, message, usingDefaultConnection(), usingShardKey("fr"));
    }

    @Test
    void aWholeWithoutAKeyIsAnErrorAndSoIsAKeyThatNoShardHas() {
        refused(
                NoShardException.class,
                "'orders' stands for several shards, and the Context has no shard key. Say which one with"
                        + " contextWrite(usingShardKey(key)), or name a shard itself with usingConnection(\"name\").",
                ORDERS);
        refused(
                NoShardException.class,
                "No shard of 'orders' has the shard key 'jp'. Correct the key, or give it a shard in the map.",
                ORDERS,
                usingShardKey("jp"));
    }

    @Test
    void aShardMayBeNamedItselfWithAKeyOnlyWhereTheKeyBelongsThere() {
        StepVerifier.create(route(usingConnection("eu")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        StepVerifier.create(route(usingConnection("eu"), usingShardKey("de")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        refused(
                RouteConflictException.class,
                "Connection 'eu' holds the route of the shard key 'us', and the shard 'eu' was asked for inside. The key belongs"
                        + " to another shard. Name the whole, 'orders', and the key finds its shard, or remove the key.",
                usingConnection("eu"),
                usingShardKey("us"));
    }

    @Test
    void aPinnedShardIsReachedByAKeyAlone() {
        shards.replace(
                "orders",
                ShardMap.list()
                        .shard("eu", "de", "fr")
                        .shard("us", "us")
                        .pinned()
                        .build());
        StepVerifier.create(route(ORDERS, usingShardKey("de")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        StepVerifier.create(route(usingConnection("eu"), usingShardKey("de")))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        refused(
                RouteConflictException.class,
                "Connection 'eu' holds the route of no shard key, and the shard 'eu' was asked for inside. The shards of"
                        + " 'orders' are pinned: each is reached by a key that belongs there. Name 'orders' and write"
                        + " usingShardKey(key).",
                usingConnection("eu"));
    }

    @Test
    void aSecondMapOpensNoWayIntoAPinnedShard() {
        shards.replace(
                        "orders",
                        ShardMap.list()
                                .shard("eu", "de")
                                .shard("us", "us")
                                .pinned()
                                .build())
                .replace("mixed", ShardMap.by(List.of("eu", "us"), key -> "eu"));
        StepVerifier.create(route(usingConnection("eu"), usingShardKey("us")))
                .expectError(RouteConflictException.class)
                .verify();
    }

    @Test
    void anAnswerThatIsNoShardIsAnError() {
        shards.replace("orders", ShardMap.by(List.of("eu"), key -> "plain"));
        refused(
                NoShardException.class,
                "The map of 'orders' leads the shard key 7 to 'plain', which is none of its shards. Correct what the map's"
                        + " function or directory answers, or add that shard to the map.",
                ORDERS,
                usingShardKey(7));
    }

    @Test
    void aDirectoryIsAskedWithoutTheHintsOfTheQuery() {
        List<String> seen = new ArrayList<>();
        shards.replace(
                "orders",
                ShardMap.directory(
                        List.of("eu"),
                        key -> Mono.deferContextual(context -> {
                            seen.add(RouteHints.from(context).toString());
                            return Mono.just("eu");
                        })));
        StepVerifier.create(route(ORDERS, usingShardKey(7)))
                .expectNext(Route.to("eu"))
                .verifyComplete();
        assertThat(seen).containsExactly("[]");
    }

    @Test
    void aMapIsChangedAsAWholeAndGetsAVersion() {
        assertThat(shards.version("orders")).isEqualTo(1);
        assertThat(shards.map("orders")).isSameAs(regions);
        long version = shards.update(
                "orders",
                before -> ShardMap.list().shard("us", "de", "fr", "us").build());
        assertThat(version).isEqualTo(2);
        StepVerifier.create(route(ORDERS, usingShardKey("de")))
                .expectNext(Route.to("us"))
                .verifyComplete();
        assertThat(shards.version("other")).isZero();
        assertThat(shards.map("other")).isNull();
    }

    @Test
    void aWrongChangeIsRefusedAndLeavesTheMapAsItWas() {
        assertThatThrownBy(() -> shards.replace("orders", ShardMap.hash("eu", "asia")))
                .isInstanceOfSatisfying(
                        InvalidShardMapException.class,
                        refused -> assertThat(refused.connectionName()).isEqualTo("orders"))
                .hasMessage(
                        "The shards of 'orders' were not changed: no connection 'asia' is registered. Register it before it"
                                + " becomes a shard, or look it up once where a directory knows it.");
        assertThatThrownBy(() -> shards.replace("plain", regions))
                .hasMessage(
                        "The shards of 'plain' were not changed: a connection is registered under that name itself. Choose a"
                                + " name for the whole that no connection has.");
        assertThatThrownBy(() -> shards.update("other", before -> before))
                .hasMessage(
                        "The shards of 'other' were not changed: the name has no shards that could be changed. Give it some"
                                + " with replace(..).");
        assertThat(shards.map("orders")).isSameAs(regions);
        assertThat(shards.version("orders")).isEqualTo(1);
        assertThat(shards.version("other")).isZero();
    }

    /** While maps change, each question is answered by one of them: by the new one as soon as its change has returned. */
    @Test
    void noQuestionIsAnsweredByAMapThatIsGone() {
        ShardMap toEurope = ShardMap.by(List.of("eu", "us"), key -> "eu");
        ShardMap toAmerica = ShardMap.by(List.of("eu", "us"), key -> "us");
        shards.replace("orders", toEurope);
        AtomicBoolean over = new AtomicBoolean();
        Flux<String> asking = Flux.range(0, 3)
                .flatMap(asker -> Flux.<String>generate(sink -> {
                            if (over.get()) {
                                sink.complete();
                                return;
                            }
                            sink.next(route(ORDERS, usingShardKey(asker))
                                    .map(Route::connectionName)
                                    .blockOptional()
                                    .orElseThrow());
                        })
                        .subscribeOn(Schedulers.boundedElastic()));
        Mono<Void> changing = Mono.<Void>fromRunnable(() -> {
                    for (int change = 0; change < 5_000; change++) {
                        ShardMap next = change % 2 == 0 ? toAmerica : toEurope;
                        shards.replace("orders", next);
                        assertThat(route(ORDERS, usingShardKey(1)).block())
                                .isEqualTo(Route.to(change % 2 == 0 ? "us" : "eu"));
                    }
                })
                .doFinally(signal -> over.set(true))
                .subscribeOn(Schedulers.boundedElastic());
        StepVerifier.create(Flux.merge(asking.distinct(), changing.cast(String.class))
                        .collectList())
                .assertNext(answers -> assertThat(List.of("eu", "us")).containsAll(answers))
                .verifyComplete();
        assertThat(shards.version("orders")).isEqualTo(5_002);
    }
}
