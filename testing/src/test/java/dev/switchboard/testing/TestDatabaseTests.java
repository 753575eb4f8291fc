package dev.switchboard.testing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.abortedWithReason;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.instanceOf;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import io.r2dbc.spi.ConnectionFactories;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.opentest4j.TestAbortedException;
import org.testcontainers.containers.GenericContainer;
import reactor.test.StepVerifier;

/** What {@code @TestDatabase} gives to a test class. */
@Tag("once")
class TestDatabaseTests {

    private static final List<String> SEEN = new ArrayList<>();

    /** Each of its tests would fail if it found what the other one has left. */
    @TestDatabase(name = "orders")
    @TestDatabase(name = "audit")
    static class InMemoryCases {

        @Test
        void first(SqlClient db, ReactiveConnectionRegistry registry, @TestDatabaseUrl("audit") String url) {
            fill(db, registry, url);
        }

        @Test
        void second(SqlClient db, ReactiveConnectionRegistry registry, @TestDatabaseUrl("audit") String url) {
            fill(db, registry, url);
        }

        private static void fill(SqlClient db, ReactiveConnectionRegistry registry, String url) {
            StepVerifier.create(db.sql("CREATE TABLE item (id INT)").rowsUpdated())
                    .expectNextCount(1)
                    .verifyComplete();
            StepVerifier.create(db.sql("SELECT id FROM item").rowsUpdated().contextWrite(usingConnection("audit")))
                    .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("no such table"))
                    .verify();
            assertThat(registry.names()).containsExactly("audit", "orders");
            assertThat(registry.defaultConnection()).isEqualTo("orders");
            SEEN.add(url);
        }
    }

    @TestDatabase
    static class OuterCases {

        @Nested
        class InnerCases {

            @Test
            void theDatabaseOfTheOuterClassIsHere(SqlClient db) {
                StepVerifier.create(db.sql("SELECT 1").map(Integer.class).one())
                        .expectNext(1)
                        .verifyComplete();
            }
        }
    }

    static class ServerCases {

        static void fill(RoutingConnectionFactory routed, String url) {
            SqlClient db = SqlClient.over(routed);
            StepVerifier.create(db.sql("CREATE TABLE item (id INT)")
                            .rowsUpdated()
                            .then(db.sql("INSERT INTO item VALUES (1)").rowsUpdated()))
                    .expectNext(1L)
                    .verifyComplete();
            SEEN.add(url);
        }
    }

    @TestDatabase(product = TestProduct.POSTGRESQL)
    static class PostgresqlCases {

        @Test
        void aTableIsMade(RoutingConnectionFactory routed, @TestDatabaseUrl String url) {
            ServerCases.fill(routed, url);
        }
    }

    @TestDatabase(product = TestProduct.MYSQL)
    static class MysqlCases {

        @Test
        void aTableIsMade(RoutingConnectionFactory routed, @TestDatabaseUrl String url) {
            ServerCases.fill(routed, url);
        }
    }

    @TestDatabase(product = TestProduct.MARIADB)
    static class MariadbCases {

        @Test
        void aTableIsMade(RoutingConnectionFactory routed, @TestDatabaseUrl String url) {
            ServerCases.fill(routed, url);
        }
    }

    @TestDatabase(name = "orders")
    @TestDatabase(name = "orders", product = TestProduct.MARIADB)
    static class TwinCases {

        @Test
        void neverRuns() {}
    }

    @TestDatabase(name = "orders")
    static class UnknownNameCases {

        @Test
        void neverRuns(@TestDatabaseUrl("audit") String url) {}
    }

    private static EngineExecutionResults run(Class<?> cases, String... parameters) {
        SEEN.clear();
        EngineTestKit.Builder kit = EngineTestKit.engine("junit-jupiter").selectors(selectClass(cases));
        for (int i = 0; i < parameters.length; i += 2) {
            kit.configurationParameter(parameters[i], parameters[i + 1]);
        }
        return kit.execute();
    }

    @Test
    void aNestedClassHasTheDatabasesOfItsOuterOne() {
        run(OuterCases.class).testEvents().assertStatistics(found -> found.succeeded(1));
    }

    @Test
    void eachTestHasItsOwnDatabasesInMemory() {
        run(InMemoryCases.class).testEvents().assertStatistics(found -> found.succeeded(2));
        assertThat(SEEN).hasSize(2).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aClassHasItsOwnDatabaseOnAServerAndItIsDroppedAfterwards(Product product) {
        Class<?> cases = switch (product) {
            case POSTGRESQL -> PostgresqlCases.class;
            case MYSQL -> MysqlCases.class;
            default -> MariadbCases.class;
        };
        DatabaseServer server = Databases.server(product);
        if (product == Product.POSTGRESQL) {
            server.execute("ALTER ROLE " + server.user() + " CREATEDB");
        }
        String key = "switchboard.test." + product.driver() + ".url";
        run(cases, key, server.url(product == Product.POSTGRESQL ? "postgres" : ""))
                .testEvents()
                .assertStatistics(found -> found.succeeded(1));
        assertThat(SEEN).singleElement().satisfies(url -> {
            String database = url.replaceFirst(".*/(test_[0-9a-f]{32}).*", "$1");
            assertThat(ConnectionFactories.get(url)).isNotNull();
            assertThat(server.query(
                            product == Product.POSTGRESQL
                                    ? "SELECT datname FROM pg_database WHERE datname = '" + database + "'"
                                    : "SHOW DATABASES LIKE '" + database + "'"))
                    .isEmpty();
        });
    }

    @Test
    void aServerThatIsNowhereSkipsTheClassOrFailsIt() {
        org.junit.jupiter.api.Assumptions.assumeFalse(TestContainer.canStart(), "a Docker engine would start one");
        run(PostgresqlCases.class)
                .containerEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        abortedWithReason(
                                instanceOf(TestAbortedException.class),
                                message(text -> text.contains("SWITCHBOARD_TEST_POSTGRESQL_URL"))));
        run(PostgresqlCases.class, "switchboard.test.require", "true")
                .containerEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        finishedWithFailure(
                                instanceOf(IllegalStateException.class),
                                message(text -> text.contains("switchboard.test.postgresql.url"))));
    }

    @Test
    void aUrlOfAnotherDriverIsRefusedWithoutBeingShown() {
        run(PostgresqlCases.class, "switchboard.test.postgresql.url", "r2dbc:mysql://root:hush@localhost/")
                .containerEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        finishedWithFailure(message(
                                text -> text.contains("Allowed: r2dbc:postgresql://") && !text.contains("hush"))));
    }

    @Test
    void mistakesInAnnotationsAreSaidInWords() {
        run(TwinCases.class)
                .containerEvents()
                .assertThatEvents()
                .haveExactly(1, finishedWithFailure(message(text -> text.contains("have one name"))));
        run(UnknownNameCases.class)
                .testEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        finishedWithFailure(message(
                                text -> text.contains("names no database of this class. Allowed" + " are: [orders]"))));
        assertThatThrownBy(InMemoryDatabases::registry).hasMessageContaining("Name each database");
    }

    @ParameterizedTest
    @EnumSource(value = TestProduct.class, names = "SQLITE", mode = EnumSource.Mode.EXCLUDE)
    void aContainerIsDescribedAsTestcontainersWantsIt(TestProduct product) {
        GenericContainer<?> container = (GenericContainer<?>) TestContainer.describe(product);
        assertThat(container.getExposedPorts()).containsExactly(product.port());
        assertThat(container.getEnvMap()).containsAllEntriesOf(product.environment());
        container.close();
    }
}
