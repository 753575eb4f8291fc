package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Being rid of connections one by one, or of all that a name has, and knowing what runs on them. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class LiveConnectionsTests {

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final LiveConnections live = registry.connections();

    @Parameter
    Product product;

    private Database database;

    @BeforeEach
    void register() {
        database = Databases.create(product);
        registry.register(Borrowing.alike(ConnectionDefinition.of("orders", database.url()))
                .withPool(Borrowing::quick));
    }

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        database.close();
    }

    private UUID id(Connection connection) {
        return Objects.requireNonNull(live.info(connection)).id();
    }

    private void nothingIsLeft() {
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts().inUse()).isZero();
        assertThat(Borrowing.usable(registry.connectionFactory("orders"), 2)).isEqualTo(2);
    }

    @Test
    void anInvalidatedConnectionIsClosedAtOnceAndItsPlaceIsFree() {
        Heard heard = Heard.of(registry);
        Connection connection = Borrowing.borrowed(registry, "orders");
        UUID id = id(connection);
        live.invalidate(connection).block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 2));
        assertThat(heard.first(ConnectionEvent.Invalidated.class).connection()).isEqualTo(id);
        ConnectionEvent.Closed closed = heard.first(ConnectionEvent.Closed.class);
        assertThat(closed.connection()).isEqualTo(id);
        assertThat(closed.reason()).isEqualTo("invalidated");
        StepVerifier.create(Borrowing.one(connection, "SELECT 1"))
                .expectError(ConnectionReleasedException.class)
                .verify(Borrowing.PATIENCE);
        Borrowing.close(connection);
        nothingIsLeft();
    }

    @Test
    void anInvalidatedConnectionTakesItsRunningStatementWithIt() {
        Sinks.Empty<Void> reading = Sinks.empty();
        Mono<Void> work = Mono.usingWhen(
                registry.connectionFactory("orders").create(),
                connection -> Flux.from(connection.createStatement("SELECT 1").execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get(0)))
                        .concatMap(row -> {
                            reading.tryEmitEmpty();
                            return live.invalidate(connection);
                        })
                        .then(Borrowing.one(connection, "SELECT 1"))
                        .then(),
                Connection::close);
        StepVerifier.create(work).expectError().verify(Borrowing.PATIENCE);
        StepVerifier.create(reading.asMono()).expectComplete().verify(Borrowing.PATIENCE);
        nothingIsLeft();
    }

    @Test
    void aSoftInvalidatedConnectionFinishesItsWorkAndIsThenClosed() {
        Heard heard = Heard.of(registry);
        Connection connection = Borrowing.borrowed(registry, "orders");
        UUID id = id(connection);
        live.softInvalidate(connection).block(Borrowing.PATIENCE);
        live.softInvalidate(connection).block(Borrowing.PATIENCE);
        assertThat(Borrowing.one(connection, "SELECT 1").block(Borrowing.PATIENCE))
                .hasToString("1");
        Borrowing.close(connection);
        ConnectionEvent.Closed closed = heard.first(ConnectionEvent.Closed.class);
        assertThat(closed.connection()).isEqualTo(id);
        assertThat(closed.reason()).isEqualTo("soft-invalidated");
        assertThat(heard.first(ConnectionEvent.SoftInvalidated.class).connection())
                .isEqualTo(id);
        nothingIsLeft();
    }

    @Test
    void allConnectionsOfANameRetireAfterTheirPresentUse() {
        Connection busy = Borrowing.borrowed(registry, "orders");
        Connection other = Borrowing.borrowed(registry, "orders");
        UUID idle = id(other);
        UUID held = id(busy);
        Borrowing.close(other);
        live.softInvalidate("orders").block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts().idle()).isZero();
        assertThat(Borrowing.one(busy, "SELECT 1").block(Borrowing.PATIENCE)).hasToString("1");
        Connection fresh = Borrowing.borrowed(registry, "orders");
        Borrowing.close(busy);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(1, 0, 0, 0, 2));
        Connection second = Borrowing.borrowed(registry, "orders");
        assertThat(List.of(id(fresh), id(second))).doesNotContain(idle, held).doesNotHaveDuplicates();
        List<UUID> kept = List.of(id(fresh), id(second));
        Borrowing.close(List.of(fresh, second));
        Connection again = Borrowing.borrowed(registry, "orders");
        assertThat(kept).as("new connections stay").contains(id(again));
        Borrowing.close(again);
        nothingIsLeft();
    }

    @Test
    void aConnectionOfSomebodyElseIsRefusedInWords() {
        Connection foreign = Objects.requireNonNull(
                Mono.from(ConnectionFactories.get("r2dbc:h2:mem:///foreign").create())
                        .block(Borrowing.PATIENCE));
        assertThatThrownBy(() -> live.info(foreign))
                .isInstanceOf(WrongConnectionTypeException.class)
                .hasMessageContaining("connection of a registry");
        StepVerifier.create(live.invalidate(foreign))
                .expectError(WrongConnectionTypeException.class)
                .verify(Borrowing.PATIENCE);
        Borrowing.close(foreign);
    }

    @Test
    void aResetRollsBackAndTheHandleGoesOn() {
        SwitchboardConnection connection = (SwitchboardConnection) Borrowing.borrowed(registry, "orders");
        Sql.run(connection, "CREATE TABLE item (id INT)").block(Borrowing.PATIENCE);
        UUID id = id(connection);
        Heard heard = Heard.of(registry);
        connection
                .beginTransaction()
                .then(Sql.run(connection, "INSERT INTO item VALUES (1)"))
                .then(live.reset(connection))
                .block(Borrowing.PATIENCE);
        assertThat(heard.first(ConnectionEvent.Reset.class).connection()).isEqualTo(id);
        assertThat(Borrowing.one(connection, "SELECT count(*) FROM item").block(Borrowing.PATIENCE))
                .hasToString("0");
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(id(connection)).isEqualTo(id);
        Borrowing.close(connection);
        nothingIsLeft();
    }

    @Test
    void aResetUndoesWhatWasChangedInSqlOrSaysThatTheProductCannot() {
        boolean postgresql = product == Product.POSTGRESQL;
        SwitchboardConnection connection = (SwitchboardConnection) Borrowing.borrowed(registry, "orders");
        Sql.run(connection, postgresql ? "SET work_mem = '7MB'" : "SET @seven = 7")
                .onErrorComplete()
                .block(Borrowing.PATIENCE);
        if (postgresql) {
            live.reset(connection).block(Borrowing.PATIENCE);
            assertThat(Borrowing.one(connection, "SELECT current_setting('work_mem')")
                            .block(Borrowing.PATIENCE))
                    .isNotEqualTo("7MB");
        } else {
            StepVerifier.create(live.reset(connection))
                    .expectError(UnsupportedFeatureException.class)
                    .verify(Borrowing.PATIENCE);
        }
        assertThat(Borrowing.one(connection, "SELECT 1").block(Borrowing.PATIENCE))
                .hasToString("1");
        Borrowing.close(connection);
        nothingIsLeft();
    }

    @Test
    void aResetSessionIsStillPreparedForItsBorrower() {
        assumeTrue(product == Product.POSTGRESQL, "elsewhere a prepared session has no reset");
        SwitchboardConnection first = (SwitchboardConnection) Borrowing.borrowed(registry, "orders");
        Sql.run(first, "CREATE SCHEMA acme").block(Borrowing.PATIENCE);
        Borrowing.close(first);
        registry.register(ConnectionDefinition.of("acme", database.url()).withSchema("acme"));
        Connection connection = Borrowing.borrowed(registry, "acme");
        Sql.run(connection, "SET search_path TO pg_catalog").block(Borrowing.PATIENCE);
        live.reset(connection).block(Borrowing.PATIENCE);
        assertThat(Borrowing.one(connection, "SELECT current_schema()").block(Borrowing.PATIENCE))
                .isEqualTo("acme");
        Borrowing.close(connection);
    }

    @Test
    void aStatementStandsInTheListWhileItRuns() {
        String sql = "SELECT  1";
        List<InFlight> seen = Mono.usingWhen(
                        registry.connectionFactory("orders").create(),
                        connection -> Flux.from(connection.createStatement(sql).execute())
                                .concatMap(result -> result.map((row, metadata) -> live.inFlight()))
                                .single()
                                .doOnNext(list -> assertThat(list)
                                        .singleElement()
                                        .satisfies(statement -> {
                                            assertThat(statement.name()).isEqualTo("orders");
                                            assertThat(statement.sql()).isEqualTo("SELECT 1");
                                            assertThat(statement.readOnly()).isFalse();
                                            assertThat(statement.connection()).isEqualTo(id(connection));
                                        })),
                        Connection::close)
                .block(Borrowing.PATIENCE);
        assertThat(seen).hasSize(1);
        assertThat(live.inFlight()).isEmpty();
    }
}
