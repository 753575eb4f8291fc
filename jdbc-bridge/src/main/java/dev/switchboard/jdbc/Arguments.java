package dev.switchboard.jdbc;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Checks of arguments with the exception types that the SPI's Javadoc names. */
final class Arguments {
    private Arguments() {}

    static <T> T requireNonNull(@Nullable T value, String what) {
        if (value == null) {
            throw new IllegalArgumentException(what + " must not be null");
        }
        return value;
    }

    static Duration requireTimeout(@Nullable Duration timeout) {
        Duration given = requireNonNull(timeout, "A time-out");
        if (given.isNegative()) {
            throw new IllegalArgumentException("A time-out must not be negative: " + given);
        }
        return given;
    }

    /** A name as SQL takes it, whatever is in it. */
    static String quoted(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }
}
