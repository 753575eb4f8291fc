package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No password reached a log line, an error in one, or the report of a test run, in the tests of any module. */
class SecretsTests {

    /** Where {@code SecretWatch} of the module with the test databases leaves a note for each JVM. */
    private static final String NOTES = "target/secret-watch";

    /** What passwords of tests contain: {@code SecretWatch.MARKS}, which this module does not see. */
    private static final Pattern MARKS = Pattern.compile("hush|hunter|swordfish");

    /** The names of test cases quote the values that they run with, passwords too; nobody else reads those. */
    private static final Pattern NAMES = Pattern.compile("<testcase [^>]*>");

    @ParameterizedTest
    @ValueSource(strings = {"databases", "jdbc-bridge", "core", "routing", "testing", "tenancy", "examples/quickstart"})
    void noPasswordWasLoggedInTheTestsOf(String module) throws IOException {
        Path notes = Repository.root().resolve(module).resolve(NOTES);
        assertThat(notes)
                .as("the tests of this module have to run first: use mvn verify")
                .isNotEmptyDirectory();
        for (Path note : files(notes)) {
            assertThat(Files.readAllLines(note)).singleElement().asString().endsWith("lines read");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"databases", "jdbc-bridge", "core", "routing", "testing", "tenancy", "examples/quickstart"})
    void noPasswordStandsInTheReportsOf(String module) throws IOException {
        List<Path> folders = files(Repository.root().resolve(module).resolve("target")).stream()
                .filter(folder -> folder.getFileName().toString().startsWith("surefire-reports"))
                .toList();
        assertThat(folders)
                .as("the tests of this module have to run first: use mvn verify")
                .isNotEmpty();
        for (Path folder : folders) {
            for (Path report : files(folder)) {
                assertThat(holdsSecret(Files.readString(report)))
                        .as(report.toString())
                        .isFalse();
            }
        }
    }

    @Test
    void aPasswordInAReportIsNoticed() {
        assertThat(holdsSecret("<testcase name=\"[1] hunter2\"/><system-out>connects</system-out>"))
                .isFalse();
        assertThat(holdsSecret("<testcase name=\"[1] x\"/><system-out>connects as hunter2</system-out>"))
                .isTrue();
    }

    private static boolean holdsSecret(String report) {
        return MARKS.matcher(NAMES.matcher(report).replaceAll("")).find();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
