package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Wrapped;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Looks through what is wrapped around a driver's own object: proxies, the zone of a session. */
final class Unwrapping {

    private static final int DEEPEST = 16;

    private Unwrapping() {}

    /** The outermost object of that type, or null. */
    static <E> @Nullable E find(@Nullable Object outer, Class<E> type) {
        Object at = outer;
        for (int depth = 0; at != null && depth < DEEPEST; depth++) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
            at = inner(at);
        }
        return null;
    }

    /** What is inside of everything. */
    static Object innermost(Object outer) {
        Object at = outer;
        for (int depth = 0; depth < DEEPEST; depth++) {
            Object inner = inner(at);
            if (inner == null) {
                break;
            }
            at = inner;
        }
        return at;
    }

    private static @Nullable Object inner(Object at) {
        Object inner = at instanceof Wrapped<?> wrapped ? wrapped.unwrap() : null;
        return inner == at ? null : inner;
    }

    /** The type under which a driver publishes its connection: the first public one on the way up that says more than the SPI. */
    static String publicType(Object driver) {
        Deque<Class<?>> candidates = new ArrayDeque<>();
        candidates.add(driver.getClass());
        while (!candidates.isEmpty()) {
            Class<?> type = candidates.remove();
            boolean isSpi = type.getPackage() == Connection.class.getPackage();
            if (Connection.class.isAssignableFrom(type) && Modifier.isPublic(type.getModifiers()) && !isSpi) {
                return type.getName();
            }
            for (Class<?> extended : type.getInterfaces()) {
                candidates.add(extended);
            }
            if (type.getSuperclass() != null) {
                candidates.add(type.getSuperclass());
            }
        }
        return driver.getClass().getName();
    }

    /** What unwrapping ends at: the same handle, for those who unwrap until nothing is wrapped any more. */
    static final class Unwrapped extends DelegatingConnection {

        private final ConnectionHandle handle;

        Unwrapped(ConnectionHandle handle) {
            this.handle = handle;
        }

        @Override
        Connection delegate() {
            return handle;
        }
    }
}
