package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A server that belongs to one test can be set up, killed and restarted. */
@Tag("once")
class OwnServerTests {
    private static final Duration LONGEST = Duration.ofSeconds(10);
    private static final Provision BINARIES =
            new Provision(TestSettings.read(Map.of("testdb.mode", "binaries")::get, name -> null), line -> {});

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aKilledServerComesBackOnItsPortWithItsData(Product product) {
        survivesAKill(BINARIES.startServer(product, List.of()));
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aKilledContainerComesBackOnItsPortWithItsData(Product product) {
        assumeTrue(DockerEngine.answers(), "no Docker engine answers");
        Provision containers =
                new Provision(TestSettings.read(Map.of("testdb.mode", "docker")::get, name -> null), line -> {});
        survivesAKill(containers.startServer(product, List.of()));
    }

    private static void survivesAKill(DatabaseServer started) {
        try (DatabaseServer server = started) {
            int port = server.port();
            Database database = server.createDatabase();
            ConnectionFactory factory = ConnectionFactories.get(database.url());
            StepVerifier.create(run(factory, "CREATE TABLE fruit (name VARCHAR(20))"))
                    .verifyComplete();

            server.kill();
            StepVerifier.create(run(factory, "INSERT INTO fruit VALUES ('late')"))
                    .verifyError();

            server.restart();
            assertThat(server.port()).isEqualTo(port);
            StepVerifier.create(run(factory, "INSERT INTO fruit VALUES ('kiwi')"))
                    .verifyComplete();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aRestartAndACloseEndTheProcessThatStillRuns(Product product) {
        DatabaseServer server = BINARIES.startServer(product, List.of());
        long first = server.processId();
        server.restart();
        long second = server.processId();
        assertThat(LinuxProcess.isRunning(first)).isFalse();
        assertThat(LinuxProcess.isRunning(second)).isTrue();
        assertThat(server.query("SELECT 1")).containsExactly(List.of("1"));
        server.close();
        assertThat(LinuxProcess.isRunning(second)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void theAdministratorGetsInWhenEveryConnectionIsTaken(Product product) {
        try (DatabaseServer server = BINARIES.startServer(product, List.of("max_connections=10"));
                Database database = server.createDatabase()) {
            ConnectionFactory factory = ConnectionFactories.get(database.url());
            List<Connection> taken = new ArrayList<>();
            assertThatThrownBy(() -> takeAll(factory, taken)).hasStackTraceContaining("onnection");
            assertThat(taken).isNotEmpty().hasSizeLessThanOrEqualTo(11);
            assertThat(server.query("SELECT 1")).containsExactly(List.of("1"));
            taken.forEach(connection -> Mono.from(connection.close()).block(LONGEST));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aWrongSettingIsToldInTheWordsOfTheServer(Product product) throws Exception {
        Path instances = MachineFolder.ofThisUser().newInstance(product).resolve("..");
        List<Path> before = contents(instances);
        assertThatThrownBy(() -> BINARIES.startServer(product, List.of("no_such_setting=1")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(product.productName())
                .hasMessageContaining("no_such_setting");
        assertThat(contents(instances)).as("nothing is left behind").isEqualTo(before);
    }

    private static List<Path> contents(Path folder) throws IOException {
        try (Stream<Path> listing = Files.list(folder)) {
            return listing.sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void theServerThatAllShareCannotBeEnded(Product product) {
        DatabaseServer shared = Databases.server(product);
        assertThat(Databases.server(product)).isSameAs(shared);
        assertThatThrownBy(shared::kill).hasMessageContaining("Databases.startServer(Product." + product + ")");
        assertThatThrownBy(shared::restart).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(shared::close).isInstanceOf(IllegalStateException.class);
        assertThat(shared.query("SELECT 1")).containsExactly(List.of("1"));
    }

    private static void takeAll(ConnectionFactory factory, List<Connection> taken) {
        while (taken.size() < 20) {
            Connection connection = Mono.from(factory.create()).block(LONGEST);
            if (connection != null) {
                taken.add(connection);
            }
        }
    }

    private static Mono<Void> run(ConnectionFactory factory, String sql) {
        return Mono.usingWhen(
                factory.create(),
                connection -> Mono.from(connection.createStatement(sql).execute())
                        .flatMap(result -> Mono.from(result.getRowsUpdated()))
                        .then(),
                Connection::close);
    }
}
