package dev.switchboard.core;

import io.r2dbc.spi.ValidationDepth;
import java.nio.charset.Charset;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value of a configuration. Messages show it as it is written, since what a variable put in may be a secret.
 *
 * @param written before variables were put in
 * @param text after that
 */
record ConfigurationValue(String written, String text) {

    private static final Pattern WHOLE_NUMBER = Pattern.compile("[+-]?[0-9]{1,9}");
    private static final Pattern SHORT_DURATION = Pattern.compile("([0-9]{1,12}) ?(ms|s|m|h|d)");
    private static final String DURATIONS =
            "a number and its unit (ms, s, m, h or d), as in 500ms or 30s, or as in PT30S";

    int wholeNumber() {
        String number = text.strip();
        if (!WHOLE_NUMBER.matcher(number).matches()) {
            throw refused("is not a whole number", "a whole number, as in 10", "Correct the number");
        }
        return Integer.parseInt(number);
    }

    Duration duration() {
        String duration = text.strip();
        Matcher matcher = SHORT_DURATION.matcher(duration.toLowerCase(Locale.ROOT));
        try {
            return matcher.matches() ? duration(Long.parseLong(matcher.group(1)), matcher.group(2)) : iso(duration);
        } catch (DateTimeParseException | ArithmeticException notOne) {
            String found = duration.matches("[0-9]+") ? "has no unit" : "is not a duration";
            throw refused(found, DURATIONS, "Correct the duration");
        }
    }

    private static Duration iso(String duration) {
        return Duration.parse(duration);
    }

    private static Duration duration(long amount, String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    HostRole role() {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "primary" -> HostRole.PRIMARY;
            case "replica" -> HostRole.REPLICA;
            default -> throw refused("is not a role of a host", "primary or replica", "Correct the role");
        };
    }

    TlsMode tlsMode() {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "off" -> TlsMode.OFF;
            case "required" -> TlsMode.REQUIRED;
            case "verify-full" -> TlsMode.VERIFY_FULL;
            default -> throw refused("is not a mode of TLS", "off, required or verify-full", "Correct the mode");
        };
    }

    boolean yesOrNo() {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused("is neither true nor false", "true or false", "Correct the value");
        };
    }

    ValidationDepth validation() {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "local" -> ValidationDepth.LOCAL;
            case "remote" -> ValidationDepth.REMOTE;
            default -> throw refused("is not a kind of validation", "local or remote", "Correct the kind");
        };
    }

    Path file() {
        try {
            return Path.of(text.strip()).toAbsolutePath().normalize();
        } catch (InvalidPathException notOne) {
            throw refused("is not a path", "a path of the file system", "Correct the path");
        }
    }

    Charset charset() {
        try {
            return Charset.forName(text.strip());
        } catch (IllegalArgumentException unknown) {
            throw refused("is not a character set of this Java", "its name, as in UTF-8", "Correct the name");
        }
    }

    ZoneId timeZone() {
        try {
            return ZoneId.of(text.strip());
        } catch (DateTimeException unknown) {
            throw refused(
                    "is not a time zone", "a region or an offset, as in Europe/Paris or +01:00", "Correct the zone");
        }
    }

    /** A text in which blanks at the ends mean nothing. */
    String name() {
        return text.strip();
    }

    private InvalidDefinitionException refused(String what, String allowed, String next) {
        return ConfigurationProblems.refused(ErrorText.quoted(written) + " " + what, allowed, next);
    }
}
