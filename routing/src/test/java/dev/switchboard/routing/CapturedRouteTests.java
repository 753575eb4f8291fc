package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.lock;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readYourWrites;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingShardKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import dev.switchboard.routing.propagation.RouteThreadLocalAccessor;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;

/** The route of a chain leaves Reactor and comes back. */
@Tag("once")
@SuppressWarnings("try") // A scope is held, not used.
class CapturedRouteTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final RoutingHint A = usingConnection("a");
    private static final RoutingHint B = usingConnection("b");
    private static final Fleet FLEET = Fleet.of(Product.SQLITE, "a", "b");

    @AfterAll
    static void stop() {
        FLEET.awaitRest();
        assertThat(FLEET.inUse()).isZero();
        FLEET.close();
    }

    private static Mono<String> who() {
        return FLEET.who();
    }

    @Test
    void aFutureRunsOnTheRouteOfItsChain() {
        Mono<String> throughFuture =
                CapturedRoute.here().flatMap(route -> Mono.fromFuture(() -> route.toFuture(who())));

        StepVerifier.create(throughFuture.contextWrite(A).concatWith(throughFuture.contextWrite(B)))
                .expectNext("a", "b")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(throughFuture).expectError(NoRouteException.class).verify(PATIENCE);
    }

    @Test
    void aCancelledFutureCancelsItsWork() {
        TestPublisher<String> work = TestPublisher.create();
        CompletableFuture<String> future =
                CapturedRoute.from(A.apply(Context.empty())).toFuture(work.mono());

        work.assertWasSubscribed();
        future.cancel(true);
        work.assertCancelled();
    }

    @Test
    void aFutureOfNothingIsNullAndAFailureIsItsFailure()
            throws ExecutionException, InterruptedException, TimeoutException {
        CapturedRoute route = CapturedRoute.from(Context.empty());

        assertThat(route.toFuture(Mono.<String>empty()).get(30, TimeUnit.SECONDS))
                .isNull();
        assertThat(route.toFuture(Mono.error(new IllegalStateException("planned"))))
                .failsWithin(PATIENCE)
                .withThrowableThat()
                .havingRootCause()
                .withMessage("planned");
    }

    @Test
    void aThreadOfAProgramTakesTheRouteAlong() throws InterruptedException {
        CapturedRoute route =
                CapturedRoute.here().contextWrite(B).blockOptional(PATIENCE).orElseThrow();
        BlockingQueue<String> found = new LinkedBlockingQueue<>();

        Schedulers.boundedElastic().schedule(() -> who().contextWrite(route).subscribe(found::add));
        assertThat(found.poll(30, TimeUnit.SECONDS)).isEqualTo("b");
    }

    @Test
    void aSinkHandsOverEachValueWithItsRoute() {
        Sinks.Many<RouteEnvelope<Integer>> queue = Sinks.many().unicast().onBackpressureBuffer();
        Mono<Void> produced = Flux.range(0, 6)
                .concatMap(i -> RouteEnvelope.seal(i).contextWrite(i % 2 == 0 ? A : B))
                .doOnNext(envelope -> queue.tryEmitNext(envelope).orThrow())
                .doOnComplete(() -> queue.tryEmitComplete().orThrow())
                .then();
        Flux<String> consumed = queue.asFlux().concatMap(envelope -> envelope.open(i -> who().map(name -> name + i)));

        StepVerifier.create(produced.thenMany(consumed.contextWrite(B)))
                .expectNext("a0", "b1", "a2", "b3", "a4", "b5")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aRouteReplacesTheOneThatIsThereAsAWhole() {
        RouteEnvelope<String> envelope = new RouteEnvelope<>("x", CapturedRoute.from(A.apply(Context.empty())));
        RouteEnvelope<String> unrouted = new RouteEnvelope<>("x", CapturedRoute.from(Context.empty()));

        StepVerifier.create(
                        envelope.open(x -> hintsHere()).contextWrite(readOnly()).contextWrite(B))
                .expectNext("[connection 'a']")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(unrouted.open(x -> who()).contextWrite(B))
                .expectError(NoRouteException.class)
                .verify(PATIENCE);
    }

    private static Mono<String> hintsHere() {
        return Mono.deferContextual(
                context -> Mono.just(RouteHints.from(context).toString()));
    }

    @Test
    void aLockedScopeAndATransactionKeepTheirRoute() {
        RouteEnvelope<String> envelope = new RouteEnvelope<>("x", CapturedRoute.from(A.apply(Context.empty())));

        StepVerifier.create(envelope.open(x -> who()).contextWrite(lock()).contextWrite(B))
                .expectErrorMessage(
                        "Connection 'b' holds the route [connection 'b'] under lock(), and [connection 'a'] was asked"
                                + " for inside. Inside lock() no hint may change. Put the captured route back further out than lock(),"
                                + " or outside of that scope.")
                .verify(PATIENCE);
        StepVerifier.create(envelope.open(x -> who()).contextWrite(lock()).contextWrite(A))
                .expectNext("a")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(FLEET.db()
                        .inTransaction(who().thenMany(envelope.open(x -> who())))
                        .contextWrite(B))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        // No hint at all is a route too, and not one that was lost.
        RouteEnvelope<String> unrouted = new RouteEnvelope<>("x", CapturedRoute.from(Context.empty()));
        StepVerifier.create(FLEET.db()
                        .inTransaction(who().thenMany(unrouted.open(x -> who())))
                        .contextWrite(B))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        StepVerifier.create(FLEET.db()
                        .inTransaction(who().thenMany(envelope.open(x -> who())))
                        .contextWrite(A)
                        .contextWrite(usingShardKey(7)))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        Context locked = lock().apply(A.apply(Context.empty()));
        assertThatThrownBy(() -> B.apply(CapturedRoute.from(locked).apply(Context.empty())))
                .isInstanceOf(RouteConflictException.class);
    }

    @Test
    void theTokenOfASessionGoesAlongAndThatOfTheConsumerDoesNot() {
        SessionToken producer = SessionToken.create();
        Context there = readYourWrites(SessionToken.create()).apply(B.apply(Context.empty()));

        assertThat(SessionToken.from(CapturedRoute.from(readYourWrites(producer).apply(Context.empty()))
                        .apply(there)))
                .isSameAs(producer);
        assertThat(SessionToken.from(CapturedRoute.from(Context.empty()).apply(there)))
                .isNull();
    }

    @Test
    void nothingOfTheValueIsTold() {
        CapturedRoute route = CapturedRoute.from(A.apply(Context.empty()));

        assertThat(route.envelope("hunter2")).hasToString("RouteEnvelope[String for [connection 'a']]");
        assertThat(route)
                .hasToString("CapturedRoute[connection 'a']")
                .isEqualTo(CapturedRoute.from(A.apply(Context.empty())));
    }

    // ---- threads, where the program asks for it

    @Test
    void aThreadGivesItsRouteToAChainThatBeginsThere() {
        RouteThreadLocalAccessor.register();
        try {
            try (RouteThreadLocalAccessor.Scope outer = RouteThreadLocalAccessor.open(A)) {
                assertThat(who().contextCapture().block(PATIENCE)).isEqualTo("a");
                try (RouteThreadLocalAccessor.Scope inner = RouteThreadLocalAccessor.open(B.andThen(readOnly()))) {
                    assertThat(who().contextCapture().block(PATIENCE)).isEqualTo("b");
                    assertThat(hintsHere().contextCapture().block(PATIENCE)).isEqualTo("[READ_ONLY, connection 'b']");
                }
                assertThat(who().contextWrite(B).contextCapture().block(PATIENCE))
                        .as("what is nearer to the query wins")
                        .isEqualTo("b");
                assertThat(who().contextCapture().block(PATIENCE)).isEqualTo("a");
            }
            assertThatThrownBy(() -> who().contextCapture().block(PATIENCE)).isInstanceOf(NoRouteException.class);
        } finally {
            RouteThreadLocalAccessor.unregister();
        }
    }

    @Test
    void aChainGivesItsRouteToABlockingEdgeAndTheThreadKeepsNothing() {
        RouteThreadLocalAccessor.register();
        Hooks.enableAutomaticContextPropagation();
        try {
            Mono<String> edge =
                    Mono.just(1).publishOn(Schedulers.boundedElastic()).map(i -> String.valueOf(who().block(PATIENCE)));
            StepVerifier.create(Flux.just(A, B, A, B).concatMap(edge::contextWrite))
                    .expectNext("a", "b", "a", "b")
                    .expectComplete()
                    .verify(PATIENCE);
            StepVerifier.create(edge).expectError(NoRouteException.class).verify(PATIENCE);
        } finally {
            Hooks.disableAutomaticContextPropagation();
            RouteThreadLocalAccessor.unregister();
        }
    }

    @Test
    void withoutBeingAskedForNoThreadHasARoute() {
        try (RouteThreadLocalAccessor.Scope scope = RouteThreadLocalAccessor.open(A)) {
            assertThatThrownBy(() -> who().contextCapture().block(PATIENCE)).isInstanceOf(NoRouteException.class);
        }
    }

    @Test
    void aScopeIsClosedOnItsOwnThread() throws InterruptedException {
        RouteThreadLocalAccessor.Scope scope = RouteThreadLocalAccessor.open(A);
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Thread other = new Thread(() -> {
            try {
                scope.close();
            } catch (IllegalStateException wrong) {
                refused.set(wrong);
            }
        });
        other.start();
        other.join(PATIENCE.toMillis());
        scope.close();
        assertThat(refused.get()).hasMessageContaining("try-with-resources");
    }
}
