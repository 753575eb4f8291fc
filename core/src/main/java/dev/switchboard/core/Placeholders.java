package dev.switchboard.core;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Puts variables of the environment into a value: <code>${VAR}</code>, <code>${VAR:default}</code>, and <code>$${</code> for a
 * plain <code>${</code>. What is put in is not read again, so that a password may hold what it likes.
 */
final class Placeholders {

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final String START = "${";
    private static final String ESCAPED_START = "$${";
    private static final String FORMS = "${VAR}, ${VAR:default}, and $${ for a plain ${";

    private final Map<String, String> environment;

    Placeholders(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * The value with its variables.
     *
     * @param value as it is written
     * @param isSecret whether the value itself may be a secret, so that nothing of it is shown
     */
    String resolved(String value, boolean isSecret) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < value.length()) {
            if (value.startsWith(ESCAPED_START, at)) {
                text.append(START);
                at += ESCAPED_START.length();
            } else if (value.startsWith(START, at)) {
                int end = value.indexOf('}', at);
                refuseIf(end < 0, "a '${' has no '}'", "Close it, or write a plain ${ as $${");
                text.append(variable(value.substring(at + START.length(), end), isSecret));
                at = end + 1;
            } else {
                text.append(value.charAt(at++));
            }
        }
        return text.toString();
    }

    private String variable(String placeholder, boolean isSecret) {
        int colon = placeholder.indexOf(':');
        String name = colon < 0 ? placeholder : placeholder.substring(0, colon);
        refuseIf(
                !VARIABLE.matcher(name).matches(),
                "what stands between '${' and '}' is not the name of a variable",
                "Name a variable of letters, digits and underscores, or write a plain ${ as $${");
        refuseIf(
                placeholder.contains(START),
                "a default holds another '${'",
                "Give the variable a plain default, or set the variable");
        String value = environment.get(name);
        if (value != null) {
            return value;
        }
        refuseIf(
                colon < 0,
                "the variable " + (isSecret ? "that it refers to" : ErrorText.quoted(name)) + " is not set",
                "Set the variable in the environment, or give it a default");
        return placeholder.substring(colon + 1);
    }

    private static void refuseIf(boolean wrong, String found, String next) {
        DefinitionChecks.refuseIf(null, wrong, found, FORMS, next);
    }
}
