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

    /** As many digits as a floating-point number keeps of any decimal one. */
    private static final int DIGITS_KEPT = 15;

    private static final int DIGITS_WRITTEN = 13;
    private static final BigDecimal SMALLEST_WRITTEN = new BigDecimal("0.001");
    private static final BigDecimal LARGEST_WRITTEN = new BigDecimal("1E+15");

    private static final int LONGEST_INTEGER = 19;

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
        boolean known = ENCODERS.containsKey(ValueDecoder.boxed(type))
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

    /**
     * A decimal number so that a column of any type gives it back: as a number where that is possible, since as text it would
     * be larger than every number that is computed. One that a numeric column would round is refused.
     */
    static Object number(BigDecimal value) {
        // Looked at before anything that would write out the zeros of 1E+1000000000.
        boolean fits = value.precision() - (long) value.scale() <= LONGEST_INTEGER && value.scale() < 400;
        BigDecimal plain = fits ? value.stripTrailingZeros() : value;
        boolean isInteger = fits && plain.scale() <= 0 && plain.toBigInteger().bitLength() < Long.SIZE;
        if (isInteger && value.scale() <= 0) {
            return plain.longValueExact();
        }
        if (isKeptAsReal(value)) {
            return isWrittenAsRead(value) ? (Object) value.doubleValue() : value.toString();
        }
        if (isInteger) {
            return plain.longValueExact();
        }
        throw new IllegalArgumentException("SQLite has no number for the decimal " + shown(value)
                + ": it keeps integers of 64 bits and otherwise " + DIGITS_KEPT
                + " digits. Bind its toString() to a TEXT"
                + " column and read it as BigDecimal; the option decimals=TEXT binds every BigDecimal so.");
    }

    /** Whether a TEXT column makes the same digits of the floating-point number; of others SQLite may write 17. */
    private static boolean isWrittenAsRead(BigDecimal value) {
        BigDecimal size = value.abs();
        return value.signum() == 0
                || (value.stripTrailingZeros().precision() <= DIGITS_WRITTEN
                        && size.compareTo(SMALLEST_WRITTEN) >= 0
                        && size.compareTo(LARGEST_WRITTEN) < 0);
    }

    private static boolean isKeptAsReal(BigDecimal value) {
        if (value.signum() == 0) {
            return true;
        }
        long exponent = value.precision() - (long) value.scale();
        if (exponent > 310 || exponent < -310) {
            return false;
        }
        BigDecimal plain = value.stripTrailingZeros();
        double real = plain.doubleValue();
        return plain.precision() <= DIGITS_KEPT
                && Math.abs(real) >= Double.MIN_NORMAL
                && !Double.isInfinite(real)
                && new BigDecimal(Double.toString(real)).compareTo(plain) == 0;
    }

    private static String shown(BigDecimal value) {
        return value.precision() > 60 ? "of " + value.precision() + " digits" : value.toString();
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
