package dev.switchboard.core;

import dev.switchboard.core.ConfigurationScope.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the entries of the environment, {@code SWITCHBOARD_CONNECTIONS_<NAME>_<KEY>}. A variable can hold neither dashes nor
 * dots nor small letters, so that its name is compared with the names that the program and the file know, written in the same
 * way; a name that neither knows is taken in small letters.
 */
final class ConfigurationVariables {

    private static final String ROOT = "SWITCHBOARD_";
    private static final String OPTIONS = "OPTIONS_";
    private static final String FORMS = "SWITCHBOARD_CONNECTIONS_<NAME>_<KEY>, SWITCHBOARD_TEMPLATES_<NAME>_<KEY>,"
            + " SWITCHBOARD_DEFAULTS_<KEY>, SWITCHBOARD_BUDGET_<KEY> and SWITCHBOARD_DEFAULT_CONNECTION";

    /** What Kubernetes sets in every container when a service is called switchboard. */
    private static final Pattern OF_KUBERNETES = Pattern.compile("SWITCHBOARD_(SERVICE_(HOST|PORT(_.*)?)|PORT(_.*)?)");

    private static final Pattern OPTION = Pattern.compile(OPTIONS + "[A-Z0-9]+(_[A-Z0-9]+)*");

    private final Map<String, String> environment;
    private final Set<ConfigurationScope> known;
    private final Placeholders placeholders;
    private final ConfigurationProblems problems;

    ConfigurationVariables(
            Map<String, String> environment,
            Set<ConfigurationScope> known,
            Placeholders placeholders,
            ConfigurationProblems problems) {
        this.environment = environment;
        this.known = known;
        this.placeholders = placeholders;
        this.problems = problems;
    }

    List<ConfigurationEntry> entries() {
        List<ConfigurationEntry> entries = new ArrayList<>();
        new TreeMap<>(environment).forEach((variable, value) -> {
            if (variable.startsWith(ROOT) && !OF_KUBERNETES.matcher(variable).matches()) {
                String where = "environment variable " + ErrorText.words(variable);
                problems.during(where, () -> entries.add(entry(where, variable.substring(ROOT.length()), value)));
            }
        });
        return entries;
    }

    private ConfigurationEntry entry(String where, String variable, String value) {
        Reading reading = reading(variable);
        boolean isSecret = isSecret(reading.key());
        String text = placeholders.resolved(value, isSecret);
        return new ConfigurationEntry(where, reading.scope(), reading.key(), new ConfigurationValue(value, text));
    }

    private static boolean isSecret(String key) {
        ConfigurationKey known = ConfigurationKey.of(key);
        return known != null && known.isSecret();
    }

    private Reading reading(String variable) {
        if (variable.equals("DEFAULT_CONNECTION")) {
            return new Reading(ConfigurationScope.DEFAULT_CONNECTION, "");
        }
        for (Section section : List.of(Section.CONNECTIONS, Section.TEMPLATES, Section.DEFAULTS, Section.BUDGET)) {
            String start = inCapitals(section.text()) + "_";
            if (variable.startsWith(start)) {
                String rest = variable.substring(start.length());
                return section.hasNames() ? named(section, rest) : alone(new ConfigurationScope(section, ""), rest);
            }
        }
        throw ConfigurationProblems.refused("no such variable is known", FORMS, "Correct its name, or unset it");
    }

    /** The key of {@code POOL_MAX_SIZE}; empty where there is none. */
    private static String keyOf(String text, ConfigurationScope scope) {
        if (scope.section() != Section.BUDGET && OPTION.matcher(text).matches()) {
            return ConfigurationKey.OPTIONS + inCamelCase(text.substring(OPTIONS.length()));
        }
        return ConfigurationKey.texts(scope).stream()
                .filter(key -> ofVariable(key).equals(text))
                .findFirst()
                .orElse("");
    }

    private static Reading alone(ConfigurationScope scope, String text) {
        String key = keyOf(text, scope);
        if (key.isEmpty()) {
            throw unknownKey(text, scope);
        }
        return new Reading(scope, key);
    }

    private static List<String> keys(ConfigurationScope scope) {
        return ConfigurationKey.texts(scope).stream()
                .map(ConfigurationVariables::ofVariable)
                .toList();
    }

    private static String ofVariable(String key) {
        return key.startsWith(ConfigurationKey.OPTIONS) ? OPTIONS + "<OPTION_OF_THE_DRIVER>" : inCapitals(key);
    }

    private static InvalidDefinitionException unknownKey(String text, ConfigurationScope scope) {
        List<String> keys = keys(scope);
        return ConfigurationProblems.refused(
                ErrorText.quoted(text) + " is not a key of " + scope.words(),
                ConfigurationProblems.allowed(text, keys),
                "Correct the variable, or unset it");
    }

    private Reading named(Section section, String rest) {
        List<Reading> readings = new ArrayList<>();
        for (int at = rest.indexOf('_'); at >= 0; at = rest.indexOf('_', at + 1)) {
            String key = keyOf(rest.substring(at + 1), new ConfigurationScope(section, "x"));
            if (at > 0 && !key.isEmpty()) {
                addReadings(readings, section, rest.substring(0, at), key);
            }
        }
        if (readings.isEmpty()) {
            throw noReading(section, rest);
        }
        List<Reading> ofKnown = readings.stream()
                .filter(reading -> known.contains(reading.scope()))
                .toList();
        List<Reading> likely = ofKnown.isEmpty() ? readings : ofKnown;
        if (likely.size() > 1) {
            throw ConfigurationProblems.refused(
                    "the variable may mean "
                            + String.join(
                                    " or ", likely.stream().map(Reading::words).toList()),
                    "variables that can be read in one way",
                    "Set this value in the file or by the program, or rename one of the two");
        }
        return likely.get(0);
    }

    private void addReadings(List<Reading> readings, Section section, String name, String key) {
        List<ConfigurationScope> meant = known.stream()
                .filter(scope ->
                        scope.section() == section && inCapitals(scope.name()).equals(name))
                .sorted(java.util.Comparator.comparing(ConfigurationScope::name))
                .toList();
        if (meant.isEmpty()) {
            readings.add(new Reading(new ConfigurationScope(section, name.toLowerCase(Locale.ROOT)), key));
        }
        meant.forEach(scope -> readings.add(new Reading(scope, key)));
    }

    private static InvalidDefinitionException noReading(Section section, String rest) {
        ConfigurationScope scope = new ConfigurationScope(section, "<name>");
        List<String> keys = keys(scope);
        for (int at = rest.indexOf('_'); at >= 0; at = rest.indexOf('_', at + 1)) {
            String text = rest.substring(at + 1);
            if (at > 0 && !NearMisses.of(text, keys.stream()).isEmpty()) {
                return unknownKey(
                        text,
                        new ConfigurationScope(section, rest.substring(0, at).toLowerCase(Locale.ROOT)));
            }
        }
        return ConfigurationProblems.refused(
                "the variable does not end with a name and a key",
                "the keys " + String.join(", ", keys),
                "Correct the variable, or unset it");
    }

    /** As a variable writes it: {@code pool.max-size} as {@code POOL_MAX_SIZE}, {@code orders-eu} as {@code ORDERS_EU}. */
    static String inCapitals(String text) {
        return text.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** As drivers write their options: {@code SSL_MODE} as {@code sslMode}. */
    private static String inCamelCase(String text) {
        StringBuilder camel = new StringBuilder();
        Stream.of(text.split("_"))
                .map(word -> word.toLowerCase(Locale.ROOT))
                .forEach(word -> camel.append(
                        camel.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1)));
        return camel.toString();
    }

    private record Reading(ConfigurationScope scope, String key) {

        String words() {
            return "'" + key + "' of " + scope.words();
        }
    }
}
