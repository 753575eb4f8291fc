package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingOptions;
import static dev.switchboard.routing.Routing.usingShardKey;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** Why a chain goes where it goes. */
@Tag("once")
class ExplanationTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Fleet FLEET = Fleet.of(Product.H2, "a", "b");

    @AfterAll
    static void stop() {
        FLEET.close();
    }

    private static String explained(Router router, List<Function<Context, Context>> hints) {
        Mono<RouteExplanation> explanation =
                RoutingConnectionFactory.over(FLEET.registry(), router).explain();
        for (Function<Context, Context> hint : hints) {
            explanation = explanation.contextWrite(hint);
        }
        return explanation
                .map(RouteExplanation::toString)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    private static Router unchanged() {
        return (soFar, hints) -> Mono.just(soFar);
    }

    @Test
    void aNameIsItsOwnReason() {
        assertThat(explained(unchanged(), List.of(preventWrites(), usingConnection("a"))))
                .isEqualTo(
                        "Route to 'a', only reading, writes prevented, for [READ_ONLY_ENFORCED, connection 'a']; 'a':"
                                + " chosen by name");
    }

    @Test
    void eachRouterGivesItsReasonAndOneThatGivesNoneIsNamedSo() {
        ShardRouter shards = ShardRouter.over(FLEET.registry()).replace("all", ShardMap.hash("a"));
        ReplicaRouter replicas = ReplicaRouter.over(FLEET.registry()).replace("a", ReplicaGroup.of("a", "b"));
        Router silent = (soFar, hints) -> Mono.just(soFar.withPreparationKey("secret"));
        Router told = (soFar, hints) -> Mono.just(soFar.because("as the rules of Tuesday say"));

        assertThat(explained(
                        shards.then(replicas).then(silent).then(told),
                        List.of(readOnly(), usingShardKey(7), usingConnection("all"))))
                .isEqualTo(
                        "Route to 'b', only reading, in a prepared session, for [READ_ONLY, connection 'all', shard key 7];"
                                + " 'all': chosen by name; 'a': the shard of 'all' that has the shard key 7; 'b': consistency ANY in"
                                + " the group 'a': the selector's choice of the replicas in the rotation; 'b': a router led here and"
                                + " gave no reason; 'b': as the rules of Tuesday say");
        assertThat(explained(shards.then(replicas), List.of(usingShardKey(7), usingConnection("all"))))
                .endsWith("; 'a': the primary of the group 'a', for what may write");
        assertThat(explained(replicas, List.of(ReadConsistency.SESSION, readOnly(), usingConnection("a"))))
                .endsWith("; 'a': consistency SESSION in the group 'a': the primary, since the session has no token");
    }

    @Test
    void anErrorIsTheOneThatAQueryWouldGet() {
        StepVerifier.create(FLEET.routed().explain())
                .expectError(NoRouteException.class)
                .verify(PATIENCE);
    }

    @Test
    void itTakesNoConnectionAndTellsNothingSecret() {
        Fleet untouched = new Fleet();
        untouched.registry().register("far", "r2dbc:postgresql://someone:hunter2@nowhere.invalid/x");
        StepVerifier.create(untouched
                        .routed()
                        .explain()
                        .map(RouteExplanation::toString)
                        .contextWrite(usingOptions(options -> options.credentials("root", "hunter2")))
                        .contextWrite(usingConnection("far")))
                .expectNext(
                        "Route to 'far' with the override [other credentials], reading and writing, for [override [other"
                                + " credentials], connection 'far']; 'far': chosen by name")
                .expectComplete()
                .verify(PATIENCE);
        assertThat(untouched.isOpen("far")).isFalse();
        untouched.close();
    }

    @Test
    void aTransactionTellsWhatItHasDecidedAndAsksNobodyAgain() {
        AtomicInteger asked = new AtomicInteger();
        Router turning =
                (soFar, hints) -> Mono.just(soFar.withConnectionName(asked.incrementAndGet() % 2 == 0 ? "a" : "b"));
        RoutingConnectionFactory routed = RoutingConnectionFactory.over(FLEET.registry(), turning);
        SqlClient db = SqlClient.over(routed);
        Mono<RouteExplanation> before = routed.explain();
        Mono<String> who = db.sql("SELECT name FROM who").map(String.class).one();
        Mono<List<Object>> work = before.flatMap(first -> who.flatMap(name -> routed.explain()
                .map(second -> List.of(
                        first.fixed(), name, second.fixed(), second.route().connectionName()))));

        StepVerifier.create(db.inTransaction(work).contextWrite(usingConnection("a")))
                .expectNext(List.of(false, "a", true, "a"))
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked).as("once to explain, once to decide").hasValue(2);
        StepVerifier.create(db.inTransaction(who.then(routed.explain().contextWrite(usingConnection("b"))))
                        .contextWrite(usingConnection("a")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void aReadOnlyTransactionIsAReason() {
        TransactionOptions reading = TransactionOptions.defaults().withReadOnly(true);
        StepVerifier.create(FLEET.db()
                        .inTransaction(FLEET.routed().explain(), reading)
                        .map(RouteExplanation::toString)
                        .contextWrite(usingConnection("a")))
                .expectNext("Route to 'a', only reading, for [connection 'a']; 'a': chosen by name; 'a': a read-only"
                        + " transaction")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void everyDecisionIsLoggedAtDebug() {
        Logger logger = (Logger) LoggerFactory.getLogger(HintBinding.class);
        Level level = logger.getLevel();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.setLevel(Level.DEBUG);
        logger.addAppender(log);
        try {
            StepVerifier.create(FLEET.who().contextWrite(usingConnection("b")))
                    .expectNext("b")
                    .expectComplete()
                    .verify(PATIENCE);
        } finally {
            logger.detachAppender(log);
            logger.setLevel(level);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .contains("Route to 'b', reading and writing, for [connection 'b']; 'b': chosen by name");
    }
}
