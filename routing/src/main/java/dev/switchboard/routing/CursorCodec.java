package dev.switchboard.routing;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Writes the key at which a page of {@link ShardPages} has ended as a text for a client, and reads it back when the client asks for
 * the next page, on this node or another one. The text is signed with HMAC-SHA256 for one query: one that was changed, made up, or
 * written for another query is refused before anything of it is looked at. It is not encrypted; whoever has it can read the key.
 * It does not expire: it says where to go on, and gives no right to read anything. Immutable and thread-safe.
 *
 * <pre>{@code String query = "orders of " + customerId;
 *
 * Long after = given == null ? null : cursors.decode(query, given, Long.class);
 * everywhere.pages(byId).page(after, 20)
 *         .map(page -> page.next() == null ? last(page) : more(page, cursors.encode(query, page.next())));}</pre>
 *
 * <p>A key is a {@code String}, {@code Integer}, {@code Long}, {@code Boolean}, {@code BigDecimal}, {@code BigInteger}, {@code UUID},
 * {@code Instant}, {@code LocalDate}, {@code LocalDateTime} or {@code OffsetDateTime}, or a record of these.
 */
public final class CursorCodec {

    /** Fits into a URL beside what else belongs there. */
    static final int LONGEST = 2_000;

    private static final String VERSION = "1;";

    private final SignedText signed;

    private CursorCodec(SignedText signed) {
        this.signed = signed;
    }

    /**
     * A codec that signs.
     *
     * @param key secret, the same on all nodes, at least 16 bytes; copied
     * @param olderKeys keys that texts may have been signed with before; copied
     * @return the codec
     * @throws IllegalArgumentException if a key is too short
     */
    public static CursorCodec signedWith(byte[] key, byte[]... olderKeys) {
        return new CursorCodec(SignedText.with("cursor", key, olderKeys));
    }

    /**
     * The text of a key.
     *
     * @param query which query the key belongs to, with everything that changes what it finds: its name, its filter, its order,
     *     whose data it reads. It is not part of the text
     * @param key the {@link ShardPage#next} of a page
     * @return letters, digits, {@code -}, {@code _} and {@code .}, at most 2,000
     * @throws IllegalArgumentException if the query has no name, or the key is of another type, has a null or does not fit
     */
    public String encode(String query, Object key) {
        StringBuilder body = new StringBuilder(VERSION);
        for (Object value : values(Objects.requireNonNull(key, "key"))) {
            CursorValue.append(body, value);
        }
        String text = signed.sign(purpose(query), body.toString());
        if (text.length() > LONGEST) {
            throw new IllegalArgumentException("A cursor would have " + text.length() + " characters, allowed are "
                    + LONGEST + ". Make the key of shorter columns.");
        }
        return text;
    }

    /**
     * The key that a text says.
     *
     * @param query the same as when it was written
     * @param text what {@link #encode} has written, or anything that somebody sent
     * @param type the type of the key
     * @param <K> the type of the key
     * @return the key
     * @throws InvalidCursorException if it is no text of a codec with one of these keys for this query, or of another type
     */
    public <K> K decode(String query, String text, Class<K> type) {
        if (text.length() > LONGEST) {
            throw new InvalidCursorException("it has " + text.length() + " characters, allowed are " + LONGEST);
        }
        String body = signed.body(purpose(query), text);
        if (body == null) {
            throw new InvalidCursorException("it is not signed with a key of this codec for this query");
        }
        if (!body.startsWith(VERSION)) {
            throw InvalidCursorException.ofAnotherVersion();
        }
        return key(CursorValue.read(body, VERSION.length()), type);
    }

    private static String purpose(String query) {
        if (query.isBlank()) {
            throw new IllegalArgumentException(
                    "A cursor was to be written or read for a query without a name. Name the query, with everything that"
                            + " changes what it finds, so that a cursor of another one is refused.");
        }
        return "cursor " + query;
    }

    private static List<Object> values(Object key) {
        if (!(key instanceof Record)) {
            return List.of(key);
        }
        List<Object> values = new ArrayList<>();
        for (RecordComponent component : key.getClass().getRecordComponents()) {
            try {
                component.getAccessor().trySetAccessible();
                Object value = component.getAccessor().invoke(key);
                if (value == null) {
                    throw new IllegalArgumentException("The component " + component.getName()
                            + " of a key is null, and a key" + " has none. Take columns that are never NULL.");
                }
                values.add(value);
            } catch (IllegalAccessException | InvocationTargetException unreadable) {
                throw new IllegalArgumentException(
                        "The record " + key.getClass().getName()
                                + " cannot be read. Make it public in an exported package,"
                                + " or open its package to dev.switchboard.routing.",
                        unreadable);
            }
        }
        return values;
    }

    private static <K> K key(List<Object> values, Class<K> type) {
        if (!type.isRecord()) {
            Object only = values.size() == 1 ? values.get(0) : null;
            if (!type.isInstance(only)) {
                throw InvalidCursorException.ofAnotherVersion();
            }
            return type.cast(only);
        }
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(component -> ColumnConversion.boxed(component.getType()))
                .toArray(Class<?>[]::new);
        boolean fits = types.length == values.size();
        for (int i = 0; fits && i < types.length; i++) {
            fits = types[i].isInstance(values.get(i));
        }
        if (!fits) {
            throw InvalidCursorException.ofAnotherVersion();
        }
        return made(RecordMapping.constructor(type, type.getRecordComponents()), values);
    }

    private static <K> K made(Constructor<K> constructor, List<Object> values) {
        try {
            return constructor.newInstance(values.toArray());
        } catch (ReflectiveOperationException refused) {
            throw InvalidCursorException.ofAnotherVersion();
        }
    }

    /** {@return nothing about the keys} */
    @Override
    public String toString() {
        return "CursorCodec[" + signed.keys() + " keys]";
    }
}
