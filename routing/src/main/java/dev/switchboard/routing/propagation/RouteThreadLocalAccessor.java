package dev.switchboard.routing.propagation;

import dev.switchboard.routing.RouteHints;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * Carries the hints of a chain to the thread at a blocking edge, and back into a chain that begins there, by Micrometer's context
 * propagation ({@code io.micrometer:context-propagation}, which the application brings).
 *
 * <pre>{@code RouteThreadLocalAccessor.register();
 *
 * try (RouteThreadLocalAccessor.Scope scope = RouteThreadLocalAccessor.open(usingConnection("billing"))) {
 *     customers.collectList().contextCapture().block();
 * }}</pre>
 *
 * <p>From a thread into a chain: {@code contextCapture()} takes what {@link #open} has set. It takes the place of hints that were
 * written further out, as a whole and without asking them, so write it outermost. From a chain to a thread: where the program has called
 * {@code Hooks.enableAutomaticContextPropagation()}, {@code block()} in an operator has the route of the chain, which is an error
 * without. Neither helps {@code subscribe()} in an operator, nor {@code toFuture()} without {@code contextCapture()}; for those
 * there is {@link dev.switchboard.routing.CapturedRoute}. A thread holds hints only, no {@link dev.switchboard.routing.SessionToken}: its
 * reads at {@code SESSION} go to the primary.
 *
 * <p>Nothing of this is on unless {@link #register()} is called, and the rest of Switchboard reads no thread.
 */
@SuppressWarnings("exports") // Whoever uses it brings the library.
public final class RouteThreadLocalAccessor implements ThreadLocalAccessor<RouteHints> {

    private static final ThreadLocal<@Nullable RouteHints> HINTS = new ThreadLocal<>();
    private static final RouteThreadLocalAccessor INSTANCE = new RouteThreadLocalAccessor();

    private RouteThreadLocalAccessor() {}

    /** Adds the accessor to the registry of the whole program. A second call changes nothing. */
    public static void register() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(INSTANCE);
    }

    /** Takes it out again. */
    public static void unregister() {
        ContextRegistry.getInstance().removeThreadLocalAccessor(INSTANCE.key());
    }

    /**
     * Sets the route of this thread, on top of one that it has already.
     *
     * @param hint what {@code contextWrite} would take; for several {@code usingConnection("orders").andThen(readOnly())}, where the last
     *     one is the nearest to the query
     * @return closes on the same thread, and sets what was there before
     */
    public static Scope open(Function<Context, Context> hint) {
        RouteHints before = HINTS.get();
        Context context = before == null ? Context.empty() : Context.of(INSTANCE.key(), before);
        HINTS.set(RouteHints.from(hint.apply(context)));
        return new Scope(before, Thread.currentThread());
    }

    /** {@return the class of the hints, which is their key in the Reactor Context too} */
    @Override
    public Object key() {
        return RouteHints.class;
    }

    /** {@return the hints of this thread, or null} */
    @Override
    public @Nullable RouteHints getValue() {
        return HINTS.get();
    }

    @Override
    public void setValue(RouteHints value) {
        HINTS.set(Objects.requireNonNull(value, "value"));
    }

    @Override
    public void setValue() {
        HINTS.remove();
    }

    /** The time for which a thread has a route. */
    public static final class Scope implements AutoCloseable {

        private final @Nullable RouteHints before;
        private final Thread thread;

        private Scope(@Nullable RouteHints before, Thread thread) {
            this.before = before;
            this.thread = thread;
        }

        /**
         * Gives the thread back what it had.
         *
         * @throws IllegalStateException on another thread, whose route is left alone
         */
        @Override
        public void close() {
            if (Thread.currentThread() != thread) {
                throw new IllegalStateException(
                        "The route of a thread was to be closed on another one. Close it where it was"
                                + " opened, with try-with-resources.");
            }
            if (before == null) {
                HINTS.remove();
            } else {
                HINTS.set(before);
            }
        }
    }
}
