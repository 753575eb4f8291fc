package dev.switchboard.architecture;

import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A rule for the code of the published modules, with the offence that proves it.
 *
 * @param name what it says, in a test report
 * @param exceptions the outermost classes that it does not count for
 * @param except makes the rule for given exceptions; it fails when it finds nothing to look at
 * @param offence sources that break the rule; the first one is the offender
 */
record HouseRule(String name, Set<String> exceptions, Function<Set<String>, ArchRule> except, List<String> offence) {

    static HouseRule of(String name, ArchRule rule, String... offence) {
        return new HouseRule(name, Set.of(), none -> rule, List.of(offence));
    }

    static HouseRule withExceptions(
            String name, Set<String> exceptions, Function<Set<String>, ArchRule> except, String... offence) {
        return new HouseRule(name, exceptions, except, List.of(offence));
    }

    ArchRule rule() {
        return except.apply(exceptions);
    }

    ArchRule withoutExceptions() {
        return except.apply(Set.of());
    }

    @Override
    public String toString() {
        return name;
    }
}
