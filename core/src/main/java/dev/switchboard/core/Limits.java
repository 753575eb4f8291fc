package dev.switchboard.core;

import java.time.Duration;

/** The ranges of the knobs, refused in words. */
final class Limits {

    private Limits() {}

    static void between(String knob, int value, int lowest, int highest) {
        if (value < lowest || value > highest) {
            String allowed = highest == Integer.MAX_VALUE ? lowest + " or more" : lowest + " to " + highest;
            throw new InvalidDefinitionException(
                    null, knob + " is " + value, allowed, "Set " + knob + " in that range");
        }
    }

    static void between(String knob, Duration value, Duration shortest, Duration longest) {
        if (value.compareTo(shortest) < 0 || value.compareTo(longest) > 0) {
            throw new InvalidDefinitionException(
                    null,
                    knob + " is " + ErrorText.duration(value),
                    ErrorText.duration(shortest) + " to " + ErrorText.duration(longest),
                    "Set " + knob + " in that range");
        }
    }

    static void shorter(String knob, Duration value, String limit, Duration limitValue) {
        if (value.compareTo(limitValue) >= 0) {
            throw new InvalidDefinitionException(
                    null,
                    knob + " is " + ErrorText.duration(value) + " and " + limit + " is "
                            + ErrorText.duration(limitValue),
                    "a " + knob + " shorter than " + limit,
                    "Lower " + knob + " or raise " + limit);
        }
    }
}
