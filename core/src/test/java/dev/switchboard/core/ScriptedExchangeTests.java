package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Signals of a driver in orders that no server can be asked for. */
class ScriptedExchangeTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofMinutes(5);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final List<Object> heard = new ArrayList<>();
    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    private Connection handleOf(ScriptedDriver driver) {
        registry = ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().timer(time).build())
                .register(ConnectionDefinition.of("orders", driver).withPool(pool -> pool.maxSize(1)));
        return Borrowing.borrowed(registry, "orders");
    }

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
    }

    private static Flux<Result> executed(Connection handle, String sql) {
        return Flux.from(handle.createStatement(sql).execute());
    }

    private static Flux<Object> rows(Connection handle, String sql) {
        return executed(handle, sql).concatMap(result -> result.map((row, metadata) -> row));
    }

    @Test
    void whoWaitsBehindAWaitingStatementIsNotForgottenWhenAnUnreadResultGivesWay() {
        Sinks.Many<Result> first = Sinks.many().unicast().onBackpressureBuffer();
        Sinks.Empty<Object> firstRows = Sinks.empty();
        ScriptedDriver driver = new ScriptedDriver("Stub")
                .on("first", first.asFlux())
                .on("second", Flux.just(new ScriptedDriver.Rows(Flux.just("a row of the second"))))
                .on("third", Flux.just(new ScriptedDriver.Rows(Flux.just("a row of the third"))));
        Connection handle = handleOf(driver);
        executed(handle, "first").subscribe();
        executed(handle, "second").subscribe();
        first.tryEmitNext(new ScriptedDriver.Rows(firstRows.asMono()));
        first.tryEmitComplete();
        rows(handle, "third").subscribe(heard::add, heard::add);
        firstRows.tryEmitEmpty();
        time.advanceTimeBy(Duration.ofSeconds(5));
        assertThat(heard).containsExactly("a row of the third");
        Borrowing.close(handle);
    }

    @Test
    void aReaderInTheMiddleOfARowHearsOfTheClosedConnectionAfterThatRow() {
        TestPublisher<Object> source = TestPublisher.createNoncompliant(
                TestPublisher.Violation.CLEANUP_ON_TERMINATE, TestPublisher.Violation.REQUEST_OVERFLOW);
        Connection handle =
                handleOf(new ScriptedDriver("SQLite").on("rows", Flux.just(new ScriptedDriver.Rows(source.flux()))));
        Mono<Void> closed = Mono.from(handle.close());
        rows(handle, "rows")
                .subscribe(
                        row -> {
                            closed.subscribe();
                            time.advanceTimeBy(LONG);
                            heard.add(row);
                        },
                        heard::add);
        source.next("a row");
        assertThat(heard).hasSize(2).first().isEqualTo("a row");
        assertThat(heard.get(1)).isInstanceOf(ConnectionReleasedException.class);
        source.next("a row for nobody");
        assertThat(heard).hasSize(2);
        closed.block(PATIENCE);
    }

    @Test
    void aReaderWhoIsSentAwayHearsOneEndThoughTheDriverEndsInTheSameMoment() {
        Sinks.Many<Object> source = Sinks.many().unicast().onBackpressureBuffer();
        Connection handle =
                handleOf(new ScriptedDriver("Stub").on("rows", Flux.just(new ScriptedDriver.Rows(source.asFlux()))));
        rows(handle, "rows").subscribe(heard::add, heard::add, () -> heard.add("completed"));
        Mono<Void> closed = Mono.from(handle.close());
        closed.subscribe();
        time.advanceTimeBy(ExchangeOptions.defaults().drainTimeout());
        source.tryEmitNext("a row for nobody");
        source.tryEmitComplete();
        assertThat(heard).hasSize(1).first().isInstanceOf(ConnectionReleasedException.class);
        closed.block(PATIENCE);
    }

    @Test
    void aRowThatTakesLongIsNotTakenForAReaderWithoutDemand() {
        TestPublisher<Object> source = TestPublisher.create();
        Connection handle = handleOf(new ScriptedDriver("Stub")
                .on("rows", Flux.just(new ScriptedDriver.Rows(source.flux())))
                .on("next", Flux.just(new ScriptedDriver.Rows(Flux.just("next")))));
        BaseSubscriber<Object> reader = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(Object row) {
                request(1);
            }
        };
        executed(handle, "rows")
                .concatMap(result -> result.map((row, metadata) -> row))
                .subscribe(reader);
        source.next("a row");
        rows(handle, "next").subscribe(heard::add, heard::add);
        time.advanceTimeBy(Duration.ofSeconds(30));
        assertThat(heard).isEmpty();
        source.complete();
        assertThat(heard).containsExactly("next");
        Borrowing.close(handle);
    }

    @Test
    void aValidationThatIsNeverAnsweredEndsAndCostsTheConnection() {
        Connection handle = handleOf(new ScriptedDriver("Stub").validatesRemotely(Mono.never()));
        StepVerifier.create(handle.validate(ValidationDepth.REMOTE))
                .expectSubscription()
                .then(() -> time.advanceTimeBy(LONG))
                .expectNext(false)
                .expectComplete()
                .verify(PATIENCE);
        Borrowing.close(handle);
        registry.quiescent().block(PATIENCE);
        assertThat(registry.status("orders").counts().idle()).isZero();
    }

    @Test
    void aDriverThatThrowsInsteadOfReadingAResultEndsThatStatementAlone() {
        Connection handle = handleOf(new ScriptedDriver("Stub")
                .on("throws", Flux.just(ScriptedDriver.Rows.refusing("not now")))
                .on("next", Flux.just(new ScriptedDriver.Rows(Flux.just("next")))));
        StepVerifier.create(rows(handle, "throws"))
                .expectErrorMessage("not now")
                .verify(PATIENCE);
        assertThat(rows(handle, "next").blockLast(PATIENCE)).isEqualTo("next");
        Borrowing.close(handle);
    }
}
