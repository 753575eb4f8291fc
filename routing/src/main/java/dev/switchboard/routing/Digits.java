package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/** Reads numbers that may come from anybody: no signs, no blanks, no digits of other scripts, and null instead of errors. */
final class Digits {

    private static final int MOST_DECIMAL = 19;
    private static final int MOST_HEX = 16;

    private Digits() {}

    /** A number from 0 to the greatest long. */
    static @Nullable Long decimal(String text) {
        if (text.isEmpty() || text.length() > MOST_DECIMAL || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return null;
        }
        long value = Long.parseUnsignedLong(text);
        return value < 0 ? null : value;
    }

    /** A number without sign, in hexadecimal digits. */
    static @Nullable Long hex(String text) {
        boolean isHex =
                !text.isEmpty() && text.length() <= MOST_HEX && text.chars().allMatch(Digits::isHex);
        return isHex ? Long.parseUnsignedLong(text, 16) : null;
    }

    static boolean isHex(int c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
}
