package dev.switchboard.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/** One shared stream for each route, where Reactor's own operators have one for all. */
final class ByRoute {

    /** Hints may come from requests, so their number is bounded; what is dropped is asked for again. */
    private static final long MOST_ROUTES = 1_000;

    private ByRoute() {}

    static <T> Flux<T> share(Flux<T> source) {
        return shared(source, Flux::share, Caffeine.newBuilder());
    }

    /** Keeps whole answers; an error is not kept. */
    static <T> Flux<T> cache(Flux<T> source, Duration timeToLive) {
        UnaryOperator<Flux<T>> whole = rows -> rows.collectList()
                .cache(answer -> timeToLive, failure -> Duration.ZERO, () -> Duration.ZERO)
                .flatMapIterable(List::copyOf);
        return shared(source, whole, Caffeine.newBuilder().expireAfterAccess(timeToLive));
    }

    /** The source is subscribed with the hints of its route alone: what it finds must not depend on who came first. */
    private static <T> Flux<T> shared(Flux<T> source, UnaryOperator<Flux<T>> sharing, Caffeine<Object, Object> bounds) {
        Cache<RouteHints, Flux<T>> byRoute = bounds.maximumSize(MOST_ROUTES).build();
        return Flux.deferContextual(context -> byRoute.get(
                RouteHints.from(context),
                hints -> sharing.apply(source.contextWrite(ignored -> hints.writeInto(Context.empty())))));
    }
}
