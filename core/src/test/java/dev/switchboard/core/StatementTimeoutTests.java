package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
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

/** A statement that runs longer than its connection allows: one class of error on every product. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class StatementTimeoutTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LIMIT = Duration.ofMillis(200);

    private static Database database;
    private static ReactiveConnectionRegistry registry;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.maxSize(1)));
        borrowed(connection -> Sql.run(
                        connection,
                        "CREATE TABLE item (id INT PRIMARY KEY)",
                        "INSERT INTO item VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)"))
                .blockLast(PATIENCE);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        Borrowing.close(registry);
        database.close();
    }

    private static <T> Flux<T> borrowed(Function<SwitchboardConnection, Publisher<T>> work) {
        return Flux.usingWhen(
                Mono.from(registry.connectionFactory("orders").create()).cast(SwitchboardConnection.class),
                work,
                SwitchboardConnection::close);
    }

    @Test
    void aTimeoutThatTheDriverWouldIgnoreIsRefusedInWordsForAsLongAsItIsWanted() {
        boolean locks = product != Product.MARIADB && product != Product.H2;
        Duration wanted = Duration.ofSeconds(5);
        answersTwice(locks, connection -> connection.setLockWaitTimeout(wanted));
        answersTwice(product != Product.H2, connection -> connection.setStatementTimeout(wanted));
    }

    private void answersTwice(boolean supported, Function<SwitchboardConnection, Mono<Void>> wish) {
        Object session = borrowed(this::session).blockLast(PATIENCE);
        Flux<String> answers = borrowed(
                connection -> wish.apply(connection).thenMany(Flux.concat(answer(connection), answer(connection))));
        String expected = supported ? "answers" : "time-out (its driver ignores the wish)";
        StepVerifier.create(answers)
                .assertNext(first -> assertThat(first).contains(expected))
                .assertNext(second -> assertThat(second).contains(expected))
                .expectComplete()
                .verify(PATIENCE);
        if (!supported) {
            assertThat(borrowed(this::session).blockLast(PATIENCE))
                    .as("nothing was changed, so the connection is kept")
                    .isEqualTo(session);
        }
    }

    private static Mono<String> answer(Connection connection) {
        return Borrowing.one(connection, "SELECT 1")
                .thenReturn("answers")
                .onErrorResume(UnsupportedFeatureException.class, refused -> Mono.just(String.valueOf(refused)));
    }

    private Mono<Object> session(Connection connection) {
        return Borrowing.one(
                connection,
                switch (product) {
                    case POSTGRESQL -> "SELECT pg_backend_pid()";
                    case MYSQL, MARIADB -> "SELECT connection_id()";
                    case H2 -> "SELECT session_id()";
                    case SQLITE -> "SELECT 1";
                });
    }

    /** Ten to the tenth rows to count: no machine is that quick, and no product finds a way around it. */
    private static String slow() {
        StringBuilder from = new StringBuilder("item i0");
        StringBuilder sum = new StringBuilder("i0.id");
        for (int i = 1; i < 10; i++) {
            from.append(", item i").append(i);
            sum.append(" + i").append(i).append(".id");
        }
        return "SELECT sum(" + sum + ") FROM " + from;
    }

    @Test
    void aStatementThatRunsTooLongIsATimeoutWithTheDriversErrorAsItsCause() {
        Flux<Object> work =
                borrowed(connection -> connection.setStatementTimeout(LIMIT).thenMany(Sql.query(connection, slow())));
        if (product == Product.H2) {
            StepVerifier.create(work)
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(UnsupportedFeatureException.class)
                            .hasMessage(
                                    "Connection 'orders': H2 does not support a statement time-out (its driver ignores the"
                                            + " wish) and would ignore it. Set it on the server or in the connection's options, or bound"
                                            + " the chain with timeout(..)."))
                    .verify(PATIENCE);
            return;
        }
        StepVerifier.create(work)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(StatementTimeoutException.class, late -> {
                            assertThat(late.limit()).isEqualTo(LIMIT);
                            assertThat(late.connectionName()).isEqualTo("orders");
                            assertThat(late.getCause())
                                    .isInstanceOf(R2dbcException.class)
                                    .isNotInstanceOf(SwitchboardError.class);
                        })
                        .isInstanceOf(R2dbcTimeoutException.class))
                .verify(PATIENCE);
        assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE))
                .hasToString("1");
    }

    @Test
    void theBridgeTakesTimeoutsBackSoThatTheConnectionIsKept() {
        if (product != Product.SQLITE) {
            return;
        }
        CountingFactory unheard = new CountingFactory(database.url());
        registry.register(ConnectionDefinition.of("wrapped", unheard).withPool(pool -> pool.maxSize(1)));
        for (String name : List.of("orders", "wrapped")) {
            Flux.usingWhen(
                            registry.connectionFactory(name).create(),
                            connection -> Mono.from(connection.setStatementTimeout(Duration.ofMillis(50)))
                                    .then(Mono.from(connection.setLockWaitTimeout(Duration.ofMillis(50))))
                                    .thenMany(Sql.query(connection, "SELECT 1")),
                            Connection::close)
                    .blockLast(PATIENCE);
            assertThat(registry.status(name).counts().idle()).as(name).isEqualTo(name.equals("orders") ? 1 : 0);
            String longer = "SELECT count(*) FROM item a, item b, item c, item d, item e, item f, item g";
            assertThat(Borrowing.query(registry, name, longer).block(PATIENCE)).hasToString("10000000");
        }
        assertThat(unheard.opened()).as("nobody told it to take them back").isEqualTo(2);
    }

    @Test
    void aLimitThatWasTakenBackIsNotOurs() {
        if (product == Product.H2) {
            return;
        }
        StepVerifier.create(borrowed(connection -> connection
                        .setStatementTimeout(LIMIT)
                        .then(Borrowing.one(connection, "SELECT 1"))
                        .then(connection.setStatementTimeout(Duration.ZERO))
                        .thenMany(Sql.query(connection, "SELECT nonsense FROM item"))))
                .expectErrorSatisfies(failure ->
                        assertThat(failure).isInstanceOf(R2dbcException.class).isNotInstanceOf(SwitchboardError.class))
                .verify(PATIENCE);
    }

    @Test
    void aTimeoutThatSomebodyElseSetPassesOnAsTheDriversOwnError() {
        String elsewhere = switch (product) {
            case POSTGRESQL -> "SET statement_timeout = 200";
            case MYSQL -> "SET max_execution_time = 200";
            case MARIADB -> "SET max_statement_time = 0.2";
            default -> "";
        };
        if (elsewhere.isEmpty()) {
            return;
        }
        StepVerifier.create(
                        borrowed(connection -> Sql.run(connection, elsewhere).thenMany(Sql.query(connection, slow()))))
                .expectErrorSatisfies(failure ->
                        assertThat(failure).isInstanceOf(R2dbcException.class).isNotInstanceOf(SwitchboardError.class))
                .verify(PATIENCE);
    }
}
