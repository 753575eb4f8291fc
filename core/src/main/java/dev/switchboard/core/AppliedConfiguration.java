package dev.switchboard.core;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * What applying a configuration to a registry changed. Names in none of the sets were not touched.
 *
 * @param registered names that are new
 * @param replaced names that have another definition
 * @param unregistered names that a former configuration had registered and this one does not have
 * @param leftToProgram names of the configuration that the program itself registered or replaced, and that therefore stay as
 *     they are
 */
public record AppliedConfiguration(
        Set<String> registered, Set<String> replaced, Set<String> unregistered, Set<String> leftToProgram) {

    /**
     * Copies the sets, in the order of the names.
     *
     * @param registered names that are new
     * @param replaced names that have another definition
     * @param unregistered names that are gone
     * @param leftToProgram names that stay as the program made them
     */
    public AppliedConfiguration {
        registered = ordered(registered);
        replaced = ordered(replaced);
        unregistered = ordered(unregistered);
        leftToProgram = ordered(leftToProgram);
    }

    private static Set<String> ordered(Set<String> names) {
        return Collections.unmodifiableSet(new TreeSet<>(names));
    }
}
