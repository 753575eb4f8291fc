package dev.switchboard.routing;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The route of a chain, taken out of Reactor so that it can be put back elsewhere: behind a future, on a thread, in a queue. It is
 * what {@code contextWrite} takes:
 *
 * <pre>{@code CapturedRoute.here().flatMap(route -> Mono.fromFuture(() -> library.call(() -> route.toFuture(work))))}</pre>
 *
 * <p>It holds the hints, with a {@link Routing#lock()}, and the {@link SessionToken}, and nothing else of the Context: no transaction,
 * since that belongs to the chain that runs it. Immutable, apart from what the token learns, and safe on every thread; it keeps no
 * connection.
 */
public final class CapturedRoute implements Function<Context, Context> {

    private final RouteHints hints;
    private final @Nullable SessionToken token;

    private CapturedRoute(RouteHints hints, @Nullable SessionToken token) {
        this.hints = hints;
        this.token = token;
    }

    /**
     * The route of a scope.
     *
     * @param context the Context of a subscriber
     * @return its route; without hints where it has none
     */
    public static CapturedRoute from(ContextView context) {
        return new CapturedRoute(RouteHints.from(context).unshared(), SessionToken.from(context));
    }

    /**
     * The route of whoever subscribes.
     *
     * @return the route, at subscription and on the subscriber's thread; never empty
     */
    public static Mono<CapturedRoute> here() {
        return Mono.deferContextual(context -> Mono.just(from(context)));
    }

    /** {@return what was asked for} */
    public RouteHints hints() {
        return hints;
    }

    /**
     * Puts the route back, as a whole: hints and a token that the Context has already are replaced, or removed where this route has
     * none.
     *
     * @param context the Context of a subscriber
     * @return the Context for everything above
     * @throws RouteConflictException inside {@link Routing#lock()}, if the route is another one
     */
    @Override
    public Context apply(Context context) {
        RouteHints there = RouteHints.from(context);
        if (there.isLocked() && !there.equals(hints)) {
            throw RouteConflictException.locked(there, hints);
        }
        Context written = there.replacedBy(hints).writeInto(context);
        return token == null ? SessionToken.without(written) : token.writeInto(written);
    }

    /**
     * Subscribes now, with this route and nothing else of anybody's Context, for what only takes futures.
     *
     * @param work what the future is for
     * @param <T> the type of its value
     * @return the future; null is its value where the work has none. Cancelling it cancels the work
     */
    public <T> CompletableFuture<@Nullable T> toFuture(Mono<T> work) {
        return work.contextWrite(this).toFuture();
    }

    /**
     * A value that takes this route with it.
     *
     * @param value what goes through a sink or a queue
     * @param <T> its type
     * @return both
     */
    public <T> RouteEnvelope<T> envelope(T value) {
        return new RouteEnvelope<>(value, this);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof CapturedRoute that && hints.equals(that.hints) && token == that.token);
    }

    @Override
    public int hashCode() {
        return Objects.hash(hints, System.identityHashCode(token));
    }

    /** {@return the hints in words} */
    @Override
    public String toString() {
        return "CapturedRoute" + hints;
    }
}
