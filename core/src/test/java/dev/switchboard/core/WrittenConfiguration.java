package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Configurations that stand in a file of a test's own folder. */
record WrittenConfiguration(Path folder) {

    private static final String SECRET = "hunter2";

    Path write(String text) {
        try {
            return Files.writeString(folder.resolve("app.properties"), text);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    /** A configuration of this file and nothing else, unless more is added. */
    SwitchboardConfiguration.Builder file(String text) {
        return SwitchboardConfiguration.builder().environment(Map.of()).file(write(text));
    }

    /** What is said to be wrong, one line each, without the name of the folder; never the secret of these tests. */
    String problems(SwitchboardConfiguration.Builder builder) {
        try {
            return "none: " + builder.build();
        } catch (InvalidConfigurationException refused) {
            assertThat(refused.getMessage() + refused.facts()).doesNotContain(SECRET);
            assertThat(refused).hasNoCause().hasNoSuppressedExceptions();
            return String.join("\n", refused.problems()).replace(folder + File.separator, "");
        }
    }
}
