package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A token goes through a text and comes back as it was; what somebody else wrote is refused before it is looked at. */
@Tag("once")
class SessionTokenCodecTests {

    private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    private static final byte[] NEW_KEY = "fedcba9876543210".getBytes(StandardCharsets.UTF_8);
    private static final String GTIDS = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7";

    private final SessionTokenCodec codec = SessionTokenCodec.signedWith(KEY);

    private static SessionToken token(Map<String, LogPosition> positions) {
        SessionToken token = SessionToken.create();
        positions.forEach((name, position) -> token.recorded(name, position, token.asking(), false));
        return token;
    }

    @Test
    void everyKindOfPositionComesBack() {
        Map<String, LogPosition> positions = Map.of(
                "orders",
                new WalPosition(3, 0x1_0000_00FFL),
                "billing",
                GtidSet.parse(GTIDS),
                "with;odd=name! *",
                MariadbPosition.of("0-1-270,7-2-5"),
                "plain",
                new WrittenAt(1_700_000_000_000L));
        SessionToken back = codec.decode(codec.encode(token(positions)));
        positions.forEach(
                (name, position) -> assertThat(back.need(name)).isEqualTo(new SessionToken.Need(false, position)));
        assertThat(back.need("another")).isEqualTo(SessionToken.Need.NOTHING);
    }

    @Test
    void whatIsNotKnownYetComesBackAsAReadOfThePrimary() {
        SessionToken token = SessionToken.create();
        token.writing("orders");
        SessionToken back = codec.decode(codec.encode(token));
        assertThat(back.need("orders")).isEqualTo(SessionToken.Need.PRIMARY);
        LogPosition later = new WalPosition(1, 99);
        back.recorded("orders", later, back.asking(), false);
        assertThat(back.need("orders")).isEqualTo(new SessionToken.Need(false, later));
    }

    @Test
    void oneThatDoesNotFitReadsEverythingOnThePrimary() {
        SessionToken token = SessionToken.create();
        for (int i = 0; i < 60; i++) {
            token.recorded("a".repeat(190) + i, new WalPosition(1, i), token.asking(), false);
        }
        String text = codec.encode(token);
        assertThat(text).hasSizeLessThanOrEqualTo(SessionTokenCodec.LONGEST);
        assertThat(codec.decode(text).need("any")).isEqualTo(SessionToken.Need.PRIMARY);
    }

    @Test
    void aTextThatWasChangedAnywhereIsRefused() {
        String text = codec.encode(token(Map.of("orders", new WalPosition(1, 4711))));
        Random random = new Random(1);
        for (int at = 0; at < text.length(); at++) {
            char other = "ABCDEFGHIJKLMNOP".charAt(random.nextInt(16));
            String changed = text.substring(0, at) + other + text.substring(at + 1);
            boolean saysTheSame = other == text.charAt(at) || sameBytes(text, changed);
            if (!saysTheSame) {
                assertThatThrownBy(() -> codec.decode(changed))
                        .as("changed at " + at)
                        .isInstanceOf(InvalidSessionTokenException.class);
            }
        }
    }

    /** The last letter of Base64 has bits that mean nothing. */
    private static boolean sameBytes(String one, String two) {
        int dot = one.length() - 44;
        return two.charAt(dot) == '.'
                && one.substring(0, dot).equals(two.substring(0, dot))
                && Arrays.equals(bytes(one.substring(dot + 1)), bytes(two.substring(dot + 1)));
    }

    private static byte[] bytes(String text) {
        try {
            return Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException notBase64) {
            return new byte[0];
        }
    }

    @Test
    void whatAnybodyMaySendIsRefusedInTheSameWords() {
        String unsigned = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("1;b3JkZXJz=w1-ffffffff".getBytes(StandardCharsets.UTF_8));
        String foreign = SessionTokenCodec.signedWith(NEW_KEY).encode(token(Map.of("orders", new WalPosition(9, 9))));
        for (String text :
                List.of("", ".", "null", unsigned, unsigned + ".", unsigned + "." + "A".repeat(43), foreign)) {
            assertThatThrownBy(() -> codec.decode(text))
                    .isInstanceOf(InvalidSessionTokenException.class)
                    .hasMessage(
                            "A session token was not taken: it is not signed with a key of this codec. Begin a session"
                                    + " without it, with readYourWrites(), or read with ReadConsistency.PRIMARY.");
        }
        assertThatThrownBy(() -> codec.decode("A".repeat(1_000_000)))
                .isInstanceOf(InvalidSessionTokenException.class)
                .hasMessage(
                        "A session token was not taken: it has 1000000 characters, allowed are 3800. Begin a session"
                                + " without it, with readYourWrites(), or read with ReadConsistency.PRIMARY.");
    }

    @Test
    void aKeyCanBeChangedWhileOldTextsAreAround() {
        String old = codec.encode(token(Map.of("orders", new WalPosition(1, 7))));
        SessionTokenCodec both = SessionTokenCodec.signedWith(NEW_KEY, KEY);
        assertThat(both.decode(old).isEmpty()).isFalse();
        String fresh = both.encode(token(Map.of("orders", new WalPosition(1, 8))));
        assertThatThrownBy(() -> codec.decode(fresh)).isInstanceOf(InvalidSessionTokenException.class);
        assertThatThrownBy(() -> SessionTokenCodec.signedWith(new byte[15]))
                .hasMessage("A key of a session token has at least 16 bytes, and one with 15 was given. Make one with"
                        + " SecureRandom, once for all nodes.");
    }

    @Test
    void nothingOfKeysOrPositionsIsShown() {
        assertThat(codec).hasToString("SessionTokenCodec[1 keys]");
        assertThat(token(Map.of("orders", new WalPosition(1, 7)))).hasToString("SessionToken[1 names]");
    }
}
