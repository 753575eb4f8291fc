package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.definition;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a connection leaves to its next borrower, and what a transaction's definition says. */
class BridgeLifecycleTests {
    private static final String ENDLESS =
            "WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT count(*) FROM n";

    @TempDir
    Path directory;

    private TestDatabase database;
    private Connection connection;

    @BeforeEach
    void open() {
        database = TestDatabase.in(directory);
        connection = database.open();
        run(connection, "CREATE TABLE t (v INTEGER)");
    }

    @Test
    void aConnectionThatGoesBackToItsPoolLeavesNothingToTheNextBorrower() {
        await(connection.setAutoCommit(false));
        await(connection.setStatementTimeout(Duration.ofNanos(1)));
        run(connection, "INSERT INTO t VALUES (1)");
        await(((Lifecycle) connection).preRelease());
        await(((Lifecycle) connection).postAllocate());
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(values(connection, "SELECT count(*) FROM t")).containsExactly(0);
        Connection other = database.open();
        run(other, "INSERT INTO t VALUES (2)");
        await(other.close());
        await(connection.close());
    }

    @Test
    void rowsThatAreStillReadWhenTheirConnectionGoesBackEndWithAnError() {
        StepVerifier.create(column(connection, "VALUES (1), (2), (3)"), 1)
                .expectNext(1)
                .then(() -> await(((Lifecycle) connection).preRelease()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContaining("given back"))
                .verify(PATIENCE);
        await(connection.close());
    }

    @Test
    void aPoolRollsBackWhatItsBorrowerHasLeftOpen() {
        await(connection.close());
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(database.factory())
                .initialSize(0)
                .maxSize(1)
                .build());
        Mono<Void> careless = Mono.usingWhen(
                pool.create(),
                borrowed -> Flux.from(borrowed.createStatement("BEGIN; INSERT INTO t VALUES (1)")
                                .execute())
                        .concatMap(Result::getRowsUpdated)
                        .then(),
                Connection::close);
        careless.block(PATIENCE);
        Flux<Object> counted = Flux.usingWhen(
                pool.create(), borrowed -> column(borrowed, "SELECT count(*) FROM t"), Connection::close);
        assertThat(counted.blockLast(PATIENCE)).isEqualTo(0);
        pool.disposeLater().block(PATIENCE);
    }

    @Test
    void aDefinitionSetsTheStatementTimeoutOfItsTransactionOnly() {
        await(connection.beginTransaction(
                definition(Map.of(ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ofMillis(50)))));
        run(connection, "INSERT INTO t VALUES (1)");
        StepVerifier.create(column(connection, ENDLESS))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("PT0.05S"))
                .verify(PATIENCE);
        await(connection.commitTransaction());
        assertThat(values(connection, "SELECT v FROM t")).containsExactly(1);
        assertThat(((BridgeConnection) connection).queue().newSignal().budget()).isEqualTo(Duration.ZERO);
        await(connection.close());
    }

    @Test
    void aDefinitionWithABadAttributeBeginsNothing() {
        for (Option<Duration> option :
                List.of(TransactionDefinition.LOCK_WAIT_TIMEOUT, ConnectionFactoryOptions.STATEMENT_TIMEOUT)) {
            StepVerifier.create(connection.beginTransaction(definition(Map.of(option, Duration.ofSeconds(-1)))))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("PT-1S"))
                    .verify(PATIENCE);
            assertThat(connection.isAutoCommit()).isTrue();
        }
        await(connection.close());
    }

    @Test
    void namesOfColumnsMustNotBeNull() {
        Flux.from(connection.createStatement("SELECT 1 AS a").execute())
                .concatMap(result -> result.map((row, metadata) -> {
                    assertThatThrownBy(() -> metadata.contains(null)).isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> row.get((String) null)).isInstanceOf(IllegalArgumentException.class);
                    assertThatThrownBy(() -> row.get(0, (Class<?>) null)).isInstanceOf(IllegalArgumentException.class);
                    return row;
                }))
                .blockLast(PATIENCE);
        await(connection.close());
    }
}
