package dev.switchboard.core;

import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Parameters;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Points in time for the MariaDB driver, which writes and reads an {@link Instant} as the wall clock of this JVM whatever the
 * session's time zone is, and takes no {@link OffsetDateTime} and no {@link ZonedDateTime} at all. On a session in UTC, where
 * {@link DriverOptions} puts it, the same points as wall clock of UTC are right in every JVM.
 */
final class UtcInstants {

    private UtcInstants() {}

    /** What to bind in place of a value; the value itself where the driver does it right. */
    static Object bound(Object value) {
        if (value instanceof Parameter parameter) {
            Object inner = parameter.getValue();
            Object boundInner = inner == null ? null : bound(inner);
            return boundInner == inner ? parameter : Parameters.in(parameter.getType(), boundInner);
        }
        if (value instanceof Instant instant) {
            return LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        }
        if (value instanceof OffsetDateTime time) {
            return LocalDateTime.ofInstant(time.toInstant(), ZoneOffset.UTC);
        }
        if (value instanceof ZonedDateTime time) {
            return LocalDateTime.ofInstant(time.toInstant(), ZoneOffset.UTC);
        }
        return value;
    }

    /** The class to name to the driver for a null. */
    static Class<?> boundType(Class<?> type) {
        return isPointInTime(type) ? LocalDateTime.class : type;
    }

    /** Reads a column through the driver's own {@code get}. */
    static <T> @Nullable T read(Class<T> type, Function<Class<?>, @Nullable Object> get) {
        if (!isPointInTime(type)) {
            @SuppressWarnings("unchecked") // a primitive type is answered with its box, so a cast by class would fail
            T value = (T) get.apply(type);
            return value;
        }
        return get.apply(LocalDateTime.class) instanceof LocalDateTime time ? type.cast(pointInTime(time, type)) : null;
    }

    private static boolean isPointInTime(Class<?> type) {
        return type == Instant.class || type == OffsetDateTime.class || type == ZonedDateTime.class;
    }

    private static Object pointInTime(LocalDateTime time, Class<?> type) {
        if (type == Instant.class) {
            return time.toInstant(ZoneOffset.UTC);
        }
        return type == OffsetDateTime.class ? time.atOffset(ZoneOffset.UTC) : time.atZone(ZoneOffset.UTC);
    }
}
