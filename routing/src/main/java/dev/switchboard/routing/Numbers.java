package dev.switchboard.routing;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Turns numbers into other numbers where the written value stays the same, digit for digit. */
final class Numbers {

    private static final String WIDER = "Declare a wider type, or round in the SQL";

    private Numbers() {}

    static Number exactly(Number value, Class<?> target) throws ConversionRefused {
        if (target == Long.class && isInteger(value)) {
            return value.longValue();
        }
        if (value instanceof Double || value instanceof Float) {
            double wide = value.doubleValue();
            if (Double.isNaN(wide) || Double.isInfinite(wide)) {
                return notFinite(wide, target);
            }
        }
        return exactly(decimal(value), value.getClass().getSimpleName(), target);
    }

    static Number fromText(String text, Class<?> target) throws ConversionRefused {
        try {
            return exactly(new BigDecimal(text.strip()), "text", target);
        } catch (NumberFormatException malformed) {
            throw new ConversionRefused(
                    "holds text that is no number", "Map to String, or cast it in the SQL", malformed);
        }
    }

    static boolean asBoolean(Number value) throws ConversionRefused {
        BigDecimal decimal = decimal(value);
        if (decimal.signum() == 0) {
            return false;
        }
        if (decimal.compareTo(BigDecimal.ONE) == 0) {
            return true;
        }
        throw new ConversionRefused("holds a number other than 0 and 1", "Map to a number, or compare in the SQL");
    }

    private static boolean isInteger(Number value) {
        return value instanceof Integer || value instanceof Short || value instanceof Byte;
    }

    private static Number notFinite(double value, Class<?> target) throws ConversionRefused {
        if (target == Double.class) {
            return value;
        }
        if (target == Float.class) {
            return (float) value;
        }
        throw new ConversionRefused("holds NaN or an infinity", "Map to Double");
    }

    private static BigDecimal decimal(Number value) {
        if (value instanceof BigDecimal decimal) {
            return decimal;
        }
        return value instanceof BigInteger integer ? new BigDecimal(integer) : new BigDecimal(value.toString());
    }

    private static Number exactly(BigDecimal value, String found, Class<?> target) throws ConversionRefused {
        if (target == BigDecimal.class || target == Number.class) {
            return value;
        }
        try {
            if (target == Double.class || target == Float.class) {
                return floating(value, found, target);
            }
            return integer(value, found, target);
        } catch (ArithmeticException lossy) {
            throw new ConversionRefused(
                    "holds a number (" + found + ") that does not fit " + target.getSimpleName(), WIDER, lossy);
        }
    }

    private static Number integer(BigDecimal value, String found, Class<?> target) throws ConversionRefused {
        if (target == Long.class) {
            return value.longValueExact();
        }
        if (target == Integer.class) {
            return value.intValueExact();
        }
        if (target == Short.class) {
            return value.shortValueExact();
        }
        if (target == Byte.class) {
            return value.byteValueExact();
        }
        if (target == BigInteger.class) {
            return value.toBigIntegerExact();
        }
        throw new ConversionRefused(
                "holds a number (" + found + "), and " + target.getSimpleName()
                        + " is no number type that is known here",
                "Map by a function");
    }

    private static Number floating(BigDecimal value, String found, Class<?> target) throws ConversionRefused {
        boolean wide = target == Double.class;
        Number nearest = wide ? (Number) value.doubleValue() : (Number) value.floatValue();
        boolean finite = Double.isFinite(nearest.doubleValue());
        if (finite && new BigDecimal(nearest.toString()).compareTo(value) == 0) {
            return nearest;
        }
        throw new ConversionRefused(
                "holds a number (" + found + ") with more digits than " + target.getSimpleName() + " keeps",
                "Declare BigDecimal, or round in the SQL");
    }
}
