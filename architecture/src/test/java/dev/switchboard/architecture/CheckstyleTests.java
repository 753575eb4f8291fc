package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.puppycrawl.tools.checkstyle.Checker;
import com.puppycrawl.tools.checkstyle.ConfigurationLoader;
import com.puppycrawl.tools.checkstyle.PropertiesExpander;
import com.puppycrawl.tools.checkstyle.api.AuditEvent;
import com.puppycrawl.tools.checkstyle.api.AuditListener;
import com.puppycrawl.tools.checkstyle.api.Configuration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The limits in config/checkstyle.xml are seen to bite, each just past its number and not at it. */
class CheckstyleTests {

    /** For each check a source that it must refuse, and the nearest one that it must let pass. */
    static final List<Offence> OFFENCES = List.of(
            new Offence("FileLength", lines(401), lines(400)),
            new Offence("MethodLength", method(46), method(45)),
            new Offence("ParameterNumber", parameters(6), parameters(5)),
            new Offence("RecordComponentNumber", components(7), components(6)),
            new Offence("NestedIfDepth", nested("if (true)", 4), nested("if (true)", 3)),
            new Offence("NestedForDepth", nested("for (;;)", 4), nested("for (;;)", 3)),
            new Offence(
                    "AvoidStarImport",
                    "import java.util.*; class Offender { List<String> list; }",
                    "import java.util.List; class Offender { List<String> list; }"),
            new Offence(
                    "UnusedImports",
                    "import java.util.List; class Offender {}",
                    "import java.util.List; class Offender { List<String> list; }"),
            new Offence("TodoComment", "class Offender { /* TO" + "DO later */ }", "class Offender { /* now */ }"),
            new Offence(
                    "EmptyCatchBlock",
                    "class Offender { void m() { try { m(); } catch (RuntimeException failure) { } } }",
                    "class Offender { void m() { try { m(); } catch (RuntimeException expected) { } } }"),
            new Offence(
                    "RegexpSinglelineJava",
                    "class Offender { void m() { System.err.println(); } }",
                    "class Offender { String m() { return System.lineSeparator(); } }"));

    record Offence(String check, String refused, String passed) {

        @Override
        public String toString() {
            return check;
        }
    }

    @ParameterizedTest
    @FieldSource("OFFENCES")
    void theCheckBites(Offence offence, @TempDir Path folder) throws Exception {
        assertThat(violations(folder, offence.refused())).containsExactly(offence.check());
        assertThat(violations(folder, offence.passed())).isEmpty();
    }

    @Test
    void everyConfiguredCheckHasAnOffence() throws Exception {
        assertThat(OFFENCES.stream().map(Offence::check).toList())
                .containsExactlyInAnyOrderElementsOf(checks(configuration()));
    }

    private static List<String> checks(Configuration module) {
        List<String> names = new ArrayList<>();
        for (Configuration child : module.getChildren()) {
            if (child.getName().equals("TreeWalker")) {
                names.addAll(checks(child));
            } else if (!child.getName().startsWith("Suppress")) {
                names.add(child.getName());
            }
        }
        return names;
    }

    private static Configuration configuration() throws Exception {
        Path folder = Repository.root().resolve("config");
        Properties properties = new Properties();
        properties.putAll(Map.of(
                "checkstyle.suppressions.file",
                folder.resolve("checkstyle-suppressions.xml").toString()));
        return ConfigurationLoader.loadConfiguration(
                folder.resolve("checkstyle.xml").toString(), new PropertiesExpander(properties));
    }

    /** The names of the checks that refuse the source, each once. */
    private static Set<String> violations(Path folder, String source) throws Exception {
        Path file = Files.writeString(folder.resolve("Offender.java"), source);
        Set<String> found = new TreeSet<>();
        Checker checker = new Checker();
        checker.setModuleClassLoader(CheckstyleTests.class.getClassLoader());
        checker.configure(configuration());
        checker.addListener(new Violations(found));
        checker.process(List.of(file.toFile()));
        checker.destroy();
        return found;
    }

    private static String lines(int count) {
        return "class Offender {" + "\n".repeat(count - 1) + "}\n";
    }

    private static String method(int lines) {
        return "class Offender { void m() {" + "\n".repeat(lines - 1) + "} }";
    }

    private static String parameters(int count) {
        return "class Offender { void m(" + numbered(count) + ") {} }";
    }

    private static String components(int count) {
        return "record Offender(" + numbered(count) + ") {}";
    }

    private static String numbered(int count) {
        return String.join(
                ", ", IntStream.range(0, count).mapToObj(i -> "int p" + i).toList());
    }

    private static String nested(String statement, int depth) {
        return "class Offender { void m() { " + (statement + " { ").repeat(depth) + "} ".repeat(depth) + "} }";
    }

    /** Notes which checks speak. */
    private record Violations(Set<String> found) implements AuditListener {

        @Override
        public void addError(AuditEvent event) {
            String check = event.getSourceName();
            found.add(check.substring(check.lastIndexOf('.') + 1).replaceAll("Check$", ""));
        }

        @Override
        public void addException(AuditEvent event, Throwable failure) {
            throw new IllegalStateException(failure);
        }

        @Override
        public void auditStarted(AuditEvent event) {}

        @Override
        public void auditFinished(AuditEvent event) {}

        @Override
        public void fileStarted(AuditEvent event) {}

        @Override
        public void fileFinished(AuditEvent event) {}
    }
}
