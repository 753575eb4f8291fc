package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.cacheByRoute;
import static dev.switchboard.routing.Routing.lock;
import static dev.switchboard.routing.Routing.shareByRoute;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

/** What subscribers share, shared within their route. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class ByRouteTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final RoutingHint A = usingConnection("a");
    private static final RoutingHint B = usingConnection("b");

    private static Fleet fleet = new Fleet();

    private final AtomicInteger queries = new AtomicInteger();

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a", "b");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @BeforeEach
    void clear() {
        fleet.clearNotes();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
    }

    private Mono<String> who() {
        return fleet.who().doOnSubscribe(subscribed -> queries.incrementAndGet());
    }

    private Flux<Integer> notes() {
        return fleet.db()
                .sql("SELECT id FROM note ORDER BY id")
                .map(Integer.class)
                .all();
    }

    @Test
    void aCacheKeepsAnAnswerForEachRoute() {
        Mono<String> cached = cacheByRoute(who(), MINUTE);
        Flux<String> asked = Flux.range(0, 20).concatMap(i -> cached.contextWrite(i % 2 == 0 ? A : B));
        StepVerifier.create(asked)
                .expectNextSequence(IntStream.range(0, 20)
                        .mapToObj(i -> i % 2 == 0 ? "a" : "b")
                        .toList())
                .expectComplete()
                .verify(PATIENCE);
        assertThat(queries).as("one for each route").hasValue(2);
    }

    @Test
    void anAnswerIsAskedForAgainWhenItIsOld() {
        StepVerifier.withVirtualTime(() -> {
                    AtomicInteger number = new AtomicInteger();
                    Mono<Integer> cached = cacheByRoute(Mono.fromSupplier(number::incrementAndGet), MINUTE);
                    return cached.concatWith(cached.delaySubscription(Duration.ofSeconds(59)))
                            .concatWith(cached.delaySubscription(Duration.ofSeconds(2)));
                })
                .thenAwait(Duration.ofMinutes(2))
                .expectNext(1, 1, 2)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void anErrorIsNotKeptAndNothingIsAnAnswer() {
        Mono<String> cached = cacheByRoute(
                Mono.defer(() -> queries.incrementAndGet() == 1
                        ? Mono.<String>error(new IllegalStateException("planned"))
                        : Mono.empty()),
                MINUTE);
        StepVerifier.create(cached).expectErrorMessage("planned").verify(PATIENCE);
        StepVerifier.create(cached).expectComplete().verify(PATIENCE);
        StepVerifier.create(cached).expectComplete().verify(PATIENCE);
        assertThat(queries).hasValue(2);
    }

    @Test
    void whoeverLeavesDoesNotStopTheQueryOfTheOthers() {
        TestPublisher<String> answer = TestPublisher.create();
        Flux<String> cached = cacheByRoute(answer.flux(), MINUTE);
        cached.contextWrite(A).subscribe().dispose();
        StepVerifier.create(cached.contextWrite(A))
                .then(() -> answer.next("x").complete())
                .expectNext("x")
                .expectComplete()
                .verify(PATIENCE);
        answer.assertWasSubscribed();
        answer.assertNotCancelled();
    }

    @Test
    void whatATransactionHasNotCommittedIsNotKept() {
        Flux<Integer> cached = cacheByRoute(notes(), MINUTE);
        Mono<List<Integer>> inside = fleet.write(1).then(Mono.error(new IllegalStateException("planned")));
        StepVerifier.create(fleet.db()
                        .inTransaction(fleet.write(2).then(cached.collectList()).then(inside))
                        .contextWrite(A))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        StepVerifier.create(cached.contextWrite(A)).expectComplete().verify(PATIENCE);
    }

    @Test
    void aSharedStreamIsSharedWithinItsRoute() {
        Sinks.Many<Integer> ticks = Sinks.many().multicast().directBestEffort();
        Flux<String> shared =
                shareByRoute(ticks.asFlux().concatMap(tick -> who()).take(1));
        Flux<List<String>> four =
                Flux.just(A, B, A, B).flatMap(hint -> shared.collectList().contextWrite(hint));
        StepVerifier.create(four.flatMapIterable(rows -> rows).sort())
                .then(() -> ticks.tryEmitNext(1).orThrow())
                .expectNext("a", "a", "b", "b")
                .expectComplete()
                .verify(PATIENCE);
        assertThat(queries).as("one for each route").hasValue(2);
    }

    @Test
    void aSharedStreamEndsWithItsLastSubscriber() {
        TestPublisher<String> source = TestPublisher.create();
        Flux<String> shared = shareByRoute(source.flux());
        shared.contextWrite(A).subscribe().dispose();
        source.assertCancelled();
    }

    @Test
    void aQueryThatTakesLongerThanItsAnswerHoldsIsStillAskedOnce() {
        TestPublisher<String> answer = TestPublisher.create();
        Flux<String> cached =
                cacheByRoute(answer.flux().doOnSubscribe(s -> queries.incrementAndGet()), Duration.ofNanos(1));
        cached.contextWrite(A).subscribe();
        StepVerifier.create(cached.contextWrite(A))
                .then(() -> answer.next("x").complete())
                .expectNext("x")
                .expectComplete()
                .verify(PATIENCE);
        assertThat(queries).hasValue(1);
    }

    @Test
    void whatFailsUnderALockDoesNotFailOutsideOfIt() {
        TestPublisher<String> answer = TestPublisher.create();
        Flux<String> cached = cacheByRoute(answer.flux().contextWrite(B), MINUTE);
        StepVerifier.create(cached.contextWrite(lock()).contextWrite(A))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        cached.contextWrite(A).subscribe();
        StepVerifier.create(cached.contextWrite(lock()).contextWrite(A))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        StepVerifier.create(cached.contextWrite(A))
                .then(() -> answer.next("x").complete())
                .expectNext("x")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(cached.contextWrite(lock()).contextWrite(A))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void onlyWhatIsAskedForIsDelivered() {
        Flux<Integer> cached = cacheByRoute(Flux.range(1, 3), MINUTE);
        Flux<Integer> shared = shareByRoute(Flux.range(1, 3));
        for (Flux<Integer> each : List.of(cached, shared)) {
            StepVerifier.create(each.contextWrite(A), 1)
                    .expectNext(1)
                    .thenRequest(2)
                    .expectNext(2, 3)
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    @Test
    void oneValueIsSharedWithinItsRouteToo() {
        Sinks.Empty<Void> start = Sinks.empty();
        Mono<String> shared = shareByRoute(start.asMono().then(who()));
        StepVerifier.create(Flux.just(A, B, A, B).flatMap(shared::contextWrite).sort())
                .then(() -> start.tryEmitEmpty().orThrow())
                .expectNext("a", "a", "b", "b")
                .expectComplete()
                .verify(PATIENCE);
        assertThat(queries).as("one for each route").hasValue(2);
    }

    @Test
    void aTimeToLiveIsLongerThanZero() {
        assertThatThrownBy(() -> cacheByRoute(who(), Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Rows were to be kept for PT0S. Allowed: longer than zero.");
    }
}
