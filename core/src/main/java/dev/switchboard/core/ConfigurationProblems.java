package dev.switchboard.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Collects what is wrong with a configuration, so that all of it is told at once. */
final class ConfigurationProblems {

    private final List<String> found = new ArrayList<>();

    /** Runs a step; what it refuses is told to be found at the given place. */
    void during(String where, Runnable step) {
        try {
            step.run();
        } catch (InvalidDefinitionException refused) {
            found.add(problem(where, refused));
        }
    }

    private static String problem(String where, InvalidDefinitionException refused) {
        return where + ": " + refused.found() + ". Allowed: " + refused.allowed() + ". " + refused.next() + ".";
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new InvalidConfigurationException(found);
        }
    }

    static InvalidDefinitionException refused(String found, String allowed, String next) {
        return new InvalidDefinitionException(null, found, allowed, next);
    }

    static InvalidConfigurationException single(String where, InvalidDefinitionException refused) {
        return new InvalidConfigurationException(List.of(problem(where, refused)));
    }

    /** Near misses; everything, in order, where nothing is near. */
    static String allowed(String wanted, Collection<String> known) {
        List<String> alike = NearMisses.of(wanted, known.stream());
        if (known.isEmpty()) {
            return "none, since none is defined";
        }
        return alike.isEmpty() ? String.join(", ", known) : ErrorText.quoted(alike) + " and others";
    }
}
