package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What becomes of a connection whose network, server or role fails under its borrower: the error, and that nothing is left. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Product.class,
        names = {"POSTGRESQL", "MYSQL", "MARIADB"})
class LostConnectionTests {

    private static final TransactionDefinition READ_ONLY = new TransactionDefinition() {
        @Override
        public <T> @Nullable T getAttribute(Option<T> option) {
            return option.equals(TransactionDefinition.READ_ONLY) ? option.cast(true) : null;
        }
    };

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().total(8).build())
            .exchange(ExchangeOptions.builder()
                    .drainTimeout(Duration.ofMillis(100))
                    .serverCancelTimeout(Duration.ofMillis(100))
                    .build())
            .build());

    @Parameter
    Product product;

    private Database database;
    private FaultProxy proxy;

    @BeforeEach
    void register() {
        database = Databases.create(product);
        proxy = new FaultProxy(database.host(), database.port());
        registry.register(through(proxy));
    }

    private ConnectionDefinition through(FaultProxy way) {
        return ConnectionDefinition.of("orders", database.url())
                .withHost("127.0.0.1")
                .withPort(way.port())
                .withPool(pool -> Borrowing.quick(pool).resetTimeout(Duration.ofMillis(300)));
    }

    @AfterEach
    void nothingIsLeft() {
        Borrowing.close(registry);
        assertThat(registry.budget().total().open()).isZero();
        assertThat(registry.connections().inFlight()).isEmpty();
        Waiting.until("no socket", () -> proxy.connections() == 0);
        Sessions.awaitNone(database);
        proxy.close();
        database.close();
    }

    private Mono<Object> query() {
        return Borrowing.query(registry, "orders", "SELECT 1");
    }

    private void isAtRest(int idle) {
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, idle, 0, 0, 2));
        BudgetStatus total = registry.budget().total();
        assertThat(total.open()).isEqualTo(idle);
        assertThat(total.counts()).isEqualTo(new PoolCounts(0, idle, 0, 0, 8));
    }

    @Test
    void aConnectionThatIsCutInMidResultIsDeadAndGone() {
        Flux<Object> rows = Flux.usingWhen(
                Mono.from(registry.connectionFactory("orders").create()),
                connection -> Sql.bigTable(connection, 4)
                        .then(Mono.fromRunnable(() -> proxy.cutAfter(100_000)))
                        .thenMany(Sql.query(connection, "SELECT filler FROM big")),
                Connection::close);
        StepVerifier.create(rows)
                .thenConsumeWhile(row -> true)
                .expectErrorSatisfies(failure -> {
                    assertThat(failure).isInstanceOf(R2dbcNonTransientResourceException.class);
                    assertThat(failure).hasMessage("Connection unexpectedly closed");
                    assertThat(FailureClass.of(failure)).isEqualTo(FailureClass.CONNECTION_DEAD);
                })
                .verify(Borrowing.PATIENCE);
        isAtRest(0);
        assertThat(query().block(Borrowing.PATIENCE)).hasToString("1");
        isAtRest(1);
    }

    @Test
    void aServerThatFallsSilentCostsAQueryItsTimeOutAndTheConnectionItsPlace() {
        query().block(Borrowing.PATIENCE);
        proxy.stall();
        StepVerifier.create(query().timeout(Duration.ofMillis(200)))
                .expectErrorSatisfies(failure -> {
                    assertThat(failure).isInstanceOf(TimeoutException.class);
                    assertThat(FailureClass.of(failure)).isEqualTo(FailureClass.OUTCOME_UNKNOWN);
                })
                .verify(Duration.ofSeconds(5));
        Waiting.until(
                "the connection has left the pool",
                () -> registry.status("orders").counts().equals(new PoolCounts(0, 0, 0, 0, 2)));
        proxy.resume();
        Waiting.until(
                "what stops a statement is closed",
                () -> registry.budget().total().open() == 0);
        isAtRest(0);
        assertThat(query().block(Borrowing.PATIENCE)).hasToString("1");
        isAtRest(1);
    }

    @Test
    void aServerThatTakesNobodyMoreIsAskedUntilTheCreateTimeOutAndThenNamed() {
        loggedInAs("WITH MAX_USER_CONNECTIONS 1", "CONNECTION LIMIT 1", () -> {
            Connection only = Borrowing.borrowed(registry, "orders");
            StepVerifier.create(query())
                    .expectErrorSatisfies(failure -> {
                        assertThat(failure)
                                .isInstanceOf(CannotConnectException.class)
                                .hasMessageContaining("'orders': cannot connect to 127.0.0.1:" + proxy.port());
                        assertThat(failure)
                                .rootCause()
                                .hasMessageContaining(product == Product.POSTGRESQL ? "too many" : "exceeded");
                        assertThat(FailureClass.of(failure)).isEqualTo(FailureClass.RETRYABLE_STATEMENT);
                    })
                    .verify(Borrowing.PATIENCE);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(1, 0, 0, 0, 2));
            Mono<Object> patient =
                    query().retryWhen(TransientRetry.retryTransient()).cache();
            patient.subscribe(null, failure -> {});
            Waiting.until("it opens", () -> registry.budget().total().open() == 2);
            Borrowing.close(only);
            assertThat(patient.block(Borrowing.PATIENCE)).hasToString("1");
        });
    }

    /** Lets connections log in as a user who is no administrator, made with these words. */
    private void loggedInAs(String mysql, String postgresql, Runnable work) {
        DatabaseServer server = Databases.server(product);
        String user = "few" + product.driver();
        if (product == Product.POSTGRESQL) {
            server.execute("CREATE ROLE " + user + " LOGIN PASSWORD 'hush-few' " + postgresql);
        } else {
            server.execute("CREATE USER " + user + " IDENTIFIED "
                    + (product == Product.MYSQL ? "WITH mysql_native_password " : "") + "BY 'hush-few' " + mysql);
            server.execute("GRANT SELECT, INSERT, CREATE ON " + database.name() + ".* TO " + user);
        }
        try {
            registry.replace(through(proxy)
                            .withPool(pool -> pool.createTimeout(Duration.ofMillis(1500)))
                            .withUser(user)
                            .withPassword("hush-few"))
                    .block(Borrowing.PATIENCE);
            work.run();
        } finally {
            registry.disposeAll().block(Borrowing.PATIENCE);
            Sessions.awaitNone(database);
            server.execute((product == Product.POSTGRESQL ? "DROP ROLE " : "DROP USER ") + user);
        }
    }

    /** Tries to write; which connection found that it may not. */
    private Mono<UUID> refused() {
        return Mono.usingWhen(
                Mono.from(registry.connectionFactory("orders").create()),
                connection -> Sql.run(connection, "INSERT INTO item VALUES (1)")
                        .then(Mono.<UUID>empty())
                        .onErrorResume(failure -> FailureClass.of(failure) == FailureClass.WRONG_NODE
                                ? Mono.fromSupplier(() ->
                                        registry.connections().info(connection).id())
                                : Mono.error(failure)),
                Connection::close);
    }

    /** As a failover does it: sessions that are open find themselves on a server that only reads. */
    private void readOnly(boolean only) {
        DatabaseServer server = Databases.server(product);
        if (product == Product.POSTGRESQL) {
            server.execute(
                    only
                            ? "ALTER SYSTEM SET default_transaction_read_only = on"
                            : "ALTER SYSTEM RESET default_transaction_read_only");
            server.query("SELECT pg_reload_conf()");
            Waiting.until(
                    "the session knows",
                    () -> (only ? "on" : "off")
                            .equals(Borrowing.query(registry, "orders", "SHOW default_transaction_read_only")
                                    .block(Borrowing.PATIENCE)));
        } else {
            server.execute("SET GLOBAL read_only = " + (only ? 1 : 0));
        }
    }

    @Test
    void aConnectionOnANodeThatTurnedReadOnlyLeavesThePool() {
        Heard heard = Heard.of(registry);
        Mono.usingWhen(
                        Mono.from(registry.connectionFactory("orders").create()),
                        connection -> Sql.run(connection, "CREATE TABLE item (id INT)")
                                .then(
                                        product == Product.POSTGRESQL
                                                ? Sql.run(connection, "GRANT INSERT ON item TO PUBLIC")
                                                : Mono.empty()),
                        Connection::close)
                .block(Borrowing.PATIENCE);
        loggedInAs("", "", () -> {
            query().block(Borrowing.PATIENCE);
            isAtRest(1);
            readOnly(true);
            try {
                UUID used = refused().block(Borrowing.PATIENCE);
                assertThat(used).isNotNull();
                isAtRest(0);
                ConnectionEvent closed = heard.first(
                        event -> event instanceof ConnectionEvent.Closed && used.equals(event.connection()));
                assertThat(closed.reason()).isEqualTo("read only node");
            } finally {
                readOnly(false);
            }
            assertThat(query().block(Borrowing.PATIENCE)).hasToString("1");
            isAtRest(1);
        });
    }

    @Test
    void aReadOnlyTransactionKeepsItsConnection() {
        Mono.usingWhen(
                        Mono.from(registry.connectionFactory("orders").create()).cast(SwitchboardConnection.class),
                        connection -> Sql.run(connection, "CREATE TABLE item (id INT)")
                                .then(connection.beginTransaction(READ_ONLY))
                                .then(Sql.run(connection, "INSERT INTO item VALUES (1)"))
                                .onErrorComplete(failure -> FailureClass.of(failure) == FailureClass.WRONG_NODE)
                                .then(connection.rollbackTransaction()),
                        Connection::close)
                .block(Borrowing.PATIENCE);
        isAtRest(1);
    }
}
