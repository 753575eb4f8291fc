package dev.switchboard.routing;

import java.util.Objects;
import java.util.UUID;

/**
 * Which part of a partitioned database a query is about: a customer's number, an order's id, a region. Written as
 * {@link Routing#usingShardKey(Object)}; a {@link ShardRouter} makes a connection name of it.
 *
 * <p>A number counts by its value, whatever its Java type, and has the same {@link #text()} as its digits written as a text.
 *
 * @param value a {@link String}, a {@link Long} or a {@link UUID}
 */
public record ShardKey(Object value) implements RoutingHint {

    private static final int LONGEST = 1_000;

    /**
     * Refuses what is no key. Smaller integer numbers become a {@link Long}.
     *
     * @param value a text of 1 to 1,000 characters, an integer number, or a {@link UUID}
     * @throws InvalidShardKeyException if it is something else; the value is not part of the message
     */
    public ShardKey {
        Objects.requireNonNull(value, "value");
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            value = ((Number) value).longValue();
        }
        if (value instanceof String text) {
            if (text.isEmpty() || text.length() > LONGEST) {
                throw new InvalidShardKeyException("a text of " + text.length() + " characters");
            }
        } else if (!(value instanceof Long) && !(value instanceof UUID)) {
            throw new InvalidShardKeyException("a " + value.getClass().getName());
        }
    }

    /**
     * A shard key.
     *
     * @param value a text of 1 to 1,000 characters, an integer number, or a {@link UUID}
     * @return the key
     * @throws InvalidShardKeyException if it is something else
     */
    public static ShardKey of(Object value) {
        return new ShardKey(value);
    }

    /** {@return the key as it is hashed: a text as it is, a number in decimal digits, a UUID in lower case} */
    public String text() {
        return value.toString();
    }

    @Override
    public Class<? extends RoutingHint> kind() {
        return ShardKey.class;
    }

    /** {@return the hint in words; a text in it is shortened} */
    @Override
    public String toString() {
        return "shard key " + (value instanceof String text ? Shown.quoted(text) : value);
    }
}
