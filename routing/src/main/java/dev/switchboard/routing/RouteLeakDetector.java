package dev.switchboard.routing;

import java.util.Set;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.ConnectableFlux;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;

/**
 * Finds streams whose answers would reach the wrong route: {@code cache()}, {@code share()}, {@code replay()} and
 * {@code publish()} subscribe once, with the Context of one subscriber, and give all others what was fetched for that one.
 * While the detector is on, a subscriber with other hints gets a {@link RouteLeakException} instead of the first such row, or
 * of the end of an empty answer; whoever has the hints that were fetched for goes on.
 *
 * <p>Meant for tests, where it belongs switched on for all of them, and possible in production. It is off unless
 * {@link #enable()} is called, and costs nothing then. While on, each of these operators costs one small object for a subscriber and a
 * comparison for a row; all other operators are left alone.
 *
 * <p>It goes by hints. What a hint inside of the shared stream decides is the same for everybody and no leak; a stream that names
 * its connection inside, and is led there by that name alone, serves every route. Rows that were fetched for reading and writing serve
 * those who only read, and a stronger {@link ReadConsistency} serves a weaker one.
 *
 * <p>It does not see:
 * <ul>
 *   <li>operators that were assembled while it was off;
 *   <li>{@code Mono.share()}, which Reactor tells no hook about, {@code Flux.shareNext()}, and sharing that is no operator of Reactor: a sink, a list in a
 *       field, a cache of another library;
 *   <li>a stream that reads the Context itself, and chooses by something that is no hint;
 *   <li>a stream that is connected before anybody subscribes, by {@code connect()} or {@code autoConnect(0)}: it has no Context;
 *   <li>statements whose Context was lost before it reached the shared stream;
 *   <li>{@link SessionToken}s and transactions: rows that one subscriber has not committed yet, on the same route;
 *   <li>more than 1,000 different routes within one run of a stream.
 * </ul>
 *
 * <p>A subscriber that joins a running stream whose route has changed, since its first subscriber has left, gets the error for rows
 * that it never got: such a stream serves several routes.
 */
public final class RouteLeakDetector {

    private static final String KEY = "dev.switchboard.routing.RouteLeakDetector";

    /** Reactor's operators that share; they have no public classes. */
    private static final Set<String> NAMES = Set.of(
            "FluxPublish",
            "FluxReplay",
            "FluxRefCount",
            "FluxRefCountGrace",
            "MonoCacheTime",
            "MonoCacheInvalidateIf",
            "MonoCacheInvalidateWhen");

    private static final ClassValue<Boolean> SHARES = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return type.getName().startsWith("reactor.core.publisher.") && NAMES.contains(type.getSimpleName());
        }
    };

    private static volatile boolean enabled;

    private RouteLeakDetector() {}

    /** Watches every shared stream that is assembled from now on, in the whole program. A second call changes nothing. */
    public static synchronized void enable() {
        Hooks.onEachOperator(KEY, RouteLeakDetector::watched);
        enabled = true;
    }

    /** Leaves alone what is assembled from now on. Streams that were assembled before are still watched. */
    public static synchronized void disable() {
        Hooks.resetOnEachOperator(KEY);
        enabled = false;
    }

    /** {@return whether it is on} */
    public static boolean isEnabled() {
        return enabled;
    }

    private static Publisher<Object> watched(Publisher<Object> operator) {
        if (!SHARES.get(operator.getClass())) {
            return operator;
        }
        if (operator instanceof ConnectableFlux<Object> connectable) {
            return new Connectable<>(connectable);
        }
        return operator instanceof Mono<Object> one ? new One<>(one) : new Many<>(Flux.from(operator));
    }

    private static <T> void subscribe(Publisher<T> source, CoreSubscriber<? super T> actual, Sharing sharing) {
        source.subscribe(new SharedSubscriber<>(actual, sharing));
    }

    private static final class Many<T> extends FluxOperator<T, T> {

        private final Sharing sharing = new Sharing.OfMany();

        Many(Flux<T> source) {
            super(source);
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            RouteLeakDetector.subscribe(source, actual, sharing);
        }
    }

    private static final class One<T> extends MonoOperator<T, T> {

        private final Sharing sharing;

        One(Mono<T> source) {
            super(source);
            this.sharing = new Sharing.OfOne(!source.getClass().getSimpleName().equals("MonoCacheTime"));
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            RouteLeakDetector.subscribe(source, actual, sharing);
        }
    }

    private static final class Connectable<T> extends ConnectableFlux<T> {

        private final ConnectableFlux<T> source;
        private final Sharing sharing = new Sharing.OfMany();

        Connectable(ConnectableFlux<T> source) {
            this.source = source;
        }

        @Override
        public void connect(Consumer<? super Disposable> onConnect) {
            source.connect(onConnect);
        }

        @Override
        public int getPrefetch() {
            return source.getPrefetch();
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            RouteLeakDetector.subscribe(source, actual, sharing);
        }
    }
}
