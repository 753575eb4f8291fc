package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.cacheByRoute;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.shareByRoute;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static dev.switchboard.routing.Routing.usingOptions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Rows of one route do not reach a subscriber on another unnoticed, and whatever is right is left alone. */
@Tag("once")
class RouteLeakDetectorTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final RoutingHint A = usingConnection("a");
    private static final RoutingHint B = usingConnection("b");
    private static final Fleet FLEET = Fleet.of(Product.H2, "a", "b");
    private static final Router SHARDS =
            (soFar, hints) -> Mono.just(hints.get(Shard.class) == null ? soFar : soFar.withConnectionName("b"));
    private static final SqlClient ROUTED = SqlClient.over(RoutingConnectionFactory.over(FLEET.registry(), SHARDS));

    @BeforeAll
    static void watch() {
        RouteLeakDetector.enable();
    }

    @AfterAll
    static void stop() {
        RouteLeakDetector.disable();
        FLEET.close();
    }

    private static Mono<String> who() {
        return FLEET.who();
    }

    private static Mono<String> routedWho() {
        return ROUTED.sql("SELECT name FROM who").map(String.class).one();
    }

    private static Flux<Integer> notes() {
        return FLEET.db().sql("SELECT id FROM note").map(Integer.class).all();
    }

    private static void expect(Publisher<String> query, String name) {
        StepVerifier.create(query).expectNext(name).expectComplete().verify(PATIENCE);
    }

    private static void expectLeak(Publisher<?> query) {
        StepVerifier.create(query).expectError(RouteLeakException.class).verify(PATIENCE);
    }

    private static Arguments sharing(String name, UnaryOperator<Flux<String>> operator) {
        return arguments(name, operator);
    }

    static Stream<Arguments> whatKeeps() {
        return Stream.of(
                sharing("cache", Flux::cache),
                sharing("cache(Duration)", rows -> rows.cache(Duration.ofMinutes(1))),
                sharing("replay(1).autoConnect()", rows -> rows.replay(1).autoConnect()),
                sharing("Mono.cache", rows -> rows.next().cache().flux()),
                sharing(
                        "Mono.cache(Duration)",
                        rows -> rows.next().cache(Duration.ofMinutes(1)).flux()),
                sharing(
                        "cacheInvalidateIf",
                        rows -> rows.next().cacheInvalidateIf(row -> false).flux()),
                sharing(
                        "cacheInvalidateWhen",
                        rows -> rows.next()
                                .cacheInvalidateWhen(row -> Mono.never())
                                .flux()),
                sharing(
                        "a cache in a cache",
                        rows -> rows.cache().next().cache().flux()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("whatKeeps")
    void whatIsKeptOfOneRouteDoesNotReachAnother(String name, UnaryOperator<Flux<String>> operator) {
        Flux<String> kept = operator.apply(who().flux());

        expect(kept.contextWrite(A), "a");
        StepVerifier.create(kept.contextWrite(B))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(RouteLeakException.class)
                        .hasMessageStartingWith("An answer that was fetched for [connection 'a'] was about to reach a"
                                + " subscriber with [connection 'b']: "))
                .verify(PATIENCE);
        expectLeak(kept);
        expect(kept.contextWrite(A), "a");
    }

    static Stream<Arguments> whatRuns() {
        return Stream.of(
                sharing("share", Flux::share),
                sharing("publish().refCount()", rows -> rows.publish().refCount()),
                sharing(
                        "publish().refCount(1, Duration)",
                        rows -> rows.publish().refCount(1, Duration.ofMinutes(1))),
                sharing("publish().autoConnect()", rows -> rows.publish().autoConnect()),
                sharing("replay().refCount()", rows -> rows.replay().refCount()),
                sharing(
                        "publish(256).hide()",
                        rows -> rows.publish(256).refCount().hide()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("whatRuns")
    void aRunningStreamFailsForTheOtherRouteAloneAndEndsForNobodyElse(String name, UnaryOperator<Flux<String>> operator)
            throws InterruptedException {
        Sinks.Many<Integer> ticks = Sinks.many().unicast().onBackpressureBuffer();
        Flux<String> shared = operator.apply(ticks.asFlux().concatMap(tick -> who()));
        CountDownLatch one = new CountDownLatch(1);
        CountDownLatch two = new CountDownLatch(2);
        Disposable a = shared.contextWrite(A).subscribe(row -> {
            one.countDown();
            two.countDown();
        });

        StepVerifier.create(shared.contextWrite(B))
                .then(() -> ticks.tryEmitNext(1).orThrow())
                .expectError(RouteLeakException.class)
                .verify(PATIENCE);
        assertThat(one.await(30, TimeUnit.SECONDS)).isTrue();
        ticks.tryEmitNext(2).orThrow();
        assertThat(two.await(30, TimeUnit.SECONDS)).isTrue();
        a.dispose();
    }

    @Test
    void anEmptyAnswerOfOneRouteIsNoAnswerForAnother() {
        for (Flux<Integer> kept :
                List.of(notes().cache(), notes().next().cache().flux())) {
            StepVerifier.create(kept.contextWrite(A)).expectComplete().verify(PATIENCE);
            expectLeak(kept.contextWrite(B));
        }
    }

    @Test
    void aDefaultIsARouteOfItsOwn() {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        for (String name : List.of("a", "b")) {
            registry.register(name, FLEET.databaseOf(name).url());
        }
        registry.defaultConnection("a");
        Mono<String> kept = SqlClient.over(RoutingConnectionFactory.over(registry))
                .sql("SELECT name FROM who")
                .map(String.class)
                .one()
                .cache();

        expect(kept, "a");
        expect(kept.contextWrite(usingDefaultConnection()), "a");
        expect(kept.contextWrite(A), "a");
        expectLeak(kept.contextWrite(B));
        registry.close().block(PATIENCE);
    }

    @Test
    void whatANarrowerScopeFetchedDoesNotServeAWiderOne() {
        Mono<String> read = who().cache();
        Mono<String> written = who().cache();

        expect(read.contextWrite(readOnly()).contextWrite(A), "a");
        expectLeak(read.contextWrite(A));
        expect(written.contextWrite(A), "a");
        expect(written.contextWrite(readOnly()).contextWrite(A), "a");
    }

    @Test
    void anotherKindOfHintIsAnotherRouteUnlessTheStreamNamesItsConnection() {
        Mono<String> bySubscriber = routedWho().cache();
        Mono<String> named = routedWho().contextWrite(A).cache();
        Mono<String> led =
                routedWho().contextWrite(B).contextWrite(new Shard(7)).cache();

        expect(bySubscriber.contextWrite(new Shard(1)).contextWrite(A), "b");
        expectLeak(bySubscriber.contextWrite(A));
        expect(named.contextWrite(A), "a");
        expect(named, "a");
        expect(named.contextWrite(B), "a");
        expect(named.contextWrite(new Shard(1)), "a");
        expect(led.contextWrite(A), "b");
        expect(led.contextWrite(new Shard(1)), "b");
        StepVerifier.create(led.contextWrite(usingOptions(options -> options.host("db02"))))
                .expectError(RouteLeakException.class)
                .verify(PATIENCE);
    }

    @Test
    void aNameInsideThatARouterLeadsElsewhereIsNoAnswerForOtherHints() {
        Mono<String> led = routedWho().contextWrite(A).cache();

        expect(led.contextWrite(new Shard(1)), "b");
        expectLeak(led.contextWrite(new Shard(2)));
    }

    @Test
    void aCacheThatHasGrownOldServesTheNextRoute() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        Mono<String> kept = who().cache(Duration.ofMinutes(1), time);
        Mono<String> failing = who().flatMap(row ->
                        row.equals("a") ? Mono.<String>error(new IllegalStateException("planned")) : Mono.just(row))
                .cache();

        expect(kept.contextWrite(A), "a");
        time.advanceTimeBy(Duration.ofMinutes(2));
        expect(kept.contextWrite(B), "b");
        expectLeak(kept.contextWrite(A));
        expect(who().cacheInvalidateIf(row -> true).contextWrite(A), "a");
        StepVerifier.create(failing.contextWrite(A))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
    }

    @Test
    void oneRunOfASharedStreamAfterAnotherMayHaveAnotherRoute() {
        Flux<String> shared = who().flux().share();

        for (int i = 0; i < 3; i++) {
            expect(shared.contextWrite(A), "a");
            expect(shared.contextWrite(B), "b");
        }
    }

    @Test
    void whatIsKeptByRouteIsNoLeakAndMakesOneWhereItIsSharedAgain() {
        Mono<String> byRoute = cacheByRoute(who(), Duration.ofMinutes(1));
        Mono<String> again = byRoute.cache();

        for (int i = 0; i < 2; i++) {
            expect(byRoute.contextWrite(A), "a");
            expect(byRoute.contextWrite(B), "b");
            expect(shareByRoute(who()).contextWrite(B), "b");
        }
        expect(again.contextWrite(A), "a");
        expectLeak(again.contextWrite(B));
    }

    @Test
    void manyRoutesInOneSharedStreamAreNoLeak() {
        Flux<String> all = FanOut.over(List.of("a", "b")).merge(who().flux());
        Flux<String> both = Flux.just(A, B)
                .flatMap(hint -> who().publishOn(Schedulers.parallel()).contextWrite(hint))
                .sort()
                .cache();

        StepVerifier.create(both.contextWrite(A))
                .expectNext("a", "b")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(both.contextWrite(readOnly()).contextWrite(B))
                .expectNext("a", "b")
                .expectComplete()
                .verify(PATIENCE);
        Flux<String> kept = all.sort().cache();
        StepVerifier.create(kept.contextWrite(A))
                .expectNext("a", "b")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(kept.contextWrite(B))
                .expectNext("a", "b")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aTransactionIsNoLeakAndOneOfAnotherRouteIs() {
        Mono<List<Integer>> kept = notes().collectList().cache();
        Mono<List<Integer>> twice = kept.then(kept);

        StepVerifier.create(FLEET.db().inTransaction(twice).contextWrite(A))
                .expectNext(List.of())
                .expectComplete()
                .verify(PATIENCE);
        expectLeak(FLEET.db().inTransaction(twice).contextWrite(B));
    }

    @Test
    void springAndCapturedFactoriesAreSeenToo() {
        RoutingConnectionFactory view = FLEET.routed().forProduct("H2");
        TransactionalOperator tx = TransactionalOperator.create(new R2dbcTransactionManager(view));
        Mono<String> spring = DatabaseClient.create(view)
                .sql("SELECT name FROM who")
                .mapValue(String.class)
                .one();
        Mono<String> captured = Mono.deferContextual(context -> DatabaseClient.create(view.captured(context))
                .sql("SELECT name FROM who")
                .mapValue(String.class)
                .one());

        for (Mono<String> query : List.of(spring, spring.as(tx::transactional), captured)) {
            Mono<String> kept = query.cache();
            expect(kept.contextWrite(A), "a");
            expect(kept.contextWrite(A), "a");
            expectLeak(kept.contextWrite(B));
        }
    }

    @Test
    void whatIsNotSeen() {
        Mono<String> shared = who().share();

        expect(shared.contextWrite(A), "a");
        StepVerifier.create(shared.contextWrite(B))
                .as("Reactor tells no hook of Mono.share()")
                .expectNext("a")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whatWasAssembledWhileItWasOffIsNotWatched() {
        RouteLeakDetector.disable();
        try {
            Mono<String> kept = who().cache();
            assertThat(RouteLeakDetector.isEnabled()).isFalse();
            expect(kept.contextWrite(A), "a");
            expect(kept.contextWrite(B), "a");
        } finally {
            RouteLeakDetector.enable();
        }
        assertThat(RouteLeakDetector.isEnabled()).isTrue();
    }
}
