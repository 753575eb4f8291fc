package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

/** Nobody knows where a JDBC URL keeps its password, so little of it is told. */
class JdbcAddressTests {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jdbc:db2://host:50000/orders|jdbc:db2://host:50000/orders",
                "jdbc:db2://host:50000/orders:user=u;password=secret;|jdbc:db2://host:50000/orders",
                "jdbc:db2://host/orders:password=secret|jdbc:db2://host/orders",
                "jdbc:x://u:secret@h/d?password=secret|jdbc:x://h/d",
                "jdbc:x://u:sec@ret@h/d|jdbc:x:..",
                "jdbc:x://u:sec?ret@h/d|jdbc:x:..",
                "jdbc:x://h/d?user=a@b&password=secret|jdbc:x:..",
                "jdbc:x://u:sec/ret@h/d|jdbc:x://h/d",
                "jdbc:x:y://[::1]:99/d|jdbc:x:y://[::1]:99/d",
                "jdbc:sqlserver://host\\inst;password=secret|jdbc:sqlserver://host",
                "jdbc:oracle:thin:scott/secret@host:1521:x|jdbc:oracle:..",
                "jdbc:oracle:thin:scott/secret@//host:1521/x|jdbc:oracle:..",
                "jdbc:h2:mem:a;PASSWORD=secret|jdbc:h2:..",
                "jdbc:|jdbc:..",
                "secret|jdbc:.."
            })
    void onlyHostsAndPathInTheUsualFormAreShown(String url, String shown) {
        assertThat(JdbcAddress.withSecrets(url).shown()).isEqualTo(shown).doesNotContain("secret");
    }

    private static String everythingTold(Throwable error) {
        StringWriter told = new StringWriter();
        error.printStackTrace(new PrintWriter(told));
        return told.toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:nothing://host/d?password=s3cret",
                "jdbc:nothing:scott/s3cret@host",
                "jdbc:h2:tcp://u:s3cret@localhost:1/x;PASSWORD=s3cret",
                "jdbc:h2:mem:x;PASSWORD s3cret",
                "jdbc:h2:mem:x;s3cret=1"
            })
    void noErrorOfOpeningRepeatsASecret(String url) {
        TestDatabase database = TestDatabase.at(
                java.nio.file.Path.of("unused"),
                java.util.Map.of(
                        io.r2dbc.spi.ConnectionFactoryOptions.DRIVER, "jdbc",
                        io.r2dbc.spi.ConnectionFactoryOptions.PASSWORD, "s3cret",
                        JdbcConnectionFactoryProvider.JDBC_URL, url));
        StepVerifier.create(database.factory().create())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcException.class).hasMessageContaining("jdbc:");
                    assertThat(everythingTold(error)).doesNotContain("s3cret");
                })
                .verify(PATIENCE);
        assertThat(database.factory().toString()).doesNotContain("s3cret");
    }

    @Test
    void aMissingDriverIsNamed() {
        StepVerifier.create(TestDatabase.url("r2dbc:jdbc:nothing://host/d")
                        .factory()
                        .create())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcException.class)
                        .hasMessageContaining("jdbc:nothing://host/d")
                        .hasMessageContaining("No suitable driver"))
                .verify(PATIENCE);
    }
}
