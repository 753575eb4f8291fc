package dev.switchboard.jdbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Java values as the four kinds that SQLite stores: integer, real, text and blob. */
final class SqliteEncoder {
    private static final Map<Class<?>, Function<Object, Object>> ENCODERS = encoders();

    private SqliteEncoder() {}

    private static Map<Class<?>, Function<Object, Object>> encoders() {
        Map<Class<?>, Function<Object, Object>> encoders = new LinkedHashMap<>();
        put(encoders, String.class, value -> value);
        put(encoders, Character.class, Object::toString);
        put(encoders, Boolean.class, value -> value ? 1 : 0);
        put(encoders, Byte.class, Byte::intValue);
        put(encoders, Short.class, Short::intValue);
        put(encoders, Integer.class, value -> value);
        put(encoders, Long.class, value -> value);
        put(encoders, Float.class, value -> real(value.doubleValue()));
        put(encoders, Double.class, SqliteEncoder::real);
        put(encoders, BigInteger.class, SqliteEncoder::integer);
        put(encoders, BigDecimal.class, BigDecimal::toString);
        put(encoders, byte[].class, byte[]::clone);
        put(encoders, LocalDate.class, SqliteTimes::text);
        put(encoders, LocalTime.class, SqliteTimes::text);
        put(encoders, LocalDateTime.class, SqliteTimes::text);
        put(encoders, OffsetDateTime.class, SqliteTimes::text);
        put(encoders, ZonedDateTime.class, SqliteTimes::text);
        put(encoders, Instant.class, value -> SqliteTimes.text(value.atOffset(ZoneOffset.UTC)));
        put(encoders, UUID.class, UUID::toString);
        return encoders;
    }

    private static <T> void put(
            Map<Class<?>, Function<Object, Object>> encoders, Class<T> type, Function<T, Object> encoder) {
        encoders.put(type, value -> encoder.apply(type.cast(value)));
    }

    static Object encode(Object value) {
        if (value instanceof String || value instanceof Integer || value instanceof Long) {
            return value;
        }
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return bytes;
        }
        Function<Object, Object> encoder = ENCODERS.get(value.getClass());
        if (encoder == null) {
            throw unsupported(value.getClass());
        }
        return encoder.apply(value);
    }

    static void requireEncodable(Class<?> type) {
        boolean known = ENCODERS.containsKey(SqliteDecoder.boxed(type))
                || type.isEnum()
                || type == Object.class
                || ByteBuffer.class.isAssignableFrom(type)
                || Blob.class.isAssignableFrom(type)
                || Clob.class.isAssignableFrom(type);
        if (!known) {
            throw unsupported(type);
        }
    }

    private static IllegalArgumentException unsupported(Class<?> type) {
        return new IllegalArgumentException("SQLite cannot store a " + type.getName() + "; bind one of "
                + ENCODERS.keySet().stream().map(Class::getSimpleName).toList()
                + ", ByteBuffer, an enum, Blob or Clob");
    }

    /** SQLite would store NaN as NULL without a word. */
    private static Object real(@Nullable Double value) {
        if (value == null || value.isNaN()) {
            throw new IllegalArgumentException(
                    "SQLite cannot store NaN (it would become NULL); bind NULL if that is meant");
        }
        return value;
    }

    /** A larger number would become a floating-point one, and lose its last digits, without a word. */
    private static Object integer(BigInteger value) {
        if (value.bitLength() >= Long.SIZE) {
            throw new IllegalArgumentException(
                    "SQLite's integers have 64 bits, and " + value + " needs more; bind its text to a TEXT column");
        }
        return value.longValueExact();
    }
}
