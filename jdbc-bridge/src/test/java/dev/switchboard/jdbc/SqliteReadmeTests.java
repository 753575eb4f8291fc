package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What README.md promises of SQLite: each URL in its tables is opened here, and each option stands in it. */
class SqliteReadmeTests {
    private static final Pattern URL_ROW = Pattern.compile("(?m)^\\| `(r2dbc:sqlite:[^`]+)` \\| (.+) \\|$");

    @TempDir
    Path directory;

    private static String readme() throws IOException {
        return Files.readString(Path.of("..", "README.md"));
    }

    static List<String[]> urls() throws IOException {
        List<String[]> rows = URL_ROW.matcher(readme())
                .results()
                .map((MatchResult row) -> new String[] {row.group(1), row.group(2)})
                .toList();
        assertThat(rows).hasSizeGreaterThanOrEqualTo(6);
        return rows;
    }

    static Stream<String> opened() throws IOException {
        return urls().stream().filter(row -> !row[1].startsWith("refused")).map(row -> row[0]);
    }

    static Stream<String> refused() throws IOException {
        return urls().stream().filter(row -> row[1].startsWith("refused")).map(row -> row[0]);
    }

    @ParameterizedTest
    @MethodSource("opened")
    void everyFormOfUrlOpensWhatItSays(String url) {
        Path working = Path.of("").toAbsolutePath();
        String here = url.replace("/var/data", directory.toString())
                .replace(":///data/", ":///" + working.relativize(directory) + "/");
        try (TestDatabase database = TestDatabase.url(here)) {
            Connection connection = database.open();
            Object file = values(connection, "SELECT file FROM pragma_database_list WHERE name = 'main'")
                    .get(0);
            assertThat(file)
                    .isEqualTo(
                            url.contains(":mem:")
                                    ? ""
                                    : directory.resolve("orders.db").toString());
            await(connection.close());
        }
    }

    @Test
    void theOtherProductsAreOpenedByTheirUrls() throws IOException {
        List<String> urls = Pattern.compile("(?m)^\\| `(r2dbc:(?:duckdb|jdbc):[^`]+)` \\|")
                .matcher(readme())
                .results()
                .map(row -> row.group(1))
                .toList();
        assertThat(urls).hasSizeGreaterThan(3);
        for (String url : urls) {
            try (TestDatabase database = TestDatabase.url(url.replace("/var/data", directory.toString()))) {
                // No driver of Db2 is here; the factory is made all the same.
                if (!url.contains("db2")) {
                    Connection connection = database.open();
                    assertThat(values(connection, "SELECT 1")).containsExactly(1);
                    await(connection.close());
                }
            }
        }
    }

    @Test
    void aJdbcUrlThatAProgramSetsIsNotShown() {
        assertThat(ConnectionFactoryOptions.builder()
                        .option(ConnectionFactoryOptions.DRIVER, "jdbc")
                        .option(JdbcConnectionFactoryProvider.JDBC_URL, "jdbc:x://user:hush@host/orders")
                        .build()
                        .toString())
                .doesNotContain("hush");
    }

    @ParameterizedTest
    @MethodSource("refused")
    void aFormThatWouldNotMeanWhatItSaysIsRefused(String url) {
        assertThatThrownBy(() -> ConnectionFactories.get(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("null");
    }

    @Test
    void everyOptionStandsInTheTable() throws IOException, IllegalAccessException {
        String readme = readme();
        for (Field field : SqliteConnectionFactoryProvider.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.get(null) instanceof Option<?> option) {
                assertThat(readme).contains("| `" + option.name() + "` |");
            }
        }
        assertThat(readme).contains(SqliteConnectionFactoryProvider.DEFAULT_MAX_THREADS + " threads");
    }
}
