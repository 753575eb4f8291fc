package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import io.micrometer.context.ContextRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** Reactor's automatic context propagation, which others switch on for their tracing, changes nothing about routes. */
class AutomaticPropagationTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TRACE = "trace";
    private static final ThreadLocal<String> TRACE_OF_THREAD = new ThreadLocal<>();
    private static final Fleet FLEET = Fleet.of(Product.SQLITE, "a", "b");

    @BeforeAll
    static void propagate() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(TRACE, TRACE_OF_THREAD);
        Hooks.enableAutomaticContextPropagation();
    }

    @AfterAll
    static void stop() {
        Hooks.disableAutomaticContextPropagation();
        ContextRegistry.getInstance().removeThreadLocalAccessor(TRACE);
        FLEET.close();
    }

    @Test
    void interleavedChainsKeepTheirRoutesOnEveryThread() {
        AtomicInteger wrong = new AtomicInteger();
        Flux.range(0, 200)
                .flatMap(
                        i -> {
                            String name = i % 2 == 0 ? "a" : "b";
                            return Mono.just(i)
                                    .publishOn(Schedulers.parallel())
                                    .flatMap(any -> FLEET.who())
                                    .subscribeOn(Schedulers.boundedElastic())
                                    .filter(answer -> !answer.equals(name))
                                    .doOnNext(answer -> wrong.incrementAndGet())
                                    .contextWrite(usingConnection(name));
                        },
                        16)
                .blockLast(PATIENCE);
        assertThat(wrong).hasValue(0);
    }

    @Test
    void aTransactionKeepsItsRouteAndTheTraceArrivesBesideTheHints() {
        AtomicReference<String> trace = new AtomicReference<>();
        Mono<Integer> work = FLEET.write(1)
                .doOnNext(rows -> trace.set(TRACE_OF_THREAD.get()))
                .then(FLEET.notes())
                .map(notes -> notes.size());

        StepVerifier.create(FLEET.db()
                        .inTransaction(work)
                        .contextWrite(usingConnection("a"))
                        .contextWrite(Context.of(TRACE, "t-1")))
                .expectNext(1)
                .verifyComplete();
        assertThat(trace).as("the propagation is on").hasValue("t-1");
    }

    @Test
    void aRouteIsNotAThreadLocalSoWhatLosesTheContextStillFailsClosed() {
        StepVerifier.create(Mono.just(1)
                        .publishOn(Schedulers.boundedElastic())
                        .flatMap(i -> Mono.fromFuture(() -> FLEET.who().toFuture()))
                        .contextWrite(usingConnection("a")))
                .expectError(NoRouteException.class)
                .verify(PATIENCE);
    }
}
