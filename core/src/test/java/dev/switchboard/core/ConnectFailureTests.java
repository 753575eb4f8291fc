package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Connections that cannot be opened: the same words whatever the driver says, and no slot is lost. */
@Tag("once")
class ConnectFailureTests {

    private static final Duration LONG = Duration.ofSeconds(15);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().total(8).build())
            .build());

    @AfterEach
    void closeEverything() {
        registry.quiescent().block(LONG);
        PoolCounts counts = registry.budget().total().counts();
        assertThat(counts).isEqualTo(new PoolCounts(0, counts.idle(), 0, 0, 8));
        assertThat(registry.budget().total().open()).isEqualTo(counts.idle());
        Borrowing.close(registry);
        assertThat(registry.budget().total().open()).isZero();
    }

    private Mono<Object> query() {
        return Borrowing.query(registry, "orders", "SELECT 1");
    }

    private static void tellsNoSecret(Throwable failure, String secret) {
        for (Throwable link = failure; link != null; link = link.getCause()) {
            assertThat(link.toString()).doesNotContain(secret);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aRefusedPortIsNamedAndTheNextAcquireWorksWhenTheServerIsBack(Product product) {
        try (Database database = Databases.create(product);
                FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withHost("127.0.0.1")
                    .withPort(proxy.port())
                    .withPool(Borrowing::quick));
            proxy.refuse();
            for (int i = 0; i < 5; i++) {
                StepVerifier.create(query())
                        .expectErrorSatisfies(failure -> {
                            assertThat(failure)
                                    .isInstanceOf(CannotConnectException.class)
                                    .hasMessageContaining("'orders'")
                                    .hasMessageContaining("127.0.0.1:" + proxy.port());
                            assertThat(failure.getCause()).isNotNull();
                            tellsNoSecret(failure, Databases.server(product).password());
                        })
                        .verify(LONG);
                assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 2));
            }
            proxy.accept();
            assertThat(Flux.range(0, 10).flatMap(i -> query()).count().block(LONG))
                    .isEqualTo(10);
            assertThat(registry.status("orders").counts().inUse()).isZero();
            registry.unregister("orders").block(LONG);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aStalledConnectEndsWithItsCreateTimeoutAndItsSocketGoesWhenItArrives(Product product) {
        try (Database database = Databases.create(product);
                FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withHost("127.0.0.1")
                    .withPort(proxy.port())
                    .withPool(pool -> Borrowing.quick(pool).createTimeout(Duration.ofMillis(500))));
            proxy.stall();
            StepVerifier.create(query())
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(CannotConnectException.class)
                            .hasMessageContaining("127.0.0.1:" + proxy.port()))
                    .verify(Duration.ofSeconds(5));
            proxy.resume();
            Waiting.until("the late connection is closed", () -> proxy.connections() == 0);
            Sessions.awaitNone(database);
            assertThat(query().block(LONG)).hasToString("1");
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 2));
            registry.unregister("orders").block(LONG);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aWrongPasswordIsARefusalThatNamesTheUser(Product product) {
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPassword("wr0ng-and-hush")
                    .withPool(Borrowing::quick));
            StepVerifier.create(query())
                    .expectErrorSatisfies(failure -> {
                        assertThat(failure)
                                .isInstanceOf(AuthenticationRefusedException.class)
                                .hasMessageContaining("'orders'")
                                .hasMessageContaining(
                                        "'" + Databases.server(product).user() + "'");
                        tellsNoSecret(failure, "wr0ng-and-hush");
                    })
                    .verify(LONG);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void anUnknownDatabaseIsACannotConnectWithTheDriversCause(Product product) {
        registry.register(
                ConnectionDefinition.of("orders", Databases.server(product).url("no_such_database"))
                        .withPool(Borrowing::quick));
        StepVerifier.create(query())
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(CannotConnectException.class)
                            .hasMessageContaining("'orders'");
                    assertThat(failure.getCause()).hasMessageContaining("no_such_database");
                    tellsNoSecret(failure, Databases.server(product).password());
                })
                .verify(LONG);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 2));
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void anUnknownHostIsNamed(Product product) {
        registry.register(ConnectionDefinition.of(
                "orders", "r2dbc:" + product.driver() + "://app:hush-hush@nowhere.invalid:5432/orders"));
        StepVerifier.create(query())
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(CannotConnectException.class)
                            .hasMessageContaining(
                                    "'orders': cannot connect to nowhere.invalid:5432 (UnknownHostException)");
                    assertThat(FailureClass.of(failure)).isEqualTo(FailureClass.RETRYABLE_STATEMENT);
                    tellsNoSecret(failure, "hush-hush");
                })
                .verify(LONG);
    }

    @Test
    void aConnectionThatArrivesAfterItsCreateTimeoutIsClosed() {
        try (Database database = Databases.create(Product.H2)) {
            Sinks.Empty<Void> gate = Sinks.empty();
            LateFactory late = new LateFactory(database.url(), gate.asMono());
            registry.register(ConnectionDefinition.of("orders", late)
                    .withPool(pool -> pool.maxSize(1).createTimeout(Duration.ofMillis(200))));
            StepVerifier.create(query())
                    .expectError(CannotConnectException.class)
                    .verify(LONG);
            gate.tryEmitEmpty();
            Waiting.until("the late connection is closed", late::allClosed);
            assertThat(query().block(LONG)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"MYSQL", "MARIADB"})
    void aConnectionThatDoesNotSayItsNumberInTimeIsClosed(Product product) {
        try (Database database = Databases.create(product)) {
            CountingFactory slow = new CountingFactory(database.url())
                    .rewriting(sql -> sql.replace("CONNECTION_ID()", "SLEEP(2) + CONNECTION_ID()"));
            registry.register(ConnectionDefinition.of("orders", slow)
                    .withPool(pool -> Borrowing.quick(pool).createTimeout(Duration.ofMillis(500))));
            StepVerifier.create(query())
                    .expectError(CannotConnectException.class)
                    .verify(LONG);
            assertThat(slow.opened()).isEqualTo(1);
            Sessions.awaitNone(database);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 2));
        }
    }

    @Test
    void hundredsOfFailuresAndSuccessesAtOnceLoseNoSlot() {
        try (Database database = Databases.create(Product.H2)) {
            CountingFactory factory = new CountingFactory(database.url());
            factory.gate(Mono.defer(() -> factory.asked() % 3 == 0
                    ? Mono.empty()
                    : Mono.error(new IllegalStateException("the driver is in a bad mood"))));
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPool(pool -> pool.maxSize(3).validateAfterIdle(Duration.ZERO)));
            Flux.range(0, 300)
                    .flatMap(i -> query().onErrorResume(CannotConnectException.class, failure -> Mono.empty()), 50)
                    .then()
                    .block(LONG);
            PoolCounts counts = registry.status("orders").counts();
            assertThat(counts.inUse() + counts.opening() + counts.waiting()).isZero();
            factory.gate(Mono.empty());
            assertThat(Flux.range(0, 50).flatMap(i -> query(), 50).count().block(LONG))
                    .isEqualTo(50);
        }
    }
}
