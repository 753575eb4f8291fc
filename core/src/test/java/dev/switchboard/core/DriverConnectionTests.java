package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import dev.switchboard.jdbc.BridgeConnection;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Getting at the driver's own connection: of the right type, given back whatever happens, and harmless to the next one. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class DriverConnectionTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Parameter
    Product product;

    private Database database;
    private CountingFactory factory;
    private ReactiveConnectionRegistry registry;

    @BeforeEach
    void open() {
        database = Databases.create(product);
        factory = new CountingFactory(database.url());
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("own", database.url()).withPool(pool -> pool.maxSize(1)))
                .register(ConnectionDefinition.of("counted", factory).withPool(pool -> pool.maxSize(1)));
    }

    @AfterEach
    void nothingIsLeft() {
        registry.quiescent().block(PATIENCE);
        for (ConnectionStatus status : registry.status()) {
            PoolCounts counts = status.counts();
            assertThat(counts.inUse() + counts.opening() + counts.waiting())
                    .as(status.name())
                    .isZero();
        }
        Borrowing.close(registry);
        Sessions.awaitNone(database);
        database.close();
    }

    private Class<? extends Connection> type() {
        return DriverTypes.of(product);
    }

    @Test
    void theWorkGetsTheDriversOwnConnection() {
        Object answer = registry.acquire("own", type())
                .useOne(connection -> {
                    assertThat(connection).isInstanceOf(type());
                    return Borrowing.one(connection, "SELECT 7");
                })
                .block(PATIENCE);
        assertThat(answer).hasToString("7");
    }

    @Test
    void nothingIsTakenBeforeASubscriptionAndEachSubscriptionTakesOnce() {
        Mono<Object> seven = registry.acquire("counted", Connection.class)
                .useOne(connection -> Borrowing.one(connection, "SELECT 7"));
        assertThat(registry.status("counted").open()).isFalse();
        assertThat(seven.repeat(2).count().block(PATIENCE)).isEqualTo(3);
    }

    @Test
    void aTypeThatTheConnectionDoesNotHaveIsAnErrorThatNamesBoth() {
        StepVerifier.create(registry.acquire("own", DriverTypes.ofAnother(product))
                        .use(connection -> Flux.error(new AssertionError("the work must not run"))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(WrongConnectionTypeException.class)
                        .hasMessageContaining(DriverTypes.ofAnother(product).getName())
                        .hasMessageContaining(type().getSimpleName()))
                .verify(PATIENCE);
        assertThat(Borrowing.query(registry, "own", "SELECT 1").block(PATIENCE)).hasToString("1");
    }

    @Test
    void anErrorOfTheWorkArrivesAsItIsAndTheConnectionIsBack() {
        StepVerifier.create(registry.acquire("own", type())
                        .use(connection -> Borrowing.one(connection, "SELECT nonsense FROM nowhere")))
                .expectErrorSatisfies(failure ->
                        assertThat(failure).isInstanceOf(R2dbcException.class).isNotInstanceOf(SwitchboardError.class))
                .verify(PATIENCE);
        assertThat(Borrowing.query(registry, "own", "SELECT 1").block(PATIENCE)).hasToString("1");
    }

    @Test
    void workThatIsCancelledInTheMiddleCostsItsConnectionAndNothingElse() {
        Sinks.Empty<Void> working = Sinks.empty();
        Disposable work = registry.acquire("counted", Connection.class)
                .use(connection -> Mono.from(connection.beginTransaction())
                        .then(Borrowing.one(connection, "SELECT 1"))
                        .doOnNext(row -> working.tryEmitEmpty())
                        .then(Mono.never()))
                .subscribe();
        working.asMono().block(PATIENCE);
        work.dispose();
        registry.quiescent().block(PATIENCE);
        assertThat(registry.status("counted").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 1));
        assertThat(Borrowing.query(registry, "counted", "SELECT 1").block(PATIENCE))
                .hasToString("1");
        // MySQL and MariaDB are told to end the session over one more connection.
        assertThat(factory.opened()).isBetween(2, 3);
    }

    @Test
    void whoLeavesBeforeTheConnectionIsThereTakesNone() {
        Connection holder = Borrowing.borrowed(registry, "own");
        Disposable waiting = registry.acquire("own", type())
                .use(connection -> Mono.error(new AssertionError("nobody is there")))
                .subscribe();
        Waiting.until("waiting", () -> registry.status("own").counts().waiting() == 1);
        waiting.dispose();
        assertThat(registry.status("own").counts().waiting()).isZero();
        Borrowing.close(holder);
    }

    @Test
    void aHandleShowsTheConnectionBelowItAsWell() {
        StepVerifier.create(Flux.usingWhen(
                        Mono.from(registry.connectionFactory("own").create()).cast(SwitchboardConnection.class),
                        handle -> handle.unwrapped(type()).map(driver -> {
                            assertThat(handle.unwrap(type())).isSameAs(driver);
                            assertThat(handle.unwrap(DriverTypes.ofAnother(product)))
                                    .isNull();
                            return driver;
                        }),
                        SwitchboardConnection::close))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(Flux.usingWhen(
                        Mono.from(registry.connectionFactory("own").create()).cast(SwitchboardConnection.class),
                        handle -> handle.unwrapped(DriverTypes.ofAnother(product)),
                        SwitchboardConnection::close))
                .expectError(WrongConnectionTypeException.class)
                .verify(PATIENCE);
    }

    @Test
    void whatTheWorkDidToTheSessionIsGoneForTheNextOne() {
        if (product == Product.POSTGRESQL) {
            registry.acquire("own", PostgresqlConnection.class)
                    .use(connection -> Sql.run(connection, "SET search_path = nowhere", "LISTEN news"))
                    .blockLast(PATIENCE);
            assertThat(Borrowing.query(registry, "own", "SHOW search_path").block(PATIENCE))
                    .isNotEqualTo("nowhere");
            assertThat(Borrowing.query(registry, "own", "SELECT count(*) FROM pg_listening_channels()")
                            .block(PATIENCE))
                    .hasToString("0");
        } else {
            String temporary = product == Product.H2 ? "CREATE LOCAL TEMPORARY TABLE" : "CREATE TEMPORARY TABLE";
            registry.acquire("own", type())
                    .use(connection -> Sql.run(connection, temporary + " scratch (id INT)"))
                    .blockLast(PATIENCE);
            StepVerifier.create(Borrowing.query(registry, "own", "SELECT count(*) FROM scratch"))
                    .expectError(R2dbcException.class)
                    .verify(PATIENCE);
        }
    }

    @Test
    void nobodyReachesTheDriverThroughAHandleThatIsClosed() {
        SwitchboardConnection handle = (SwitchboardConnection) Borrowing.borrowed(registry, "own");
        assertThat(handle.unwrap(type())).isNotNull();
        Borrowing.close(handle);
        assertThat(handle.unwrap(type())).isNull();
        assertThat(handle.unwrap(Connection.class)).isSameAs(handle);
    }

    @Test
    void theInnerPoolIsTheOneThatServes() {
        registry.pool("own")
                .flatMapMany(pool -> {
                    assertThat(pool.getMetrics().orElseThrow().getMaxAllocatedSize())
                            .isEqualTo(1);
                    return Flux.usingWhen(
                            pool.create(), connection -> Borrowing.one(connection, "SELECT 1"), Connection::close);
                })
                .as(StepVerifier::create)
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(registry.status("own").open()).isTrue();
    }

    @Test
    void onSqliteTheWayGoesDownToJdbc() {
        if (product == Product.SQLITE) {
            assertThat(registry.acquire("own", BridgeConnection.class)
                            .useOne(connection ->
                                    connection.jdbc(jdbc -> jdbc.getMetaData().getDatabaseProductName()))
                            .block(PATIENCE))
                    .isEqualTo("SQLite");
        }
    }
}
