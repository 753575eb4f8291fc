package dev.switchboard.routing;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Writes a {@link SessionToken} as a text for a cookie, a header or a message, and reads it back, on this node or another one.
 * The text is signed with HMAC-SHA256: one that was not written with a key of the codec is refused before anything of it is
 * looked at. It is not encrypted; whoever has it can read logical names and positions, and so how much the cluster writes.
 *
 * <p>An old text is no danger: it makes its own bearer's reads less fresh. Immutable and thread-safe.
 */
public final class SessionTokenCodec {

    /** What fits into a cookie beside its name and attributes. */
    static final int LONGEST = 3_800;

    /** Texts that are around already were signed without one. */
    private static final String PURPOSE = "";

    private static final String VERSION = "1";
    private static final String FIELD = ";";
    private static final String ON_PRIMARY = "!";
    private static final String EVERYTHING = "*";
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    private final SignedText signed;

    private SessionTokenCodec(SignedText signed) {
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
    public static SessionTokenCodec signedWith(byte[] key, byte[]... olderKeys) {
        return new SessionTokenCodec(SignedText.with("session token", key, olderKeys));
    }

    /**
     * The text of a token as it is at this moment. Written at the end of a request it has all writes whose end the request has
     * heard of. A token that does not fit into the text is written as one whose reads all go to the primary.
     *
     * @param token the token
     * @return letters, digits, {@code -}, {@code _} and {@code .}, at most 3,800
     */
    public String encode(SessionToken token) {
        String text = signed.sign(PURPOSE, body(token));
        return text.length() <= LONGEST ? text : signed.sign(PURPOSE, VERSION + FIELD + EVERYTHING);
    }

    private static String body(SessionToken token) {
        StringJoiner body = new StringJoiner(FIELD).add(VERSION);
        for (Map.Entry<String, SessionToken.Need> name : token.needs().entrySet()) {
            SessionToken.Need need = name.getValue();
            LogPosition position = need.position();
            if (need.primary() || position != null) {
                String said = need.primary() || position == null ? ON_PRIMARY : position.text();
                body.add(ENCODER.encodeToString(name.getKey().getBytes(StandardCharsets.UTF_8)) + "=" + said);
            }
        }
        return token.isFull() ? body.add(EVERYTHING).toString() : body.toString();
    }

    /**
     * The token that a text says.
     *
     * @param text what {@link #encode} has written, or anything that somebody sent
     * @return a token that goes on from there
     * @throws InvalidSessionTokenException if it is no text of a codec with one of these keys
     */
    public SessionToken decode(String text) {
        if (text.length() > LONGEST) {
            throw new InvalidSessionTokenException("it has " + text.length() + " characters, allowed are " + LONGEST);
        }
        String body = signed.body(PURPOSE, text);
        if (body == null) {
            throw new InvalidSessionTokenException("it is not signed with a key of this codec");
        }
        return read(body);
    }

    /** Signed by us, so anything that cannot be read was written by another version of this class. */
    private static SessionToken read(String body) {
        String[] fields = body.split(FIELD, -1);
        if (!fields[0].equals(VERSION)) {
            throw new InvalidSessionTokenException("it was written by another version of this library");
        }
        SessionToken token = SessionToken.create();
        for (int i = 1; i < fields.length; i++) {
            if (fields[i].equals(EVERYTHING)) {
                token.fill();
            } else {
                readName(token, fields[i]);
            }
        }
        return token;
    }

    private static void readName(SessionToken token, String field) {
        int equals = field.indexOf('=');
        byte[] name = equals < 0 ? null : SignedText.bytes(field.substring(0, equals));
        String said = field.substring(equals + 1);
        LogPosition position = said.equals(ON_PRIMARY) ? null : LogPosition.parse(said);
        if (name == null || (position == null && !said.equals(ON_PRIMARY))) {
            throw new InvalidSessionTokenException("it was written by another version of this library");
        }
        String logicalName = new String(name, StandardCharsets.UTF_8);
        if (position == null) {
            token.lost(logicalName, false);
        } else {
            token.recorded(logicalName, position, token.asking(), false);
        }
    }

    /** {@return nothing about the keys} */
    @Override
    public String toString() {
        return "SessionTokenCodec[" + signed.keys() + " keys]";
    }
}
