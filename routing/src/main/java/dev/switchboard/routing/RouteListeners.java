package dev.switchboard.routing;

import dev.switchboard.core.Route;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** The listeners of a scope, the one nearest to the query first; none of them can hurt the query or another one. */
record RouteListeners(RouteListener listener, @Nullable RouteListeners outer) {

    private static final Logger LOG = LoggerFactory.getLogger(RouteListener.class);

    static @Nullable RouteListeners from(ContextView context) {
        return context.getOrDefault(RouteListeners.class, null);
    }

    Context writeInto(Context context) {
        return context.put(RouteListeners.class, this);
    }

    void tell(Route route, RouteHints hints) {
        try {
            listener.decided(route, hints);
        } catch (RuntimeException failure) {
            LOG.warn("A listener of routes failed; the query goes on", failure);
        }
        if (outer != null) {
            outer.tell(route, hints);
        }
    }
}
