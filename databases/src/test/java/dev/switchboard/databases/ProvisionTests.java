package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/** Where each product comes from, what is said about it, and what happens when one cannot be had. */
class ProvisionTests {
    private final List<String> announcements = new ArrayList<>();

    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void oneLineNamesEveryProductAndWhereItComesFrom() {
        provision(Map.of("testdb.mode", "binaries"));
        assertThat(announcements)
                .containsExactly("Databases: PostgreSQL 17.11 (binaries), MySQL 8.0.15 (binaries),"
                        + " MariaDB 11.4.5 (binaries), SQLite, H2");
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void allProductsCanBeUsedHere() {
        assertThat(provision(Map.of("testdb.mode", "binaries")).available()).containsExactly(Product.values());
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aServerNamedByAUrlWinsOverAllOthers(Product product) {
        Provision binaries = provision(Map.of("testdb.mode", "binaries"));
        announcements.clear();
        try (DatabaseServer running = binaries.startServer(product, List.of())) {
            Provision provision =
                    provision(Map.of("testdb.mode", "binaries", "testdb." + product.driver() + ".url", url(running)));
            assertThat(announcements)
                    .singleElement()
                    .asString()
                    .contains(product.productName() + " at 127.0.0.1:" + running.port() + " (testdb." + product.driver()
                            + ".url)")
                    .doesNotContain(Account.PASSWORD);
            DatabaseServer shared = provision.server(product);
            assertThat(shared.port()).isEqualTo(running.port());
            try (Database database = shared.createDatabase()) {
                assertThat(running.query(listOfDatabases(product))).contains(List.of(database.name()));
            }
        }
    }

    @Test
    void anEnvironmentVariableCountsWhereThereIsNoProperty() {
        TestSettings settings = TestSettings.read(
                Map.of("testdb.mode", "docker")::get,
                Map.of("TESTDB_MODE", "binaries", "TESTDB_MYSQL_URL", "r2dbc:mysql://there:1")::get);
        assertThat(settings.mode()).isEqualTo(TestSettings.Mode.DOCKER);
        assertThat(settings.urls()).containsExactly(Map.entry(Product.MYSQL, "r2dbc:mysql://there:1"));
    }

    @Test
    void aRequiredProductThatCannotBeHadIsAnErrorInWords() {
        Provision provision = provisionWithoutMysql(Map.of("testdb.require", "mysql"));
        assertThatThrownBy(() -> provision.server(Product.MYSQL))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("MySQL cannot be used: it rained. It must run here;"
                        + " testdb.require lists the products that must.");
        assertThatThrownBy(provision::available).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anOptionalProductThatCannotBeHadAbortsTheTest() {
        Provision provision = provisionWithoutMysql(Map.of("testdb.require", "h2"));
        assertThatThrownBy(() -> provision.server(Product.MYSQL))
                .isInstanceOf(TestAbortedException.class)
                .hasMessage("MySQL cannot be used: it rained");
        assertThat(provision.available()).contains(Product.H2).doesNotContain(Product.MYSQL);
        assertThat(announcements).singleElement().asString().endsWith("; no MySQL (it rained)");
    }

    @Test
    void withoutABinaryAndWithoutDockerTheReasonSaysWhatToDo() {
        assumeFalse(DockerEngine.answers(), "a Docker engine answers");
        Provision provision = provision(Map.of("testdb.mode", "docker", "testdb.require", "mysql"));
        assertThatThrownBy(() -> provision.server(Product.MYSQL))
                .hasMessageContaining("no Docker engine answers; start one, or name a server with testdb.mysql.url");
    }

    @Test
    void aSourceThatCannotStartIsFollowedByTheNextOne() {
        ServerSource broken = new BrokenSource();
        ServerSource working = PostgresqlBinaries.find().orElseThrow();
        Provision provision =
                provisionWith(new Decision(Product.POSTGRESQL, List.of(broken, working), List.of(broken, working), ""));
        try (DatabaseServer server = provision.startServer(Product.POSTGRESQL, List.of())) {
            assertThat(server.query("SELECT 1")).containsExactly(List.of("1"));
        }
    }

    @Test
    void aSharedServerThatFailedIsNotTriedAgain() {
        BrokenSource broken = new BrokenSource();
        Provision provision = provisionWith(new Decision(Product.POSTGRESQL, List.of(broken), List.of(broken), ""));
        for (int time = 0; time < 2; time++) {
            assertThatThrownBy(() -> provision.server(Product.POSTGRESQL))
                    .hasMessageContaining("PostgreSQL cannot be used: it did not start: no image");
        }
        assertThat(broken.starts).hasValue(1);
    }

    @Test
    void wrongSettingsAreToldWithWhatIsAllowed() {
        assertThatThrownBy(() -> provision(Map.of("testdb.mode", "podman")))
                .hasMessage("testdb.mode is \"podman\"; allowed are auto, binaries and docker");
        assertThatThrownBy(() -> provision(Map.of("testdb.require", "mysql, orakel")))
                .hasMessageContaining("\"orakel\"")
                .hasMessageContaining("postgresql, mysql, mariadb, sqlite, h2");
    }

    @ParameterizedTest
    @EnumSource(names = {"SQLITE", "H2"})
    void aProductWithoutServerGivesNone(Product product) {
        Provision provision = provision(Map.of("testdb.mode", "binaries"));
        assertThatThrownBy(() -> provision.server(product)).hasMessageContaining("Databases.create");
        assertThatThrownBy(() -> provision.startServer(product, List.of())).hasMessageContaining("has no server");
    }

    private Provision provision(Map<String, String> properties) {
        return new Provision(TestSettings.read(properties::get, name -> null), announcements::add);
    }

    private Provision provisionWithoutMysql(Map<String, String> properties) {
        TestSettings settings = TestSettings.read(properties::get, name -> null);
        return new Provision(
                settings,
                product -> new Decision(product, List.of(), List.of(), product == Product.MYSQL ? "it rained" : ""),
                announcements::add);
    }

    private Provision provisionWith(Decision decision) {
        TestSettings settings = TestSettings.read(name -> null, name -> null);
        return new Provision(
                settings,
                product -> product == decision.product() ? decision : Decision.on(product, settings),
                announcements::add);
    }

    /** Like a container whose image cannot be had. */
    private static final class BrokenSource implements ServerSource {
        private final AtomicInteger starts = new AtomicInteger();

        @Override
        public String label() {
            return "(broken)";
        }

        @Override
        public RunningServer start(List<String> settings) throws IOException {
            starts.incrementAndGet();
            throw new IOException("no image");
        }
    }

    private static String url(DatabaseServer running) {
        String there = "127.0.0.1:" + running.port();
        return switch (running.product()) {
            case POSTGRESQL -> "r2dbc:postgresql://postgres@" + there + "/postgres";
            case MYSQL -> "r2dbc:mysql://app:" + Account.PASSWORD + "@" + there + "/?sslMode=DISABLED";
            case MARIADB -> "r2dbc:mariadb://app:" + Account.PASSWORD + "@" + there;
            case SQLITE, H2 -> throw new IllegalArgumentException(running.toString());
        };
    }

    private static String listOfDatabases(Product product) {
        return product == Product.POSTGRESQL ? "SELECT datname FROM pg_database" : "SHOW DATABASES";
    }
}
