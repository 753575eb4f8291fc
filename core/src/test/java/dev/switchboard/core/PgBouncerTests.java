package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.PgBouncer;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** PgBouncer in transaction mode stands between: more clients than server connections, and what its failures look like. */
@Tag("once")
class PgBouncerTests {

    private static final int CLIENTS = 12;
    private static final int SERVER_CONNECTIONS = 3;

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().total(CLIENTS + 2).build())
            .build());
    private Database database;
    private PgBouncer bouncer;

    @BeforeEach
    void start() {
        assumeTrue(PgBouncer.isThere(), "no pgbouncer on the path");
        database = Databases.create(Product.POSTGRESQL);
        bouncer = PgBouncer.start(SERVER_CONNECTIONS);
        registry.register(ConnectionDefinition.of("orders", database.url())
                .withHost("127.0.0.1")
                .withPort(bouncer.port())
                .withOption(Option.valueOf("preparedStatementCacheQueries"), 0)
                .withPool(pool -> pool.maxSize(CLIENTS)));
    }

    @AfterEach
    void nothingIsLeft() {
        if (bouncer != null) {
            Borrowing.close(registry);
            assertThat(registry.budget().total().open()).isZero();
            bouncer.close();
            database.close();
        }
    }

    private Mono<Object> query(int value) {
        return Mono.usingWhen(
                registry.connectionFactory("orders").create(),
                connection -> Flux.from(connection
                                .createStatement("SELECT $1::int")
                                .bind("$1", value)
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get(0)))
                        .single(),
                Connection::close);
    }

    private void isAtRest() {
        registry.quiescent().block(Borrowing.PATIENCE);
        BudgetStatus total = registry.budget().total();
        assertThat(total.counts()).isEqualTo(new PoolCounts(0, total.open(), 0, 0, CLIENTS + 2));
    }

    @Test
    void everyStatementGetsItsOwnAnswerOnFewerServerConnections() {
        int queries = TestSize.of(300, 30_000);
        List<Boolean> right = Flux.range(0, queries)
                .flatMap(i -> query(i).map(answer -> answer.equals(i)), CLIENTS)
                .collectList()
                .block(Duration.ofMinutes(2));
        assertThat(right).hasSize(queries).doesNotContain(false);
        // A worker of the server's own may look at the database for a moment.
        Waiting.until("few sessions", () -> Sessions.in(database).size() <= SERVER_CONNECTIONS);
        isAtRest();
    }

    @Test
    void aServerConnectionThatEndsBehindItIsADeadConnection() {
        query(1).block(Borrowing.PATIENCE);
        Mono<Object> killed = Mono.usingWhen(
                registry.connectionFactory("orders").create(),
                connection -> Mono.from(connection.beginTransaction())
                        .then(Borrowing.one(connection, "SELECT 1"))
                        .then(Mono.fromRunnable(() -> Sessions.kill(database)).subscribeOn(Schedulers.boundedElastic()))
                        .then(Borrowing.one(connection, "SELECT 2")),
                Connection::close);
        StepVerifier.create(killed)
                .expectErrorSatisfies(failure -> assertThat(FailureClass.of(failure))
                        .as(failure.toString())
                        .isEqualTo(FailureClass.CONNECTION_DEAD))
                .verify(Borrowing.PATIENCE);
        isAtRest();
        assertThat(query(3).block(Borrowing.PATIENCE)).isEqualTo(3);
    }

    @Test
    void itCrashesAndComesBack() {
        query(1).block(Borrowing.PATIENCE);
        bouncer.kill();
        StepVerifier.create(query(2).retryWhen(TransientRetry.retryIdempotent().maxAttempts(1)))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(CannotConnectException.class)
                        .hasMessageContaining("'orders': cannot connect to 127.0.0.1:" + bouncer.port()))
                .verify(Borrowing.PATIENCE);
        isAtRest();
        bouncer.restart();
        assertThat(query(3).block(Borrowing.PATIENCE)).isEqualTo(3);
        isAtRest();
    }
}
