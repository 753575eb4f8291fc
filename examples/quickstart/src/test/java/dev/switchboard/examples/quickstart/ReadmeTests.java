package dev.switchboard.examples.quickstart;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.SwitchboardConfiguration;
import dev.switchboard.core.TlsMode;
import dev.switchboard.core.UnknownConnectionException;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The README is right: its snippets compile and run, its commands are the ones that are used, its links lead somewhere. */
@Tag("once")
class ReadmeTests {

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

    @TempDir
    Path folder = Path.of("");

    private SnippetDatabases databases;

    private static List<String> page(String name) throws IOException {
        return Files.readAllLines(ROOT.resolve(name));
    }

    static List<Fence> snippets() throws IOException {
        return Fence.of("java", "README.md", page("README.md"));
    }

    private static String only(String language) throws IOException {
        List<Fence> blocks = Fence.of(language, "README.md", page("README.md"));
        assertThat(blocks).hasSize(1);
        return blocks.get(0).text();
    }

    @BeforeEach
    void fill() throws IOException {
        databases = new SnippetDatabases(folder);
        Files.writeString(
                folder.resolve("switchboard.properties"), "switchboard.connections.orders.url=r2dbc:sqlite:///x");
    }

    @AfterEach
    void drop() {
        databases.close();
    }

    private List<List<?>> run(Fence snippet) throws Exception {
        return new SnippetCompiler(folder)
                .compile(snippet)
                .run(databases.orders().url(), databases.billing().url(), folder);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("snippets")
    void everySnippetCompilesAndRuns(Fence snippet) throws Exception {
        if (snippet.text().contains("forProduct(\"PostgreSQL\")")) {
            assumeThat(databases.orders().product()).isEqualTo(Product.POSTGRESQL);
        }
        assertThat(run(snippet)).isNotEmpty();
    }

    @Test
    void theFirstSnippetReadsFromTheDatabasesThatItNames() throws Exception {
        assertThat(run(snippets().get(0)))
                .map(List::toString)
                .containsExactly(
                        "[Customer[id=1, name=customer of orders]]",
                        "[Customer[id=1, name=customer of billing]]",
                        "[Customer[id=1, name=customer of audit]]",
                        "[1]");
    }

    @Test
    void thePropertiesAreAConfiguration() throws IOException {
        Path file = Files.writeString(folder.resolve("readme.properties"), only("properties"));
        SwitchboardConfiguration read = SwitchboardConfiguration.builder()
                .file(file)
                .environment(
                        Map.of("DB_PASSWORD", "hush-of-today", "SWITCHBOARD_CONNECTIONS_SHARD01_POOL_MAX_SIZE", "8"))
                .build();
        assertThat(read.defaultConnection()).isEqualTo("shard01");
        assertThat(read.definitions()).singleElement().satisfies(shard -> {
            assertThat(shard.name()).isEqualTo("shard01");
            assertThat(shard.pool().maxSize()).isEqualTo(8);
            assertThat(shard.settings().tls()).isEqualTo(TlsMode.VERIFY_FULL);
            assertThat(shard.toString()).contains("db01", "shard01").doesNotContain("hush-of-today");
        });
    }

    @Test
    void theErrorIsTheOneThatIsMade() throws IOException {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                .register("paris", databases.orders().url());
        assertThatThrownBy(() -> SqlClient.over(RoutingConnectionFactory.over(registry))
                        .sql("SELECT 1")
                        .rowsUpdated()
                        .contextWrite(usingConnection("pariss"))
                        .block())
                .isInstanceOf(UnknownConnectionException.class)
                .hasMessage(only("text"));
    }

    @Test
    void aSnippetThatDoesNotCompileIsNamedByItsLine() {
        Fence wrong = new Fence("README.md", 40, List.of("int right = 1;", "int wrong = \"text\";"), List.of());
        assertThatThrownBy(() -> run(wrong))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("README.md:41: ");
    }

    @Test
    void aSnippetWhoseChainFailsFails() {
        Fence wrong =
                new Fence("README.md", 40, List.of("customers.contextWrite(usingConnection(\"biling\"));"), List.of());
        assertThatThrownBy(() -> run(wrong)).hasMessageContaining("'biling' is not registered");
    }

    @Test
    void theCommandsAreTheOnesThatAreUsed() throws IOException {
        List<String> commands = Fence.of("sh", "README.md", page("README.md")).stream()
                .map(Fence::text)
                .toList();
        assertThat(commands).hasSize(7);
        assertThat(page("examples/quickstart/pom.xml"))
                .map(String::strip)
                .contains(
                        "<!-- Runs the program: " + commands.get(0) + " -->",
                        "<!-- The same with real servers: " + commands.get(1) + " -->");
        assertThat(page("examples/fleet/pom.xml"))
                .map(String::strip)
                .contains("<!-- Runs the program: " + commands.get(3) + " -->");
        assertThat(page("examples/benchmarks/pom.xml"))
                .map(String::strip)
                .contains("<!-- Runs the program: " + commands.get(4) + " -->");
        assertThat(page("examples/scenarios/pom.xml"))
                .map(String::strip)
                .contains(
                        "<!-- The other one: " + commands.get(5) + " -->",
                        "<!-- Runs the program: " + commands.get(6) + " -->");
        assertThat(page(".ci/run"))
                .map(line -> line.replace(" --batch-mode --no-transfer-progress", ""))
                .contains(commands.get(2));
        assertThat(page("CONTRIBUTING.md")).contains(commands.get(2));
    }

    @Test
    void everyLinkLeadsToAFile() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        Stream<String> targets =
                Pattern.compile("\\]\\(([^)]+)\\)").matcher(readme).results().map(link -> link.group(1));
        assertThat(targets).isNotEmpty().allSatisfy(target -> {
            String[] parts = target.split("#", 2);
            Path file = ROOT.resolve(parts[0]);
            assertThat(file).exists();
            if (parts.length == 2) {
                assertThat(headings(file)).contains(parts[1]);
            }
        });
    }

    /** As links name them: in small letters, without points, with hyphens for blanks. */
    private static List<String> headings(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9 -]", "")
                        .replace(' ', '-'))
                .toList();
    }
}
