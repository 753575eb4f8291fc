package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** TLS with real servers; each connection is asked on the server whether it is encrypted. */
@Tag("once")
class TlsTests {

    private static final TestCertificates CERTIFICATES = TestCertificates.ofThisMachine();
    private static final Map<Product, DatabaseServer> SERVERS = new EnumMap<>(Product.class);
    private static final Map<Product, DatabaseServer> ELSEWHERE = new EnumMap<>(Product.class);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    /** Which driver talks to which server: the MySQL driver to MariaDB, since our MySQL has no TLS that all JDKs speak. */
    enum Way {
        POSTGRESQL("postgresql", Product.POSTGRESQL),
        MARIADB("mariadb", Product.MARIADB),
        MYSQL("mysql", Product.MARIADB);

        private final String driver;
        private final Product product;

        Way(String driver, Product product) {
            this.driver = driver;
            this.product = product;
        }

        DatabaseServer server() {
            return SERVERS.computeIfAbsent(product, any -> Databases.startTlsServer(any, TestCertificates.SERVER_NAME));
        }

        DatabaseServer elsewhere() {
            return ELSEWHERE.computeIfAbsent(
                    product, any -> Databases.startTlsServer(any, TestCertificates.OTHER_NAME));
        }

        ConnectionDefinition definition(DatabaseServer server) {
            String database = product == Product.POSTGRESQL ? "postgres" : "information_schema";
            return ConnectionDefinition.ofDriver("orders", driver)
                    .withHost(TestCertificates.SERVER_NAME)
                    .withPort(server.port())
                    .withUser(server.user())
                    .withPassword(server.password())
                    .withDatabase(database)
                    .withPool(Borrowing::quick);
        }

        /** The name of the cipher, empty in plain text. */
        String cipherOnTheServer() {
            return product == Product.POSTGRESQL
                    ? "SELECT coalesce(cipher, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                    : "SELECT VARIABLE_VALUE FROM information_schema.session_status WHERE VARIABLE_NAME = 'SSL_CIPHER'";
        }
    }

    @AfterAll
    static void stopTheServers() {
        Stream.of(SERVERS, ELSEWHERE)
                .flatMap(servers -> servers.values().stream())
                .forEach(DatabaseServer::close);
        SERVERS.clear();
        ELSEWHERE.clear();
    }

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
    }

    private Mono<Object> cipher(ConnectionDefinition definition, Way way) {
        registry.register(definition);
        return Borrowing.query(registry, "orders", way.cipherOnTheServer());
    }

    private void refused(ConnectionDefinition definition, Way way, String found, String next) {
        StepVerifier.create(cipher(definition, way))
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(TlsFailedException.class)
                            .hasMessage("Connection 'orders': no connection to " + definition.where() + ", since "
                                    + found + ". " + next + ".");
                    assertThat(failure.getCause()).isNotNull();
                })
                .verify(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 2));
    }

    @ParameterizedTest
    @EnumSource
    void offIsPlainTextWhereTheServerOffersTlsToo(Way way) {
        ConnectionDefinition definition = way.definition(way.server()).withSettings(s -> s.tls(TlsMode.OFF));
        assertThat(cipher(definition, way).block(Borrowing.PATIENCE)).isEqualTo("");
    }

    @ParameterizedTest
    @EnumSource
    void requiredEncryptsAndBelievesEveryCertificate(Way way) {
        ConnectionDefinition definition = way.definition(way.elsewhere()).withSettings(s -> s.tls(TlsMode.REQUIRED));
        assertThat(cipher(definition, way).block(Borrowing.PATIENCE).toString()).contains("AES");
    }

    @ParameterizedTest
    @EnumSource
    void verifyFullEncryptsWhereAuthorityAndHostNameAreRight(Way way) {
        ConnectionDefinition definition = way.definition(way.server())
                .withSettings(s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(CERTIFICATES.authority()));
        assertThat(cipher(definition, way).block(Borrowing.PATIENCE).toString()).contains("AES");
    }

    /** The other tests take the MySQL driver to MariaDB: newer JDKs no longer speak the TLS of the MySQL that we have. */
    @Test
    @EnabledForJreRange(max = JRE.JAVA_17)
    void mysqlItselfIsVerifiedToo() {
        try (DatabaseServer server = Databases.startTlsServer(Product.MYSQL, TestCertificates.SERVER_NAME)) {
            ConnectionDefinition definition = Way.MYSQL
                    .definition(server)
                    .withSettings(s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(CERTIFICATES.authority()));
            registry.register(definition)
                    .register(definition
                            .withName("distrusting")
                            .withSettings(s -> s.certificateAuthority(CERTIFICATES.otherAuthority())));
            String cipher =
                    "SELECT VARIABLE_VALUE FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_cipher'";
            assertThat(String.valueOf(
                            Borrowing.query(registry, "orders", cipher).block(Borrowing.PATIENCE)))
                    .contains("AES");
            StepVerifier.create(Borrowing.query(registry, "distrusting", cipher))
                    .expectError(TlsFailedException.class)
                    .verify(Borrowing.PATIENCE);
        }
    }

    static Stream<Arguments> untrusted() {
        UnaryOperator<ConnectionSettings.Builder> other = s -> s.certificateAuthority(CERTIFICATES.otherAuthority());
        UnaryOperator<ConnectionSettings.Builder> none = UnaryOperator.identity();
        return Stream.of(Way.values()).flatMap(way -> Stream.of(Arguments.of(way, other), Arguments.of(way, none)));
    }

    @ParameterizedTest
    @MethodSource("untrusted")
    void aCertificateOfAnotherAuthorityIsRefused(Way way, UnaryOperator<ConnectionSettings.Builder> authority) {
        refused(
                way.definition(way.server()).withSettings(s -> authority.apply(s.tls(TlsMode.VERIFY_FULL))),
                way,
                "its certificate is signed by no authority that is trusted here",
                "Name the file of the authority that signed it with certificateAuthority(..) of its settings");
    }

    @ParameterizedTest
    @EnumSource
    void aCertificateForAnotherHostNameIsRefused(Way way) {
        refused(
                way.definition(way.elsewhere())
                        .withSettings(s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(CERTIFICATES.authority())),
                way,
                "its certificate is for another host name",
                "Connect by the name that stands in the certificate, or give the server one for this name");
    }

    @ParameterizedTest
    @EnumSource
    void aServerWithoutTlsIsNotSpokenToInPlainText(Way way) {
        DatabaseServer plain = Databases.server(way.product);
        refused(
                way.definition(plain).withHost(plain.host()).withSettings(s -> s.tls(TlsMode.REQUIRED)),
                way,
                "it does not offer TLS",
                "Switch TLS on in the server, or set TlsMode.OFF where everybody on the way may read the data");
    }

    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "MYSQL"})
    void aServerThatDemandsACertificateGetsThatOfTheClient(Way way) {
        DatabaseServer server = way.server();
        server.execute("CREATE OR REPLACE USER certified IDENTIFIED BY 'hush' REQUIRE SUBJECT '/CN="
                + TestCertificates.CLIENT_NAME + "'");
        ConnectionDefinition without = way.definition(server)
                .withUser("certified")
                .withPassword("hush")
                .withSettings(s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(CERTIFICATES.authority()));
        StepVerifier.create(cipher(without, way))
                .expectError(AuthenticationRefusedException.class)
                .verify(Borrowing.PATIENCE);
        registry.unregister("orders").block(Borrowing.PATIENCE);
        assertThat(cipher(withCertificate(without), way)
                        .block(Borrowing.PATIENCE)
                        .toString())
                .contains("AES");
    }

    @Test
    void postgresqlDemandsTlsAndACertificateAndGetsThem(@TempDir Path folder) throws IOException {
        Path rules = folder.resolve("pg_hba.conf");
        Files.writeString(rules, """
                hostssl all app 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
                host    all postgres 127.0.0.1/32 trust
                """);
        Files.setPosixFilePermissions(rules, PosixFilePermissions.fromString("rw-r--r--"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (DatabaseServer strict =
                Databases.startTlsServer(Product.POSTGRESQL, TestCertificates.SERVER_NAME, "hba_file=" + rules)) {
            Way way = Way.POSTGRESQL;
            ConnectionDefinition definition = way.definition(strict);
            refused(
                    definition.withSettings(s -> s.tls(TlsMode.OFF)),
                    way,
                    "it does not take this log-in without TLS",
                    "Set tls(TlsMode.VERIFY_FULL); on PostgreSQL, pg_hba.conf says who may log in how");
            registry.unregister("orders").block(Borrowing.PATIENCE);
            ConnectionDefinition without = definition.withSettings(
                    s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(CERTIFICATES.authority()));
            StepVerifier.create(cipher(without, way))
                    .expectError(AuthenticationRefusedException.class)
                    .verify(Borrowing.PATIENCE);
            registry.unregister("orders").block(Borrowing.PATIENCE);
            registry.register(withCertificate(without));
            Object name = Borrowing.query(
                            registry, "orders", "SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                    .block(Borrowing.PATIENCE);
            assertThat(name).isEqualTo("/CN=" + TestCertificates.CLIENT_NAME);
        }
    }

    private static ConnectionDefinition withCertificate(ConnectionDefinition definition) {
        return definition.withSettings(
                s -> s.clientCertificate(CERTIFICATES.clientCertificate(), CERTIFICATES.clientKey()));
    }

    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "MYSQL"})
    void aServerThatDemandsTlsSaysSo(Way way) {
        try (DatabaseServer strict = Databases.startTlsServer(
                Product.MARIADB, TestCertificates.SERVER_NAME, "require-secure-transport=ON")) {
            StepVerifier.create(cipher(way.definition(strict).withSettings(s -> s.tls(TlsMode.OFF)), way))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(TlsFailedException.class)
                            .hasMessageContaining("it does not take this log-in without TLS"))
                    .verify(Borrowing.PATIENCE);
        }
    }
}
