package dev.switchboard.routing;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * A wish about where a query goes: a connection name, an access mode, a tenant. A hint is a function of the Reactor
 * {@link Context}, so Reactor's own operator takes it:
 *
 * <pre>{@code customers.contextWrite(usingConnection("billing"))}</pre>
 *
 * It counts for everything above that operator, from the moment of subscription. Of two hints of one kind the one nearest
 * to the query wins; hints of different kinds combine. All hints of a scope live in one entry of the Context, see
 * {@link RouteHints}.
 *
 * <p>Implementations are immutable values with {@code equals}, as records and enums are: two statements are on the same
 * route when their hints are equal.
 */
public interface RoutingHint extends Function<Context, Context> {

    /**
     * What this hint is about. A scope holds at most one hint of each kind.
     *
     * @return the class that stands for the kind; the hint's own class unless overridden
     */
    default Class<? extends RoutingHint> kind() {
        return getClass();
    }

    /**
     * Decides how this hint meets one of its own kind that was written further out, that is nearer to the subscriber.
     * Called at subscription. An exception reaches the subscriber as an error signal.
     *
     * @param outer the hint of the same {@link #kind()} that holds further out, or null where there is none
     * @return the hint that holds from here on; this one unless overridden
     */
    default RoutingHint mergedInto(@Nullable RoutingHint outer) {
        return this;
    }

    /**
     * Writes this hint into the Context. Only adds to what is there and never replaces a Context. Not meant to be
     * overridden.
     *
     * @param context the Context of the subscriber
     * @return the Context for everything above
     * @throws RouteConflictException inside {@link Routing#lock()}, if this hint would change anything
     */
    @Override
    default Context apply(Context context) {
        return RouteHints.from(context).with(this).writeInto(context);
    }
}
