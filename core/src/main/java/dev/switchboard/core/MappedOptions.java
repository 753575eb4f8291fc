package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The options of a definition while its settings are written into them, in the words of its driver. */
final class MappedOptions {

    private final String name;
    private final String driver;
    private final ConnectionFactoryOptions given;
    private final Map<String, Object> added = new LinkedHashMap<>();
    private final Set<String> dropped = new HashSet<>();

    MappedOptions(String name, String driver, ConnectionFactoryOptions given) {
        this.name = name;
        this.driver = driver;
        this.given = given;
    }

    /** Sets an option; one that was given with another value contradicts the setting. */
    void put(Setting setting, String option, Object value) {
        Object before = get(option);
        if (before != null && !before.toString().equals(value.toString())) {
            throw contradicted(setting, option);
        }
        added.put(option, value);
    }

    /** Refuses an option that would say the same as the setting in other words. */
    void refuseGiven(Setting setting, String option) {
        if (given(option) != null) {
            throw contradicted(setting, option);
        }
    }

    /** Refuses a time zone that is chosen in another place too. */
    void refuseOtherZone(String... optionsOfZones) {
        for (String option : optionsOfZones) {
            refuseGiven(Setting.TIME_ZONE, option);
        }
        if (setsTimeZone(given("sessionVariables"))) {
            throw contradicted(Setting.TIME_ZONE, "sessionVariables");
        }
    }

    /** Whether session variables, in any of the forms that drivers take, name the time zone. */
    static boolean setsTimeZone(@Nullable Object variables) {
        String text = variables instanceof Object[] several ? Arrays.toString(several) : String.valueOf(variables);
        return text.toLowerCase(Locale.ROOT).contains("time_zone");
    }

    /** Adds {@code name=value} to an option that lists such pairs, where the list, a text, does not name it yet. */
    void append(Setting setting, String option, String separator, String variable, String value) {
        Object before = get(option);
        String text = before == null ? "" : before.toString();
        if (text.contains(variable)) {
            throw contradicted(setting, option);
        }
        added.put(option, text + (text.isEmpty() ? "" : separator) + variable + "=" + value);
    }

    void drop(Option<?> option) {
        dropped.add(option.name());
    }

    /** What was written or, else, given. */
    @Nullable
    Object get(String option) {
        return added.containsKey(option) ? added.get(option) : given(option);
    }

    private @Nullable Object given(String option) {
        return given.getValue(Option.valueOf(option));
    }

    ConnectionFactoryOptions build() {
        ConnectionFactoryOptions.Builder mapped =
                ConnectionFactoryOptions.builder().from(given, option -> !dropped.contains(option.name()));
        added.forEach((option, value) -> {
            if (!dropped.contains(option)) {
                mapped.option(Option.valueOf(option), Objects.requireNonNull(value));
            }
        });
        return mapped.build();
    }

    UnsupportedFeatureException unsupported(String feature, String next) {
        return new UnsupportedFeatureException(name, driver, feature, next);
    }

    InvalidDefinitionException refused(String found, String allowed, String next) {
        return new InvalidDefinitionException(name, found, allowed, next);
    }

    private InvalidDefinitionException contradicted(Setting setting, String option) {
        return refused(
                "the setting " + setting.knob() + " and the driver's option '" + option + "' say different things",
                "one of them",
                "Remove the option from the definition, or leave " + setting.knob() + " out");
    }
}
