package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.databases.Product;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.reactivestreams.FlowAdapters;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/**
 * What Reactor does to the route on its way, one test for each trap. Where Reactor shares one subscription between
 * subscribers, the first one's route serves all: shown here, and offered safely by route-keyed operators elsewhere.
 */
class ContextTrapTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final RoutingHint A = usingConnection("a");
    private static final RoutingHint B = usingConnection("b");

    private static final Fleet FLEET = Fleet.of(Product.SQLITE, "a", "b");

    @AfterAll
    static void stop() {
        FLEET.close();
    }

    private static Mono<String> who() {
        return FLEET.who();
    }

    // ---- shared subscriptions: one query for several subscribers runs on the route of one of them

    @Test
    void cacheKeepsTheRowsOfItsFirstSubscriber() {
        Mono<String> cached = who().cache();

        assertThat(cached.contextWrite(A).block(PATIENCE)).isEqualTo("a");
        assertThat(cached.contextWrite(B).block(PATIENCE)).isEqualTo("a");
    }

    @Test
    void cachingInsideOfTheScopeKeepsRoutesApart() {
        Mono<String> a = who().contextWrite(A).cache();
        Mono<String> b = who().contextWrite(B).cache();

        assertThat(a.contextWrite(B).block(PATIENCE)).isEqualTo("a");
        assertThat(b.contextWrite(A).block(PATIENCE)).isEqualTo("b");
    }

    @Test
    void replayKeepsTheRowsOfItsFirstSubscriber() {
        Flux<String> replayed = who().flux().replay(1).autoConnect();

        assertThat(replayed.contextWrite(A).blockLast(PATIENCE)).isEqualTo("a");
        assertThat(replayed.contextWrite(B).blockLast(PATIENCE)).isEqualTo("a");
    }

    @Test
    void shareServesAllFromTheFirstSubscriberAndChangesDatabaseWhenItLeaves() throws InterruptedException {
        Sinks.Many<Integer> ticks = Sinks.many().unicast().onBackpressureBuffer();
        Flux<String> shared = ticks.asFlux().concatMap(tick -> who()).share();
        BlockingQueue<String> seenByA = new LinkedBlockingQueue<>();
        BlockingQueue<String> seenByB = new LinkedBlockingQueue<>();
        Disposable a = shared.contextWrite(A).subscribe(seenByA::add);
        Disposable b = shared.contextWrite(B).subscribe(seenByB::add);

        ticks.tryEmitNext(1);
        assertThat(seenByA.poll(30, TimeUnit.SECONDS)).isEqualTo("a");
        assertThat(seenByB.poll(30, TimeUnit.SECONDS)).isEqualTo("a");
        a.dispose();
        ticks.tryEmitNext(2);
        assertThat(seenByB.poll(30, TimeUnit.SECONDS)).isEqualTo("b");
        b.dispose();
    }

    // ---- hand-over between subscriptions

    @Test
    void aSinkIsHandledOnTheRouteOfItsConsumer() {
        Sinks.Many<Integer> queue = Sinks.many().unicast().onBackpressureBuffer();
        Mono<Void> producer = Mono.<Void>fromRunnable(() -> {
                    queue.tryEmitNext(1);
                    queue.tryEmitComplete();
                })
                .contextWrite(A);
        Flux<String> handled = queue.asFlux().concatMap(item -> who());

        StepVerifier.create(producer.thenMany(handled.contextWrite(B)))
                .expectNext("b")
                .verifyComplete();
    }

    @Test
    void aSinkWhoseConsumerHasNoRouteFailsInsteadOfGuessing() {
        Sinks.Many<Integer> queue = Sinks.many().unicast().onBackpressureBuffer();
        queue.tryEmitNext(1);

        StepVerifier.create(queue.asFlux().concatMap(item -> who()))
                .expectError(NoRouteException.class)
                .verify(PATIENCE);
    }

    // ---- what keeps the route

    @Test
    void publishOnKeepsTheRoute() {
        keepsTheRoute(Mono.just(1).publishOn(Schedulers.parallel()).flatMap(item -> who()));
    }

    @Test
    void subscribeOnKeepsTheRoute() {
        keepsTheRoute(who().subscribeOn(Schedulers.boundedElastic()));
    }

    @Test
    void parallelRailsKeepTheRoute() {
        StepVerifier.create(Flux.range(0, 8)
                        .parallel(4)
                        .runOn(Schedulers.parallel())
                        .flatMap(item -> who())
                        .sequential()
                        .distinct()
                        .contextWrite(B))
                .expectNext("b")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void retryKeepsTheRoute() {
        AtomicInteger attempts = new AtomicInteger();
        keepsTheRoute(Mono.defer(() ->
                        attempts.getAndIncrement() == 0 ? Mono.<String>error(new IllegalStateException("once")) : who())
                .retry(1));
    }

    @Test
    void usingWhenKeepsTheRouteToTheEnd() {
        AtomicReference<String> cleanedUpOn = new AtomicReference<>("");
        keepsTheRoute(Mono.usingWhen(Mono.just(1), resource -> who(), resource -> who().doOnNext(cleanedUpOn::set)));
        assertThat(cleanedUpOn).hasValue("b");
    }

    @Test
    void usingWhenKeepsTheRouteWhenItIsCancelled() throws InterruptedException {
        BlockingQueue<String> cleanedUpOn = new LinkedBlockingQueue<>();
        Flux<String> endless = Flux.usingWhen(
                Mono.just(1),
                resource -> who().concatWith(Mono.never()),
                resource -> Mono.empty(),
                (resource, failure) -> Mono.empty(),
                resource -> who().doOnNext(cleanedUpOn::add));

        StepVerifier.create(endless.contextWrite(B))
                .expectNext("b")
                .thenCancel()
                .verify(PATIENCE);
        assertThat(cleanedUpOn.poll(30, TimeUnit.SECONDS)).isEqualTo("b");
    }

    private static void keepsTheRoute(Mono<String> chain) {
        StepVerifier.create(chain.contextWrite(B))
                .expectNext("b")
                .expectComplete()
                .verify(PATIENCE);
    }

    // ---- what loses the Context: an error, since there is no default to fall back to

    @Test
    void blockInsideAnOperatorHasNoRoute() {
        losesTheRoute(
                Mono.just(1).publishOn(Schedulers.boundedElastic()).map(item -> String.valueOf(who().block(PATIENCE))));
    }

    @Test
    void subscribeInsideAnOperatorHasNoRoute() throws InterruptedException {
        BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

        Mono.just(1)
                .doOnNext(item -> who().subscribe(ignored -> {}, failures::add))
                .contextWrite(A)
                .block(PATIENCE);

        assertThat(failures.poll(30, TimeUnit.SECONDS)).isInstanceOf(NoRouteException.class);
    }

    @Test
    void aFutureHasNoRouteUnlessTheContextIsHandedOver() {
        Mono<String> lost = Mono.just(1).flatMap(item -> Mono.fromFuture(() -> who().toFuture()));
        Mono<String> kept = Mono.deferContextual(
                context -> Mono.fromFuture(() -> who().contextWrite(context).toFuture()));

        losesTheRoute(lost.onErrorMap(CompletionException.class, Throwable::getCause));
        keepsTheRoute(kept);
    }

    @Test
    void aPlainSubscriberHasNoRouteUnlessTheContextIsHandedOver() {
        Mono<String> lost = Mono.defer(() -> throughPlainSubscriber(who()));
        Mono<String> kept = Mono.deferContextual(context -> throughPlainSubscriber(who().contextWrite(context)));

        losesTheRoute(lost);
        keepsTheRoute(kept);
    }

    private static Mono<String> throughPlainSubscriber(Mono<String> source) {
        return Mono.from(FlowAdapters.toPublisher(JdkFlowAdapter.publisherToFlowPublisher(source)));
    }

    @Test
    void aHintWrittenAboveTheQueryDoesNotReachIt() {
        losesTheRoute(Mono.just(1).contextWrite(A).flatMap(item -> who()), Context.empty());
    }

    private static void losesTheRoute(Mono<String> chain) {
        losesTheRoute(chain, A.apply(Context.empty()));
    }

    private static void losesTheRoute(Mono<String> chain, Context context) {
        StepVerifier.create(chain.contextWrite(context))
                .expectError(NoRouteException.class)
                .verify(PATIENCE);
    }

    // ---- scopes

    @Test
    void ofTwoHintsTheOneNearestToTheQueryWins() {
        keepsTheRoute(who().contextWrite(B).contextWrite(A));
    }

    @Test
    void anInnerScopeDoesNotLeakOutside() {
        StepVerifier.create(Flux.concat(Mono.just(1).flatMap(item -> who().contextWrite(B)), who())
                        .contextWrite(A))
                .expectNext("b", "a")
                .verifyComplete();
    }

    @Test
    void theRouteIsReadAtSubscriptionAndNotAtAssembly() {
        Mono<String> assembled = who();

        assertThat(List.of("a", "b"))
                .allSatisfy(name -> assertThat(
                                assembled.contextWrite(usingConnection(name)).block(PATIENCE))
                        .isEqualTo(name));
    }

    @Test
    void aHintAddsToTheContextAndReplacesNothing() {
        Mono<String> both =
                Mono.deferContextual(context -> who().map(name -> name + context.getOrDefault("requestId", "")));

        StepVerifier.create(both.contextWrite(readOnly()).contextWrite(B).contextWrite(Context.of("requestId", "7")))
                .expectNext("b7")
                .verifyComplete();
    }

    // ---- a connection at hand

    @Test
    void aStatementWithoutContextKeepsTheRouteOfItsConnectionAndIsCounted() {
        RoutingConnectionFactory routed = RoutingConnectionFactory.over(FLEET.registry());

        StepVerifier.create(whoOn(routed).contextWrite(B)).expectNext("b").verifyComplete();
        assertThat(routed.statementsWithoutContext()).isEqualTo(1);
    }

    @Test
    void aStatementWithoutContextIsAnErrorInStrictMode() {
        RoutingConnectionFactory strict =
                RoutingConnectionFactory.over(FLEET.registry()).withStrictContext();

        StepVerifier.create(whoOn(strict).contextWrite(B))
                .expectError(ContextLostException.class)
                .verify(PATIENCE);
        StepVerifier.create(SqlClient.over(strict)
                        .sql("SELECT name FROM who")
                        .map(String.class)
                        .one()
                        .contextWrite(B))
                .expectNext("b")
                .verifyComplete();
    }

    /** Takes a connection with the Context, and reads on it through a plain subscriber. */
    private static Mono<String> whoOn(RoutingConnectionFactory routed) {
        return Mono.usingWhen(
                routed.create(),
                handle -> throughPlainSubscriber(
                        Flux.from(handle.createStatement("SELECT name FROM who").execute())
                                .flatMap(result -> result.map(row -> String.valueOf(row.get(0))))
                                .next()),
                handle -> handle.close());
    }

    @Test
    void aRoutingFactoryCannotBeAPoolsSource() {
        assertThatThrownBy(() -> ConnectionDefinition.of("pool", FLEET.routed()))
                .hasMessageContaining("routing");
    }

    /** A pool of one's own gives a handle to whoever comes next, and a handle has the route of who came first. */
    @Test
    void aPoolOverARoutingFactoryRefusesTheNextRouteInsteadOfAnsweringFromTheFirstOne() {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(FLEET.routed())
                .initialSize(0)
                .maxSize(1)
                .build());
        Mono<String> who = Mono.usingWhen(
                pool.create(),
                connection -> Flux.from(connection
                                .createStatement("SELECT name FROM who")
                                .execute())
                        .concatMap(result -> result.map(row -> String.valueOf(row.get(0))))
                        .single(),
                Connection::close);

        assertThat(who.contextWrite(A).block(PATIENCE)).isEqualTo("a");
        StepVerifier.create(who.contextWrite(B))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        assertThat(who.contextWrite(A).block(PATIENCE)).isEqualTo("a");
        pool.disposeLater().block(PATIENCE);
    }
}
