package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a transaction's end means when its connection or its constraints fail. */
class LostCommitTests {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aCommitLostWithItsConnectionHasAnUnknownOutcome(Product product) {
        try (Database database = Databases.create(product);
                FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            ConnectionFactoryOptions through = database.options()
                    .mutate()
                    .option(ConnectionFactoryOptions.PORT, proxy.port())
                    .build();
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                    .register(ConnectionDefinition.of("cut", through).withPool(pool -> pool.maxSize(1)));
            Mono<Void> work = Mono.usingWhen(
                    Mono.from(registry.connectionFactory("cut").create()).cast(SwitchboardConnection.class),
                    connection -> Sql.run(connection, "CREATE TABLE t (id INT)")
                            .then(connection.beginTransaction())
                            .then(Sql.run(connection, "INSERT INTO t VALUES (1)"))
                            .then(Mono.fromRunnable(proxy::stall))
                            .then(Mono.firstWithSignal(
                                    connection.commitTransaction(),
                                    Mono.delay(Duration.ofMillis(100))
                                            .doOnNext(late -> assertThat(registry.connections()
                                                            .inFlight())
                                                    .extracting(InFlight::sql)
                                                    .containsExactly("commit"))
                                            .then(Mono.fromRunnable(proxy::cut))
                                            .then(Mono.never()))),
                    SwitchboardConnection::close);
            StepVerifier.create(work)
                    .expectErrorSatisfies(error -> {
                        assertThat(error)
                                .isInstanceOf(OutcomeUnknownException.class)
                                .hasMessageContaining("cut");
                        assertThat(FailureClass.of(error)).isEqualTo(FailureClass.OUTCOME_UNKNOWN);
                    })
                    .verify(LIMIT);
            proxy.resume();
            StepVerifier.create(Flux.usingWhen(
                            Mono.from(registry.connectionFactory("cut").create()),
                            connection -> Sql.query(connection, "SELECT 1"),
                            connection -> connection.close()))
                    .expectNextCount(1)
                    .expectComplete()
                    .verify(LIMIT);
            registry.close().block(LIMIT);
        }
    }

    @Test
    void aCommitThatTheServerRefusesKeepsTheDriversErrorAndClosesTheConnection() {
        try (Database database = Databases.create(Product.POSTGRESQL)) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                    .register(ConnectionDefinition.of("only", database.url()).withPool(pool -> pool.maxSize(1)));
            Flux<Object> work = Flux.usingWhen(
                    Mono.from(registry.connectionFactory("only").create()).cast(SwitchboardConnection.class),
                    connection -> Sql.run(
                                    connection,
                                    "CREATE TABLE parent (id INT PRIMARY KEY)",
                                    "CREATE TABLE child (id INT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
                            .then(connection.beginTransaction())
                            .then(Sql.run(connection, "INSERT INTO child VALUES (1)"))
                            .then(connection.commitTransaction())
                            .cast(Object.class),
                    SwitchboardConnection::close);
            StepVerifier.create(work)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcException.class)
                            .isNotInstanceOf(SwitchboardError.class))
                    .verify(LIMIT);
            registry.quiescent().block(LIMIT);
            assertThat(registry.status("only").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 1));
            registry.close().block(LIMIT);
        }
    }
}
