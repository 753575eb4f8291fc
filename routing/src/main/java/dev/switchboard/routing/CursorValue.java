package dev.switchboard.routing;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a cursor can carry. Written as a letter for the type, the length of the text, a colon and the text.
 *
 * @param letter stands for the type
 * @param type the type of the values
 * @param parse reads what {@code toString()} has written
 */
record CursorValue(char letter, Class<?> type, Function<String, Object> parse) {

    private static final List<CursorValue> KINDS = List.of(
            new CursorValue('s', String.class, text -> text),
            new CursorValue('i', Integer.class, Integer::valueOf),
            new CursorValue('l', Long.class, Long::valueOf),
            new CursorValue('b', Boolean.class, Boolean::valueOf),
            new CursorValue('d', BigDecimal.class, BigDecimal::new),
            new CursorValue('n', BigInteger.class, BigInteger::new),
            new CursorValue('u', UUID.class, UUID::fromString),
            new CursorValue('t', Instant.class, Instant::parse),
            new CursorValue('D', LocalDate.class, LocalDate::parse),
            new CursorValue('T', LocalDateTime.class, LocalDateTime::parse),
            new CursorValue('O', OffsetDateTime.class, OffsetDateTime::parse));

    static void append(StringBuilder body, Object value) {
        for (CursorValue kind : KINDS) {
            if (kind.type.isInstance(value)) {
                String text = value.toString();
                body.append(kind.letter).append(text.length()).append(':').append(text);
                return;
            }
        }
        String allowed = KINDS.stream().map(kind -> kind.type.getSimpleName()).collect(Collectors.joining(", "));
        throw new IllegalArgumentException(
                "A key has a value of the type " + value.getClass().getName()
                        + ", which a cursor cannot carry. Allowed: " + allowed + ", or a record of these.");
    }

    /** Signed by us, so anything that cannot be read was written by another version. */
    static List<Object> read(String body, int from) {
        List<Object> values = new ArrayList<>();
        int at = from;
        try {
            while (at < body.length()) {
                int colon = body.indexOf(':', at);
                int end = colon + 1 + Integer.parseInt(body.substring(at + 1, colon));
                values.add(of(body.charAt(at)).parse.apply(body.substring(colon + 1, end)));
                at = end;
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeException unreadable) {
            throw InvalidCursorException.ofAnotherVersion();
        }
        return values;
    }

    private static CursorValue of(char letter) {
        for (CursorValue kind : KINDS) {
            if (kind.letter == letter) {
                return kind;
            }
        }
        throw new IllegalArgumentException();
    }
}
