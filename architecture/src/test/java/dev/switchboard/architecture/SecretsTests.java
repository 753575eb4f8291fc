package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No password reached a log line, or an error in one, in the tests of any module that knows one: the bridge has no log-in. */
class SecretsTests {

    /** Where {@code SecretWatch} of the module with the test databases leaves a note for each JVM. */
    private static final String NOTES = "target/secret-watch";

    @ParameterizedTest
    @ValueSource(strings = {"databases", "core", "routing", "tenancy"})
    void noPasswordWasLoggedInTheTestsOf(String module) throws IOException {
        Path notes = Repository.root().resolve(module).resolve(NOTES);
        assumeTrue(Files.isDirectory(notes), "the tests of this module did not run in this build");
        try (Stream<Path> files = Files.list(notes)) {
            List<Path> all = files.toList();
            assertThat(all).isNotEmpty();
            for (Path note : all) {
                assertThat(Files.readAllLines(note)).singleElement().asString().endsWith("lines read");
            }
        }
    }
}
