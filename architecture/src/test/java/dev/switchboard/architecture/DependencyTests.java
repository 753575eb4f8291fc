package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A published module brings its users what its row allows, and every version stands in one place. */
class DependencyTests {

    /** What a module knows and its user chooses. */
    private static final Set<String> OPTIONAL = Set.of(
            "r2dbc-postgresql", "micrometer-core", "resilience4j-circuitbreaker", "spring-r2dbc", "spring-data-r2dbc");

    @ParameterizedTest
    @EnumSource
    void usersGetOnlyWhatTheRowAllows(PublishedModule module) throws Exception {
        assertThat(complaints(module, Pom.of(pomOf(module)))).isEmpty();
    }

    @Test
    void theParentBringsNothingButTests() throws Exception {
        Pom parent = Pom.of(Repository.root().resolve("pom.xml"));

        assertThat(parent.dependencies()).isNotEmpty().noneMatch(Pom.Dependency::reachesUsers);
    }

    @Test
    void versionsStandInTheParentOnly() throws Exception {
        List<Path> poms;
        try (Stream<Path> files = Files.walk(Repository.root(), 3)) {
            poms = files.filter(file -> file.endsWith("pom.xml"))
                    .filter(file -> !file.equals(Repository.root().resolve("pom.xml")))
                    .filter(file -> !file.toString().contains("target"))
                    .toList();
        }
        assertThat(poms).hasSizeGreaterThanOrEqualTo(PublishedModule.values().length);
        for (Path pom : poms) {
            assertThat(Pom.of(pom).dependencies())
                    .as(pom.toString())
                    .allMatch(dependency -> dependency.version().isEmpty());
        }
    }

    @Test
    void testDatabasesThatWouldReachUsersAreNoticed() throws Exception {
        assertThat(complaints(PublishedModule.CORE, Pom.parse(pom("switchboard-databases", ""))))
                .containsExactly("switchboard-core brings switchboard-databases (compile)");
        assertThat(complaints(PublishedModule.CORE, Pom.parse(pom("switchboard-databases", "<scope>runtime</scope>"))))
                .containsExactly("switchboard-core brings switchboard-databases (runtime)");
        assertThat(complaints(PublishedModule.CORE, Pom.parse(pom("switchboard-databases", "<scope>test</scope>"))))
                .isEmpty();
    }

    @Test
    void aDriverThatIsNotOptionalIsNoticed() throws Exception {
        assertThat(complaints(PublishedModule.CORE, Pom.parse(pom("r2dbc-postgresql", ""))))
                .containsExactly("switchboard-core brings r2dbc-postgresql (compile), which must be optional");
        assertThat(complaints(PublishedModule.SPRING, Pom.parse(pom("spring-r2dbc", "<scope>provided</scope>"))))
                .containsExactly("switchboard-spring brings spring-r2dbc (provided), which must be optional");
        assertThat(complaints(PublishedModule.CORE, Pom.parse(pom("r2dbc-postgresql", "<optional>true</optional>"))))
                .isEmpty();
    }

    private static Path pomOf(PublishedModule module) {
        return Repository.root().resolve(module.folder()).resolve("pom.xml");
    }

    private static List<String> complaints(PublishedModule module, Pom pom) {
        List<String> complaints = new ArrayList<>();
        for (Pom.Dependency dependency : pom.dependencies()) {
            String brings = module.artifact() + " brings " + dependency.artifact() + " (" + dependency.scope() + ")";
            if (!dependency.reachesUsers()) {
                continue;
            }
            if (!module.dependable().contains(dependency.artifact())) {
                complaints.add(brings);
            } else if (OPTIONAL.contains(dependency.artifact()) && !dependency.optional()) {
                complaints.add(brings + ", which must be optional");
            }
        }
        return complaints;
    }

    private static String pom(String artifact, String more) {
        return "<project><dependencies><dependency><artifactId>" + artifact + "</artifactId>" + more
                + "</dependency></dependencies></project>";
    }
}
