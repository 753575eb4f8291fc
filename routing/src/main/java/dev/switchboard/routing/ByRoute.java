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

    /** A lock is no part of a route, but inside of one the source may fail where it would not outside. */
    private record Scope(RouteHints hints, boolean locked) {}

    private ByRoute() {}

    static <T> Flux<T> share(Flux<T> source) {
        return shared(source, Flux::share);
    }

    /** Keeps whole answers; an error is not kept. */
    static <T> Flux<T> cache(Flux<T> source, Duration timeToLive) {
        return shared(
                source,
                rows -> rows.collectList()
                        .cache(answer -> timeToLive, failure -> Duration.ZERO, () -> Duration.ZERO)
                        .flatMapIterable(List::copyOf));
    }

    /** The source is subscribed with the hints of its route alone: what it finds must not depend on who came first. */
    private static <T> Flux<T> shared(Flux<T> source, UnaryOperator<Flux<T>> sharing) {
        // An entry does not grow old here: that would begin a second query while the first one is still running.
        Cache<Scope, Flux<T>> byRoute =
                Caffeine.newBuilder().maximumSize(MOST_ROUTES).build();
        return Flux.deferContextual(context -> {
            RouteHints asked = RouteHints.from(context);
            SharedScope outer = asked.shared();
            if (outer != null) {
                AccessMode mode = asked.accessMode();
                outer.fetched(
                        asked.unshared(),
                        new SharedFetch.Way(
                                asked.connectionName(), true, mode != null && mode.onlyReads(), false, null));
            }
            return byRoute.get(
                    new Scope(asked.unshared(), asked.isLocked()),
                    scope -> sharing.apply(
                            source.contextWrite(ignored -> scope.hints().writeInto(Context.empty()))));
        });
    }
}
