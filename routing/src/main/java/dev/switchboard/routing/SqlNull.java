package dev.switchboard.routing;

/**
 * Stands for NULL among the values, since a null has no type.
 *
 * @param type the Java type that a value would have; {@code Object} where nobody knows
 */
record SqlNull(Class<?> type) {

    static final SqlNull UNTYPED = new SqlNull(Object.class);
}
