package dev.switchboard.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Who may know whom. Each module has a list of what it may know, so what nobody thought of is refused as well. */
final class Arrows {

    private static final String SPRING = "org.springframework.core";

    private static final String JUNIT = "org.junit.jupiter.api";

    /** What no published module may know, beside its neighbours; Spring is known to one, and JUnit to one. */
    private static final List<String> STRANGERS = List.of(
            SPRING,
            "dev.switchboard.databases",
            "dev.switchboard.quickstart",
            JUNIT,
            "reactor.netty",
            "reactor.blockhound");

    private Arrows() {}

    static List<HouseRule> rules() {
        List<HouseRule> rules = new ArrayList<>();
        for (PublishedModule module : PublishedModule.values()) {
            forbidden(module).forEach(stranger -> rules.add(arrow(module, stranger)));
        }
        PublishedModule.integrations().forEach((own, library) -> rules.add(onlyThere(own, library)));
        rules.add(noCycle());
        return rules;
    }

    private static Stream<String> forbidden(PublishedModule module) {
        Stream<String> neighbours = Arrays.stream(PublishedModule.values())
                .filter(other -> other != module && !module.knows().contains(other))
                .map(PublishedModule::root);
        Stream<String> strangers = STRANGERS.stream()
                .filter(stranger -> module != PublishedModule.SPRING || !stranger.equals(SPRING))
                .filter(stranger -> module != PublishedModule.TESTING || !stranger.equals(JUNIT));
        return Stream.concat(neighbours, strangers);
    }

    private static HouseRule arrow(PublishedModule module, String stranger) {
        return HouseRule.of(
                module.folder() + " does not know " + stranger,
                knowsOnlyItsOwn(module),
                "package " + module.root() + "; class Offender { " + stranger + ".Stranger known; }",
                "package " + stranger + "; public class Stranger {}");
    }

    private static ArchRule knowsOnlyItsOwn(PublishedModule module) {
        return classes()
                .that()
                .resideInAPackage(module.root() + "..")
                .should()
                .onlyDependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(module.knownPackages())
                        .or(JavaClass.Predicates.resideInAPackage("")))
                .because("ARCHITECTURE.md lists what each module may know");
    }

    private static HouseRule onlyThere(String own, String library) {
        return HouseRule.of(
                "only " + own + " knows " + library + ", and nobody knows " + own,
                noClasses()
                        .that()
                        .resideOutsideOfPackage(own)
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(own, library)
                        .because("a program without the library must not miss it"),
                "package dev.switchboard.core; class Offender { " + library + ".Stranger known; }",
                "package " + library + "; public class Stranger {}");
    }

    private static HouseRule noCycle() {
        return HouseRule.of(
                "packages know each other in one direction only",
                slices().matching("dev.switchboard.(**)").should().beFreeOfCycles(),
                "package dev.switchboard.core; class Offender { dev.switchboard.core.other.Partner partner; }",
                "package dev.switchboard.core.other; public class Partner { public Object offender() { return"
                        + " new dev.switchboard.core.Front(); } }",
                "package dev.switchboard.core; public class Front {}");
    }
}
