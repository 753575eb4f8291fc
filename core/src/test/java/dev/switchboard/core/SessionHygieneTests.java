package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Nothing that a borrower does to its session reaches the next one, and no statement outlives its borrower for long. */
@Tag("once")
@ParameterizedClass
@EnumSource(
        value = Product.class,
        names = {"POSTGRESQL", "MYSQL", "MARIADB"})
class SessionHygieneTests {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    private static Database database;
    private static ReactiveConnectionRegistry registry;
    private static ConnectionFactory factory;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        ExchangeOptions options = ExchangeOptions.builder()
                .drainTimeout(Duration.ofMillis(300))
                .transactionDrainTimeout(Duration.ofMillis(600))
                .build();
        registry = ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().exchange(options).build())
                .register(ConnectionDefinition.of("only", database.url()).withPool(pool -> pool.maxSize(1)));
        factory = registry.connectionFactory("only");
        borrowed(connection -> Sql.bigTable(connection, 5)).blockLast(LIMIT);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        registry.close().block(LIMIT);
        database.close();
    }

    private static <T> Flux<T> borrowed(Function<SwitchboardConnection, Publisher<T>> work) {
        return Flux.usingWhen(
                Mono.from(factory.create()).cast(SwitchboardConnection.class), work, SwitchboardConnection::close);
    }

    private static String answer(String sql) {
        return String.valueOf(borrowed(connection -> Sql.query(connection, sql)).blockLast(LIMIT));
    }

    private boolean postgresql() {
        return product == Product.POSTGRESQL;
    }

    private String sleep(int seconds) {
        return postgresql() ? "SELECT pg_sleep(" + seconds + ")::text" : "SELECT sleep(" + seconds + ")";
    }

    private String session() {
        return answer(postgresql() ? "SELECT pg_backend_pid()" : "SELECT connection_id()");
    }

    @Test
    void aRawSetDoesNotReachTheNextBorrower() {
        String read = postgresql() ? "SELECT current_setting('work_mem')" : "SELECT @@session.sort_buffer_size";
        String before = answer(read);
        borrowed(connection -> Sql.run(
                        connection, postgresql() ? "SET work_mem = '7MB'" : "SET SESSION sort_buffer_size = 1048576"))
                .blockLast(LIMIT);
        assertThat(answer(read)).isEqualTo(before);
    }

    /** A driver that takes one statement at a time refuses the text; nothing is left behind then either. */
    @Test
    void aSetBehindAnotherStatementDoesNotReachTheNextBorrower() {
        String set = postgresql() ? "SET search_path TO pg_catalog" : "SET SESSION sort_buffer_size = 1048576";
        String read = postgresql() ? "SELECT current_schema()" : "SELECT @@session.sort_buffer_size";
        String before = answer(read);
        for (List<String> batch : List.of(List.of("SELECT 1", set), List.of("SELECT 1 -- one", set))) {
            borrowed(connection -> {
                        Batch all = connection.createBatch();
                        batch.forEach(all::add);
                        return Flux.from(all.execute()).concatMap(Result::getRowsUpdated);
                    })
                    .onErrorComplete()
                    .blockLast(LIMIT);
            assertThat(answer(read)).as(batch.toString()).isEqualTo(before);
        }
        List<String> texts = postgresql()
                ? List.of("SELECT 1; " + set, "SELECT 1; BEGIN", "/* a /* b */ c */ " + set)
                : List.of("SELECT 1; " + set, "# one\n" + set, "/*! " + set + " */");
        for (String text : texts) {
            borrowed(connection -> Sql.run(connection, text)).onErrorComplete().blockLast(LIMIT);
            assertThat(answer(read)).as(text).isEqualTo(before);
        }
    }

    @Test
    void aSchemaSwitchDoesNotReachTheNextBorrower() {
        String read = postgresql() ? "SELECT current_schema()" : "SELECT database()";
        String before = answer(read);
        borrowed(connection ->
                        Sql.run(connection, postgresql() ? "SET search_path TO pg_catalog" : "USE information_schema"))
                .blockLast(LIMIT);
        assertThat(answer(read)).isEqualTo(before);
    }

    @Test
    void aTemporaryTableDoesNotReachTheNextBorrower() {
        borrowed(connection -> Sql.run(connection, "CREATE TEMPORARY TABLE scratch (id INT)"))
                .blockLast(LIMIT);
        StepVerifier.create(borrowed(connection -> Sql.query(connection, "SELECT * FROM scratch")))
                .expectError()
                .verify(LIMIT);
    }

    @Test
    void aTemporaryObjectThatReplacesOneDoesNotReachTheNextBorrower() {
        String create = switch (product) {
            case POSTGRESQL -> "CREATE OR REPLACE TEMP VIEW scratch AS SELECT 1 AS id";
            case MARIADB -> "CREATE OR REPLACE TEMPORARY TABLE scratch (id INT)";
            default -> "CREATE /* a */ TEMPORARY TABLE scratch (id INT)";
        };
        borrowed(connection -> Sql.run(connection, create)).blockLast(LIMIT);
        StepVerifier.create(borrowed(connection -> Sql.query(connection, "SELECT * FROM scratch")))
                .expectError()
                .verify(LIMIT);
    }

    @Test
    void aLockIsReleasedWithItsBorrower() {
        borrowed(connection -> Sql.query(
                        connection, postgresql() ? "SELECT pg_advisory_lock(7)::text" : "SELECT GET_LOCK('seven', 1)"))
                .blockLast(LIMIT);
        registry.quiescent().block(LIMIT);
        List<List<String>> held = Databases.server(product)
                .query(
                        postgresql()
                                ? "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
                                : "SELECT 1 FROM (SELECT IS_FREE_LOCK('seven') AS free) f WHERE free = 0");
        assertThat(held).isEmpty();
    }

    @Test
    void aRawBeginDoesNotReachTheNextBorrower() {
        borrowed(connection -> Sql.run(connection, "BEGIN", "INSERT INTO digit VALUES (77)"))
                .blockLast(LIMIT);
        assertThat(answer("SELECT count(*) FROM digit WHERE n = 77")).isEqualTo("0");
        borrowed(connection -> Sql.run(connection, "INSERT INTO digit VALUES (78)"))
                .blockLast(LIMIT);
        assertThat(answer("SELECT count(*) FROM digit WHERE n = 78")).isEqualTo("1");
    }

    @Test
    void theStatementTimeoutOfABorrowerEndsWithIt() {
        borrowed(connection -> connection
                        .setStatementTimeout(Duration.ofMillis(300))
                        .thenMany(Sql.query(connection, "SELECT 1")))
                .blockLast(LIMIT);
        StepVerifier.create(borrowed(connection -> Sql.query(connection, sleep(1))))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aCleanSessionIsKept() {
        assertThat(session()).isEqualTo(session());
    }

    @Test
    void aCancelledSlowStatementIsStoppedOnTheServer() {
        String before = session();
        StepVerifier.create(borrowed(connection -> Sql.query(connection, sleep(30))), 1)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(300))
                .thenCancel()
                .verify(LIMIT);
        registry.quiescent().block(Duration.ofSeconds(10));
        assertThat(session()).as("the session survives").isEqualTo(before);
    }

    @Test
    void insideATransactionAnAbandonedStatementMayCostIt() {
        Flux<Object> work = borrowed(connection -> connection
                .beginTransaction()
                .thenMany(Sql.query(connection, sleep(30)).take(Duration.ofMillis(200)))
                .thenMany(Sql.query(connection, "SELECT 1"))
                .concatWith(connection.commitTransaction().cast(Object.class)));
        if (postgresql()) {
            StepVerifier.create(work)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(TransactionLostException.class)
                            .hasMessageContaining("pg_sleep(30)")
                            .hasMessageContaining("LIMIT"))
                    .verify(LIMIT);
        } else {
            // These products stop the statement alone.
            StepVerifier.create(work).expectNextCount(1).expectComplete().verify(LIMIT);
        }
        registry.quiescent().block(LIMIT);
        assertThat(answer("SELECT 1")).isEqualTo("1");
    }

    @Test
    void aSmallAbandonedResultCostsNothing() {
        String before = session();
        StepVerifier.create(borrowed(connection -> connection
                        .beginTransaction()
                        .thenMany(Sql.query(connection, "SELECT id FROM big WHERE id < 5000")
                                .take(1))
                        .thenMany(Sql.query(connection, "SELECT count(*) FROM big"))
                        .concatWith(connection.commitTransaction().cast(Object.class))))
                .expectNextMatches(count -> ((Number) count).longValue() == 100_000)
                .expectComplete()
                .verify(LIMIT);
        assertThat(session()).isEqualTo(before);
    }
}
