package dev.switchboard.routing;

import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads one column as a type. What the driver gives is converted here where that loses nothing; numbers are never left to a
 * driver, since drivers cut them silently. Anything else the driver is asked for.
 */
final class ColumnConversion {

    private static final Map<Class<?>, Class<?>> BOXES = Map.of(
            boolean.class, Boolean.class,
            byte.class, Byte.class,
            short.class, Short.class,
            int.class, Integer.class,
            long.class, Long.class,
            float.class, Float.class,
            double.class, Double.class,
            char.class, Character.class);

    private ColumnConversion() {}

    static Class<?> boxed(Class<?> type) {
        return BOXES.getOrDefault(type, type);
    }

    static @Nullable Object read(Readable row, int index, Class<?> target) throws ConversionRefused {
        Object value = row.get(index);
        if (value == null || target.isInstance(value)) {
            return value;
        }
        if (Number.class.isAssignableFrom(target) && value instanceof Number number) {
            return Numbers.exactly(number, target);
        }
        if (target == JsonText.class) {
            return new JsonText(
                    (String) (value instanceof String ? value : askDriver(row, index, value, String.class)));
        }
        Object converted = convert(value, target);
        return converted != null ? converted : askDriver(row, index, value, target);
    }

    /** The converted value, or null where this class has no opinion. */
    private static @Nullable Object convert(Object value, Class<?> target) throws ConversionRefused {
        if (value instanceof Number number && target == Boolean.class) {
            return Numbers.asBoolean(number);
        }
        if (value instanceof CharSequence text) {
            return fromText(text.toString(), target);
        }
        if (value instanceof byte[] bytes && target == ByteBuffer.class) {
            return ByteBuffer.wrap(bytes);
        }
        if (value instanceof ZonedDateTime zoned) {
            return fromOffset(zoned.toOffsetDateTime(), target);
        }
        if (value instanceof Instant instant && target == OffsetDateTime.class) {
            return instant.atOffset(ZoneOffset.UTC);
        }
        return value instanceof OffsetDateTime offset ? fromOffset(offset, target) : null;
    }

    private static @Nullable Object fromOffset(OffsetDateTime value, Class<?> target) {
        if (target == Instant.class) {
            return value.toInstant();
        }
        if (target == OffsetDateTime.class) {
            return value;
        }
        return target == ZonedDateTime.class ? value.toZonedDateTime() : null;
    }

    private static @Nullable Object fromText(String text, Class<?> target) throws ConversionRefused {
        if (target == String.class) {
            return text;
        }
        if (target.isEnum()) {
            return constant(text, target);
        }
        if (target == UUID.class) {
            return uuid(text);
        }
        if (target == Character.class && text.length() == 1) {
            return text.charAt(0);
        }
        return Number.class.isAssignableFrom(target) ? Numbers.fromText(text, target) : null;
    }

    private static Object constant(String text, Class<?> target) throws ConversionRefused {
        for (Object candidate : target.getEnumConstants()) {
            if (((Enum<?>) candidate).name().equals(text)) {
                return candidate;
            }
        }
        throw new ConversionRefused(
                "holds text that is no constant of " + target.getSimpleName() + ", whose constants are "
                        + Arrays.toString(target.getEnumConstants()),
                "Add the constant, or map to String");
    }

    private static UUID uuid(String text) throws ConversionRefused {
        if (text.length() == 36) {
            try {
                UUID parsed = UUID.fromString(text);
                if (parsed.toString().equals(text.toLowerCase(Locale.ROOT))) {
                    return parsed;
                }
            } catch (IllegalArgumentException malformed) {
                throw notUuid(malformed);
            }
        }
        throw notUuid(null);
    }

    private static ConversionRefused notUuid(@Nullable Throwable cause) {
        return new ConversionRefused("holds text that is no UUID of 36 characters", "Map to String", cause);
    }

    private static Object askDriver(Readable row, int index, Object value, Class<?> target) throws ConversionRefused {
        boolean wantsZone = target == OffsetDateTime.class || target == ZonedDateTime.class;
        RuntimeException refusal;
        try {
            Object converted = row.get(index, target);
            if (target.isInstance(converted)) {
                return converted;
            }
            throw refused(value, target, null);
        } catch (RuntimeException refused) {
            refusal = refused;
        }
        if (wantsZone && value instanceof LocalDateTime) {
            OffsetDateTime instant = ((Instant) askDriver(row, index, value, Instant.class)).atOffset(ZoneOffset.UTC);
            return target == OffsetDateTime.class ? instant : instant.toZonedDateTime();
        }
        throw refused(value, target, refusal);
    }

    private static ConversionRefused refused(Object value, Class<?> target, @Nullable Throwable cause) {
        return new ConversionRefused(
                "holds " + value.getClass().getSimpleName() + ", which the driver does not turn into "
                        + target.getSimpleName(),
                "Cast it in the SQL, or map by a function",
                cause);
    }
}
