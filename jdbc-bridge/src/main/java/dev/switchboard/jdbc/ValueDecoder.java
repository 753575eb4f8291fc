package dev.switchboard.jdbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.R2dbcType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Numbers, text and bytes, as a database gives them, as Java values. Without a type asked for, the declared type of the
 * column decides, and a value that is not of that form is given as it is stored; with one, a value that does not fit is
 * refused, and so is one that would lose something.
 */
final class ValueDecoder {
    private static final Map<Class<?>, Function<Object, @Nullable Object>> DECODERS = decoders();
    private static final Map<Class<?>, Class<?>> BOXED = Map.of(
            boolean.class, Boolean.class,
            byte.class, Byte.class,
            short.class, Short.class,
            int.class, Integer.class,
            long.class, Long.class,
            float.class, Float.class,
            double.class, Double.class,
            char.class, Character.class);

    private static final int MOST_DIGITS = 10_000;

    private ValueDecoder() {}

    private static Map<Class<?>, Function<Object, @Nullable Object>> decoders() {
        Map<Class<?>, Function<Object, @Nullable Object>> decoders = new HashMap<>();
        decoders.put(String.class, raw -> raw instanceof byte[] ? null : raw.toString());
        decoders.put(Character.class, raw -> raw instanceof String text && text.length() == 1 ? text.charAt(0) : null);
        decoders.put(Boolean.class, ValueDecoder::bool);
        decoders.put(Byte.class, raw -> exact(raw).byteValueExact());
        decoders.put(Short.class, raw -> exact(raw).shortValueExact());
        decoders.put(Integer.class, raw -> exact(raw).intValueExact());
        decoders.put(Long.class, raw -> exact(raw).longValueExact());
        decoders.put(BigInteger.class, ValueDecoder::integer);
        decoders.put(BigDecimal.class, ValueDecoder::exact);
        decoders.put(Double.class, ValueDecoder::real);
        decoders.put(Float.class, ValueDecoder::single);
        decoders.put(byte[].class, raw -> raw instanceof byte[] bytes ? bytes.clone() : null);
        decoders.put(ByteBuffer.class, raw -> raw instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : null);
        decoders.put(Blob.class, raw -> raw instanceof byte[] bytes ? Lobs.blob(bytes) : null);
        decoders.put(Clob.class, raw -> raw instanceof String text ? Lobs.clob(text) : null);
        decoders.put(UUID.class, raw -> raw instanceof String text ? UUID.fromString(text) : null);
        putTime(decoders, LocalDate.class, SqliteTimes::date);
        putTime(decoders, LocalTime.class, SqliteTimes::time);
        putTime(decoders, LocalDateTime.class, SqliteTimes::dateTime);
        putTime(decoders, OffsetDateTime.class, SqliteTimes::offsetDateTime);
        putTime(decoders, ZonedDateTime.class, SqliteTimes::zonedDateTime);
        putTime(decoders, Instant.class, SqliteTimes::instant);
        return decoders;
    }

    private static <T> void putTime(
            Map<Class<?>, Function<Object, @Nullable Object>> decoders, Class<T> type, Function<String, T> reader) {
        decoders.put(type, raw -> raw instanceof String text ? reader.apply(text) : null);
    }

    static Class<?> boxed(Class<?> type) {
        return type.isPrimitive() ? BOXED.getOrDefault(type, type) : type;
    }

    static @Nullable Object decode(@Nullable Object raw, JdbcColumn column, Class<?> type) {
        if (raw == null) {
            return null;
        }
        Class<?> wanted = boxed(type);
        if (wanted == Object.class) {
            return natural(raw, column);
        }
        if (wanted == raw.getClass() && wanted != byte[].class) {
            return raw;
        }
        if (wanted == Long.class && raw instanceof Integer number) {
            return number.longValue();
        }
        Function<Object, @Nullable Object> decoder = DECODERS.get(wanted);
        try {
            Object decoded;
            if (decoder != null) {
                decoded = decoder.apply(raw);
            } else if (wanted.isEnum()) {
                decoded = constant(raw, wanted);
            } else {
                Object natural = natural(raw, column);
                decoded = wanted.isInstance(natural) ? natural : null;
            }
            if (decoded != null) {
                return decoded;
            }
        } catch (RuntimeException doesNotFit) {
            // Those of Java repeat what is stored.
            boolean ours =
                    !(doesNotFit instanceof IllegalArgumentException || doesNotFit instanceof DateTimeParseException);
            throw refused(raw, column, type, ours ? doesNotFit : null);
        }
        throw refused(raw, column, type, null);
    }

    private static Object natural(Object raw, JdbcColumn column) {
        Object natural = column.getType() instanceof R2dbcType declared ? natural(raw, declared) : null;
        if (natural != null) {
            return natural;
        }
        return raw instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : raw;
    }

    /** The value that the declared type promises, or null where what is stored is not of its form. */
    private static @Nullable Object natural(Object raw, R2dbcType declared) {
        return switch (declared) {
            case BOOLEAN -> bool(raw);
            case BIGINT -> raw instanceof Integer number ? (Object) number.longValue() : null;
            case DECIMAL, NUMERIC -> raw instanceof byte[] ? null : decimalOrNull(raw);
            case DATE -> raw instanceof String text ? SqliteTimes.orNull(text, SqliteTimes::date) : null;
            case TIME -> raw instanceof String text ? SqliteTimes.orNull(text, SqliteTimes::time) : null;
            case TIMESTAMP -> raw instanceof String text ? SqliteTimes.orNull(text, ValueDecoder::timestamp) : null;
            case TIMESTAMP_WITH_TIME_ZONE ->
                raw instanceof String text ? SqliteTimes.orNull(text, SqliteTimes::offsetDateTime) : null;
            default -> null;
        };
    }

    private static Object timestamp(String text) {
        return SqliteTimes.hasOffset(text) ? SqliteTimes.offsetDateTime(text) : SqliteTimes.dateTime(text);
    }

    private static @Nullable Object decimalOrNull(Object raw) {
        try {
            return exact(raw);
        } catch (NumberFormatException notANumber) {
            return null;
        }
    }

    private static @Nullable Object bool(Object raw) {
        return switch (raw.toString()) {
            case "1", "true", "TRUE" -> true;
            case "0", "false", "FALSE" -> false;
            default -> null;
        };
    }

    private static BigDecimal exact(Object raw) {
        if (raw instanceof byte[]) {
            throw new NumberFormatException("it is a blob");
        }
        return raw instanceof Integer || raw instanceof Long
                ? BigDecimal.valueOf(((Number) raw).longValue())
                : new BigDecimal(raw.toString());
    }

    /** A short text may stand for a number that would take minutes to write out. */
    private static BigInteger integer(Object raw) {
        BigDecimal number = exact(raw);
        if ((long) number.precision() - number.scale() > MOST_DIGITS) {
            throw new ArithmeticException("it has more than " + MOST_DIGITS + " digits");
        }
        return number.toBigIntegerExact();
    }

    private static double real(Object raw) {
        if (raw instanceof Double number) {
            return number;
        }
        BigDecimal exact = exact(raw);
        double number = exact.doubleValue();
        return requireAllDigits(number, Double.toString(number), exact);
    }

    private static float single(Object raw) {
        double stored = real(raw);
        float number = (float) stored;
        if (number != stored && !Double.isNaN(stored)) {
            requireAllDigits(number, Float.toString(number), new BigDecimal(Double.toString(stored)));
        }
        return number;
    }

    /** A decimal number loses nothing if writing the floating-point number in the shortest way gives it back. */
    private static double requireAllDigits(double number, String written, BigDecimal exact) {
        boolean kept = !Double.isInfinite(number)
                && (new BigDecimal(written).compareTo(exact) == 0 || new BigDecimal(number).compareTo(exact) == 0);
        if (!kept) {
            throw new ArithmeticException("it would lose digits as a floating-point number");
        }
        return number;
    }

    private static @Nullable Object constant(Object raw, Class<?> type) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(raw)) {
                return constant;
            }
        }
        return null;
    }

    private static IllegalArgumentException refused(
            Object raw, JdbcColumn column, Class<?> type, @Nullable RuntimeException why) {
        String stored = raw instanceof byte[] bytes
                ? "a blob of " + bytes.length + " bytes"
                : raw.getClass().getSimpleName();
        return new IllegalArgumentException(
                "Column '" + column.label() + "' holds " + stored + ", which cannot be read as " + type.getName()
                        + (why == null || why.getMessage() == null ? "" : ": " + why.getMessage()),
                why);
    }
}
