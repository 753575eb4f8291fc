package dev.switchboard.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The guide is right: each snippet runs and prints what the page says. */
@Tag("once")
class GuideTests {

    private static final String PAGE = "docs/guide.md";
    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

    @TempDir
    Path folder = Path.of("");

    static List<Fence> snippets() throws IOException {
        return Fence.of("java", PAGE, Files.readAllLines(ROOT.resolve(PAGE)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("snippets")
    void everySnippetPrintsWhatThePageSays(Fence snippet) throws Exception {
        assumeThat(Databases.available())
                .as("the guide speaks of these products")
                .contains(Product.POSTGRESQL, Product.MYSQL);
        try (SnippetDatabases databases = new SnippetDatabases(folder)) {
            List<String> printed = new SnippetCompiler(folder)
                    .compile(snippet)
                    .print(databases.orders().url(), databases.billing().url(), folder);
            assertThat(String.join("\n", printed)).matches(withGaps(snippet.output()));
        }
    }

    /** Three dots stand for whatever differs from run to run. */
    private static Pattern withGaps(List<String> output) {
        String pattern = Arrays.stream(String.join("\n", output).split("\\.\\.\\.", -1))
                .map(Pattern::quote)
                .collect(Collectors.joining(".*?"));
        return Pattern.compile(pattern, Pattern.DOTALL);
    }

    @Test
    void theGuideHasSnippetsThatPrint() throws IOException {
        assertThat(snippets())
                .hasSizeGreaterThan(10)
                .filteredOn(snippet -> !snippet.output().isEmpty())
                .hasSizeGreaterThan(8);
    }
}
