package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says that hints come from one subscriber of a shared stream, and which were written above it. Only there while the
 * {@link RouteLeakDetector} is on.
 *
 * @param subscriber the one whose Context the stream has
 * @param written hints that were written inside of the stream, in their order
 * @param outer the same of the shared stream that this one is a part of
 */
record SharedScope(
        SharedSubscriber<?> subscriber,
        List<RoutingHint> written,
        @Nullable SharedScope outer) {

    SharedScope with(RoutingHint hint) {
        List<RoutingHint> more = new ArrayList<>(written);
        more.add(hint);
        return new SharedScope(subscriber, List.copyOf(more), outer == null ? null : outer.with(hint));
    }

    void fetched(RouteHints found, SharedFetch.Way way) {
        subscriber.fetched(new SharedFetch(found, written, way));
        if (outer != null) {
            outer.fetched(found, way);
        }
    }
}
