package dev.switchboard.routing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Texts that go to a client and come back: readable, and signed with HMAC-SHA256, so that none is taken which was not written with
 * one of the keys and for the same purpose. Written with the first key. Immutable and thread-safe.
 */
final class SignedText {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int SIGNATURE_BYTES = 32;
    private static final int SIGNATURE_CHARS = 43;
    private static final int LEAST_KEY_BYTES = 16;
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    private final List<SecretKeySpec> keys;

    private SignedText(List<SecretKeySpec> keys) {
        this.keys = List.copyOf(keys);
    }

    /** Copies the keys; refuses what is too short, naming what the keys are for. */
    static SignedText with(String what, byte[] key, byte[]... olderKeys) {
        List<SecretKeySpec> keys = new ArrayList<>();
        keys.add(secret(what, key));
        for (byte[] older : olderKeys) {
            keys.add(secret(what, older));
        }
        return new SignedText(keys);
    }

    private static SecretKeySpec secret(String what, byte[] key) {
        if (key.length < LEAST_KEY_BYTES) {
            throw new IllegalArgumentException(
                    "A key of a " + what + " has at least " + LEAST_KEY_BYTES + " bytes, and one with " + key.length
                            + " was given. Make one with SecureRandom, once for all nodes.");
        }
        return new SecretKeySpec(key, ALGORITHM);
    }

    int keys() {
        return keys.size();
    }

    /**
     * The text of a body.
     *
     * @param purpose must be the same when the text comes back; not part of the text. Empty only for bodies that begin with a
     *     letter or digit, so that none of them is one with a purpose
     */
    String sign(String purpose, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return ENCODER.encodeToString(bytes) + "." + ENCODER.encodeToString(signature(keys.get(0), purpose, bytes));
    }

    /** The body of a text that was signed for this purpose, or null. */
    @Nullable
    String body(String purpose, String text) {
        int dot = text.length() - SIGNATURE_CHARS - 1;
        if (dot < 1 || text.charAt(dot) != '.') {
            return null;
        }
        byte[] body = bytes(text.substring(0, dot));
        byte[] signature = bytes(text.substring(dot + 1));
        boolean isOurs = body != null
                && signature != null
                && signature.length == SIGNATURE_BYTES
                && isSigned(purpose, body, signature);
        return body != null && isOurs ? new String(body, StandardCharsets.UTF_8) : null;
    }

    private boolean isSigned(String purpose, byte[] body, byte[] signature) {
        boolean found = false;
        for (SecretKeySpec key : keys) {
            found |= MessageDigest.isEqual(signature(key, purpose, body), signature);
        }
        return found;
    }

    static byte @Nullable [] bytes(String encoded) {
        try {
            return Base64.getUrlDecoder().decode(encoded);
        } catch (IllegalArgumentException notBase64) {
            return null;
        }
    }

    /** The length of the purpose goes before it, so that no end of it can be taken for the begin of a body. */
    private static byte[] signature(SecretKeySpec key, String purpose, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            if (!purpose.isEmpty()) {
                byte[] said = purpose.getBytes(StandardCharsets.UTF_8);
                mac.update(
                        ByteBuffer.allocate(Integer.BYTES).putInt(said.length).array());
                mac.update(said);
            }
            return mac.doFinal(body);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(
                    "This JVM lacks " + ALGORITHM + ", which every Java platform must have", missing);
        }
    }
}
