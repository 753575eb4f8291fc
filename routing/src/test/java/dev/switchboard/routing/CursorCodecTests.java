package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A key goes to a client and comes back as it was; what somebody else wrote, or wrote for another query, is refused. */
@Tag("once")
class CursorCodecTests {

    private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    private static final byte[] NEW_KEY = "fedcba9876543210".getBytes(StandardCharsets.UTF_8);
    private static final String QUERY = "orders of 42";

    private final CursorCodec cursors = CursorCodec.signedWith(KEY);

    record Position(LocalDate day, long id, String name) {}

    record Other(LocalDate day, int id, String name) {}

    record Strict(int id) {

        Strict {
            if (id < 0) {
                throw new IllegalArgumentException("negative");
            }
        }
    }

    record Holey(@Nullable String name) {}

    @Test
    void everyKindOfKeyComesBack() {
        List<Object> keys = List.of(
                "",
                "a;b:c ü \uD83D\uDE00 \n",
                7,
                Long.MIN_VALUE,
                true,
                new BigDecimal("1.50"),
                BigInteger.TEN.pow(40),
                UUID.fromString("3e11fa47-71ca-11e1-9e33-c80aa9429562"),
                Instant.parse("2024-02-29T12:00:00.000000001Z"),
                LocalDate.of(2024, 2, 29),
                LocalDateTime.of(2024, 2, 29, 23, 59, 59, 999_999_999),
                OffsetDateTime.parse("2024-02-29T12:00:00+05:30"),
                new Position(LocalDate.of(2024, 2, 29), 9, "s3:x"));
        for (Object key : keys) {
            String text = cursors.encode(QUERY, key);
            assertThat(text).matches("[A-Za-z0-9_.-]+");
            assertThat(cursors.<Object>decode(QUERY, text, type(key))).isEqualTo(key);
        }
    }

    @SuppressWarnings("unchecked") // the class of a value that is an Object anyway
    private static Class<Object> type(Object key) {
        return (Class<Object>) key.getClass();
    }

    @Test
    void aTextThatWasChangedAnywhereIsRefused() {
        String text = cursors.encode(QUERY, 4711L);
        Random random = new Random(1);
        for (int at = 0; at < text.length() - 1; at++) {
            char other = "ABCDEFGHIJKLMNOP".charAt(random.nextInt(16));
            boolean isLastOfBody = text.charAt(at + 1) == '.';
            if (other != text.charAt(at) && !isLastOfBody) {
                String changed = text.substring(0, at) + other + text.substring(at + 1);
                assertThatThrownBy(() -> cursors.decode(QUERY, changed, Long.class))
                        .as("changed at " + at)
                        .isInstanceOf(InvalidCursorException.class);
            }
        }
    }

    @Test
    void whatAnybodyMaySendIsRefusedInTheSameWords() {
        String unsigned =
                Base64.getUrlEncoder().withoutPadding().encodeToString("1;l1:7".getBytes(StandardCharsets.UTF_8));
        SessionToken token = SessionToken.create();
        token.recorded("orders", new WalPosition(1, 7), token.asking(), false);
        for (String text : List.of(
                "",
                ".",
                "null",
                unsigned,
                unsigned + "." + "A".repeat(43),
                CursorCodec.signedWith(NEW_KEY).encode(QUERY, 7L),
                cursors.encode("orders of 43", 7L),
                cursors.encode(QUERY + " ", 7L),
                SessionTokenCodec.signedWith(KEY).encode(token))) {
            assertThatThrownBy(() -> cursors.decode(QUERY, text, Long.class))
                    .isInstanceOf(InvalidCursorException.class)
                    .hasMessage("A cursor was not taken: it is not signed with a key of this codec for this query."
                            + " Begin again with the first page.");
        }
        assertThatThrownBy(() -> SessionTokenCodec.signedWith(KEY).decode(cursors.encode(QUERY, 7L)))
                .isInstanceOf(InvalidSessionTokenException.class)
                .hasMessageContaining("not signed");
        assertThatThrownBy(() -> cursors.decode(QUERY, "A".repeat(1_000_000), Long.class))
                .hasMessage("A cursor was not taken: it has 1000000 characters, allowed are 2000. Begin again with the"
                        + " first page.");
    }

    @Test
    void whatWasWrittenForAnotherKindOfKeyIsRefused() {
        String position = cursors.encode(QUERY, new Position(LocalDate.EPOCH, 9, "x"));
        for (Class<?> type : List.of(Other.class, Long.class, Strict.class)) {
            assertThatThrownBy(() -> cursors.decode(QUERY, position, type))
                    .isInstanceOf(InvalidCursorException.class)
                    .hasMessage("A cursor was not taken: it was written by another version of this program, for another"
                            + " kind of key. Begin again with the first page.");
        }
        assertThatThrownBy(() -> cursors.decode(QUERY, cursors.encode(QUERY, -1), Strict.class))
                .isInstanceOf(InvalidCursorException.class);
        assertThatThrownBy(() -> CursorValue.read("1;l99:7", 2)).isInstanceOf(InvalidCursorException.class);
        assertThatThrownBy(() -> CursorValue.read("1;?1:7", 2)).isInstanceOf(InvalidCursorException.class);
    }

    @Test
    void aKeyCanBeChangedWhileOldTextsAreAround() {
        String old = cursors.encode(QUERY, 7L);
        CursorCodec both = CursorCodec.signedWith(NEW_KEY, KEY);
        assertThat(both.decode(QUERY, old, Long.class)).isEqualTo(7L);
        String fresh = both.encode(QUERY, 8L);
        assertThatThrownBy(() -> cursors.decode(QUERY, fresh, Long.class)).isInstanceOf(InvalidCursorException.class);
    }

    @Test
    void whatCannotBeWrittenIsRefusedInWords() {
        assertThatThrownBy(() -> cursors.encode(" ", 7L)).hasMessageStartingWith("A cursor was to be written or read");
        assertThatThrownBy(() -> cursors.encode(QUERY, 1.5))
                .hasMessage(
                        "A key has a value of the type java.lang.Double, which a cursor cannot carry. Allowed: String,"
                                + " Integer, Long, Boolean, BigDecimal, BigInteger, UUID, Instant, LocalDate, LocalDateTime,"
                                + " OffsetDateTime, or a record of these.");
        assertThatThrownBy(() -> cursors.encode(QUERY, new Holey(null)))
                .hasMessage(
                        "The component name of a key is null, and a key has none. Take columns that are never NULL.");
        assertThatThrownBy(() -> cursors.encode(QUERY, "x".repeat(2_000))).hasMessageContaining("allowed are 2000");
        assertThatThrownBy(() -> CursorCodec.signedWith(new byte[15]))
                .hasMessage("A key of a cursor has at least 16 bytes, and one with 15 was given. Make one with"
                        + " SecureRandom, once for all nodes.");
        assertThat(cursors).hasToString("CursorCodec[1 keys]");
    }
}
