package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** The session that a borrower gets is the one that its definition and its route ask for. */
@Tag("once")
class PreparationTests {

    private static final Duration LONG = Duration.ofSeconds(15);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    private static String quoted(Product product, String name) {
        return DriverSheet.of(product.driver()).quoted(name);
    }

    /** On MySQL and MariaDB a schema is a database, so its name must be free on the whole server. */
    static void schema(Database database, String name) {
        ReactiveConnectionRegistry plain = ReactiveConnectionRegistry.create().register("x", database.url());
        String schema = quoted(database.product(), name);
        boolean numbered = database.product() == Product.POSTGRESQL || database.product() == Product.H2;
        String marker = numbered ? "$1" : "?";
        Mono.usingWhen(
                        plain.connectionFactory("x").create(),
                        connection -> Borrowing.update(connection, "CREATE SCHEMA " + schema)
                                .then(Borrowing.update(connection, "CREATE TABLE " + schema + ".me (tag VARCHAR(200))"))
                                .then(Mono.from(connection
                                        .createStatement("INSERT INTO " + schema + ".me VALUES (" + marker + ")")
                                        .bind(0, name)
                                        .execute()))
                                .flatMap(result -> Mono.from(result.getRowsUpdated())),
                        Connection::close)
                .block(LONG);
        Borrowing.close(plain);
    }

    private static void dropSchema(Database database, String name) {
        if (database.product() == Product.MYSQL || database.product() == Product.MARIADB) {
            Databases.server(database.product()).execute("DROP DATABASE " + quoted(database.product(), name));
        }
    }

    private Mono<Object> tag(@org.jspecify.annotations.Nullable Object key) {
        return Mono.usingWhen(
                Mono.fromSupplier(() -> registry.connect(new Fixed(new Route("orders", false, key)))),
                connection -> Borrowing.one(connection, "SELECT tag FROM me"),
                Connection::close);
    }

    private static ConnectionDefinition preparing(ConnectionDefinition definition) {
        return switch (definition.driver()) {
            case "mysql" -> definition.withOption(Option.valueOf("useServerPrepareStatement"), true);
            case "mariadb" -> definition.withOption(Option.valueOf("useServerPrepStmts"), true);
            default -> definition;
        };
    }

    /** The same by a statement that the driver prepares on the server, and might find again by its text. */
    private Mono<Object> kept(Product product, @org.jspecify.annotations.Nullable Object key) {
        boolean numbered = product == Product.POSTGRESQL || product == Product.H2;
        return Mono.usingWhen(
                Mono.fromSupplier(() -> registry.connect(new Fixed(new Route("orders", false, key)))),
                connection -> Flux.from(connection
                                .createStatement("SELECT tag FROM me WHERE tag <> " + (numbered ? "$1" : "?"))
                                .bind(0, "")
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get(0)))
                        .single(),
                Connection::close);
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB", "H2"})
    void aBorrowerFindsItsSchemaWhateverTheOneBeforeAskedFor(Product product) {
        try (Database database = Databases.create(product)) {
            String first = "first_" + database.name();
            String second = "second_" + database.name();
            schema(database, first);
            schema(database, second);
            registry.register(preparing(ConnectionDefinition.of("orders", database.url()))
                    .withSchema(first)
                    .withPool(pool -> pool.maxSize(1)));
            for (int i = 0; i < 2; i++) {
                assertThat(tag(null).block(LONG)).isEqualTo(first);
                assertThat(tag(second).block(LONG)).isEqualTo(second);
                assertThat(kept(product, null).block(LONG)).isEqualTo(first);
                assertThat(kept(product, second).block(LONG)).isEqualTo(second);
            }
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
            Borrowing.close(registry);
            dropSchema(database, first);
            dropSchema(database, second);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB", "H2"})
    void theNameOfASchemaIsANameAndNeverSql(Product product) {
        try (Database database = Databases.create(product)) {
            for (String hostile :
                    List.of("a\"; DROP TABLE me; --", "b`; DROP TABLE me; #", "c'd\\, public", "$user;")) {
                String name =
                        hostile + database.name().substring(database.name().length() - 4);
                schema(database, name);
                registry.register(ConnectionDefinition.of("orders", database.url())
                        .withSchema(name)
                        .withPool(Borrowing::quick));
                assertThat(tag(null).block(LONG)).isEqualTo(name);
                registry.unregister("orders").block(LONG);
                dropSchema(database, name);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB", "H2"})
    void aSchemaThatDoesNotExistIsAnErrorAndLosesNoSlot(Product product) {
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withSchema("no_such_schema")
                    .withPool(pool -> Borrowing.quick(pool).maxSize(1)));
            for (int i = 0; i < 4; i++) {
                StepVerifier.create(tag(null))
                        .expectErrorSatisfies(failure -> assertThat(failure)
                                .isInstanceOf(R2dbcException.class)
                                .message()
                                .containsIgnoringCase("no_such_schema"))
                        .verify(LONG);
                assertThat(registry.status("orders").counts())
                        .as("the connection is closed, the slot is free")
                        .isEqualTo(new PoolCounts(0, 0, 0, 0, 1));
            }
            registry.unregister("orders").block(LONG);
            Sessions.awaitNone(database);
        }
    }

    /** PostgreSQL reads this name as the role's own schema, however it is quoted, and cuts long names without a word. */
    @Test
    void aNameThatPostgresqlWouldReadAsAnotherSchemaIsRefused() {
        try (Database database = Databases.create(Product.POSTGRESQL)) {
            String longest = "x".repeat(63);
            for (String created :
                    List.of("$user", Databases.server(Product.POSTGRESQL).user(), longest)) {
                schema(database, created);
            }
            for (String hostile : List.of("$user", longest + "y")) {
                registry.register(ConnectionDefinition.of("orders", database.url())
                        .withSchema(hostile)
                        .withPool(Borrowing::quick));
                StepVerifier.create(tag(null))
                        .expectErrorSatisfies(failure -> assertThat(failure)
                                .isInstanceOf(InvalidDefinitionException.class)
                                .hasMessageContaining("does not exist"))
                        .verify(LONG);
                registry.unregister("orders").block(LONG);
            }
            registry.register(ConnectionDefinition.of("orders", database.url()).withSchema(longest));
            assertThat(tag(null).block(LONG)).isEqualTo(longest);
            Borrowing.close(registry);
        }
    }

    @Test
    void aSessionThatIsRightAlreadyIsNotPreparedAgain() {
        try (Database database = Databases.create(Product.H2)) {
            CountingFactory factory = new CountingFactory(database.url());
            schema(database, "mine");
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withSchema("mine")
                    .withPool(pool -> pool.maxSize(1)));
            for (int i = 0; i < 5; i++) {
                assertThat(tag(null).block(LONG)).isEqualTo("mine");
            }
            assertThat(factory.statements())
                    .filteredOn(sql -> sql.startsWith("SET SCHEMA"))
                    .hasSize(1);
            assertThat(tag("PUBLIC").onErrorReturn("no table").block(LONG)).isEqualTo("no table");
            assertThat(tag(null).block(LONG)).isEqualTo("mine");
            assertThat(factory.statements())
                    .filteredOn(sql -> sql.startsWith("SET SCHEMA"))
                    .hasSize(3);
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB", "H2"})
    void aSchemaThatTheSecondStatementOfABatchLeftIsPreparedAgain(Product product) {
        try (Database database = Databases.create(product)) {
            String mine = "mine_" + database.name();
            schema(database, mine);
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withSchema(mine)
                    .withPool(pool -> pool.maxSize(1)));
            assertThat(tag(null).block(LONG)).isEqualTo(mine);
            String leave = switch (product) {
                case POSTGRESQL -> "SET search_path TO pg_catalog";
                case H2 -> "SET SCHEMA INFORMATION_SCHEMA";
                default -> "USE information_schema";
            };
            Flux.usingWhen(
                            Mono.fromSupplier(() -> registry.connect(new Fixed(new Route("orders", false, null)))),
                            connection -> Flux.from(connection
                                            .createBatch()
                                            .add("SELECT 1")
                                            .add(leave)
                                            .execute())
                                    .concatMap(Result::getRowsUpdated),
                            Connection::close)
                    .blockLast(LONG);
            assertThat(tag(null).block(LONG)).isEqualTo(mine);
            Borrowing.close(registry);
            dropSchema(database, mine);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aPreparationThatTakesTooLongIsATimeoutInWordsAndEndsOnTheServer(Product product) {
        try (Database database = Databases.create(product)) {
            String sleep = product == Product.POSTGRESQL ? "SELECT pg_sleep(60)" : "SELECT sleep(60)";
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPreparation(new Sleeping(sleep))
                    .withPool(pool -> pool.maxSize(1).resetTimeout(Duration.ofMillis(200))));
            StepVerifier.create(tag(null))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(AcquireTimeoutException.class)
                            .hasMessageContaining("'orders': the session was not prepared within 200 ms")
                            .hasMessageContaining("raise resetTimeout"))
                    .verify(LONG);
            Sessions.awaitNone(database);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 1));
            Borrowing.close(registry);
        }
    }

    private record Sleeping(String sql) implements SessionPreparation {

        @Override
        public Object wanted(Route route, ContextView context) {
            return "asleep";
        }

        @Override
        public Publisher<Void> prepare(Connection connection, Object wanted) {
            return Flux.from(connection.createStatement(sql).execute())
                    .flatMap(Result::getRowsUpdated)
                    .then();
        }
    }

    @Test
    void aSchemaOnSqliteIsRefusedInWords() {
        try (Database database = Databases.create(Product.SQLITE)) {
            registry.register(ConnectionDefinition.of("orders", database.url()).withSchema("mine"));
            for (int i = 0; i < 2; i++) {
                StepVerifier.create(tag(null))
                        .expectErrorSatisfies(failure -> assertThat(failure)
                                .isInstanceOf(UnsupportedFeatureException.class)
                                .hasMessageContaining("SQLite does not support a schema by name"))
                        .verify(LONG);
            }
            Borrowing.close(registry);
        }
    }

    @Test
    void aRouteWithAPreparationKeyIsRefusedWhereNobodyPrepares() {
        try (Database database = Databases.create(Product.H2)) {
            CountingFactory factory = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory));
            StepVerifier.create(tag("tenant_a"))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(UnsupportedFeatureException.class)
                            .hasMessageContaining("preparation key"))
                    .verify(LONG);
            assertThat(factory.asked()).as("no connection was opened for it").isZero();
            Borrowing.close(registry);
        }
    }

    private record Fixed(Route route) implements RouteBinding {

        @Override
        public Mono<Route> resolve(boolean readOnlyTransaction) {
            return Mono.just(route);
        }

        @Override
        public void check(ContextView statementContext) {
            // Nothing to compare: the route is fixed.
        }

        @Override
        public ContextView capturedContext() {
            return Context.empty();
        }

        @Override
        public String productName() {
            return "test";
        }
    }
}
