package dev.switchboard.routing;

import java.util.Objects;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A value on its way through what has a Context of its own or none: a {@code Sinks.Many}, a queue, a hot source, another thread. It
 * carries the route of who put it in, and whoever takes it out handles it there.
 *
 * <pre>{@code RouteEnvelope.seal(order).doOnNext(envelope -> sink.tryEmitNext(envelope).orThrow());       // in the producer's chain
 * sink.asFlux().concatMap(envelope -> envelope.open(orders::save));                               // in the consumer's}</pre>
 *
 * <p>It lives in this process; for others there is {@link SessionTokenCodec}, and hints as values of your message.
 *
 * @param value what is handed over
 * @param route the route of the one who handed it over
 * @param <T> the type of the value
 */
public record RouteEnvelope<T>(T value, CapturedRoute route) {

    /**
     * Refuses what is missing.
     *
     * @param value what is handed over
     * @param route the route of the one who hands it over
     */
    public RouteEnvelope {
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(route, "route");
    }

    /**
     * A value with the route of whoever subscribes.
     *
     * @param value what is handed over
     * @param <T> its type
     * @return both, at subscription and on the subscriber's thread
     */
    public static <T> Mono<RouteEnvelope<T>> seal(T value) {
        Objects.requireNonNull(value, "value");
        return CapturedRoute.here().map(route -> route.envelope(value));
    }

    /**
     * Handles the value on its route, whatever the consumer's route is.
     *
     * @param work called at subscription with the value; the consumer's Context reaches it apart from its route. Inside of a
     *     consumer's transaction another route is a {@link RouteConflictException}, and so it is inside of {@link Routing#lock()}
     * @param <R> the type of what it finds
     * @return what it finds. Cancelling cancels the work
     */
    public <R> Flux<R> open(Function<? super T, ? extends Publisher<R>> work) {
        Objects.requireNonNull(work, "work");
        return Flux.<R>defer(() -> work.apply(value)).contextWrite(route);
    }

    /** {@return the route and the type of the value, not the value} */
    @Override
    public String toString() {
        return "RouteEnvelope[" + value.getClass().getSimpleName() + " for " + route.hints() + "]";
    }
}
