package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Each event is provoked on each product that has it, and has one meaning on all of them. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class FailureClassTests {

    private static final Duration PATIENCE = Duration.ofSeconds(40);

    /** A wish of a transaction to read only. */
    private enum ReadOnly implements TransactionDefinition {
        INSTANCE;

        @Override
        public <T> @Nullable T getAttribute(Option<T> option) {
            return option.equals(TransactionDefinition.READ_ONLY) ? option.cast(true) : null;
        }
    }

    private static Database database;
    private static ReactiveConnectionRegistry registry;

    @TempDir
    Path folder;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.maxSize(3)));
        borrowed(connection -> Sql.run(
                        connection,
                        "CREATE TABLE item (id INT PRIMARY KEY, price INT)",
                        "INSERT INTO item VALUES (1, 10), (2, 20)"))
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

    private static void means(FailureClass expected, Publisher<?> work) {
        StepVerifier.create(Flux.from(work).then())
                .expectErrorSatisfies(failure -> assertThat(FailureClass.of(failure))
                        .as(failure.toString())
                        .isEqualTo(expected))
                .verify(PATIENCE);
    }

    private boolean mysql() {
        return product == Product.MYSQL || product == Product.MARIADB;
    }

    @Test
    void aSecondRowWithTheSameKeyIsAConstraint() {
        means(FailureClass.CONSTRAINT, borrowed(c -> Sql.update(c, "INSERT INTO item VALUES (1, 1)")));
    }

    @Test
    void whatIsNotSqlOrNotThereIsABug() {
        means(FailureClass.BUG, borrowed(c -> Sql.update(c, "SELEC 1")));
        means(FailureClass.BUG, borrowed(c -> Sql.query(c, "SELECT id FROM nowhere")));
        means(FailureClass.BUG, borrowed(c -> Sql.query(c, "SELECT nothing FROM item")));
    }

    @Test
    void aWriteInAReadOnlyTransactionIsOnTheWrongNode() {
        assumeTrue(product != Product.H2, "the driver of H2 knows no read-only transaction");
        means(
                FailureClass.WRONG_NODE,
                borrowed(c ->
                        c.beginTransaction(ReadOnly.INSTANCE).then(Sql.update(c, "INSERT INTO item VALUES (7, 1)"))));
    }

    @Test
    void aStatementThatRunsTooLongMayBeRepeated() {
        assumeTrue(product != Product.H2, "the driver of H2 knows no statement time-out");
        String many = "item a, item b, item c, item d, item e, item f, item g, item h, item i, item j, item k, item l,"
                + " item m, item n, item o, item p, item q, item r, item s, item t, item u, item v, item w, item x,"
                + " item y, item z, item aa, item ab, item ac, item ad, item ae, item af";
        means(
                FailureClass.RETRYABLE_STATEMENT,
                borrowed(c -> c.setStatementTimeout(Duration.ofMillis(100))
                        .thenMany(Sql.query(c, "SELECT sum(a.price + b.price + af.price) FROM " + many))));
    }

    @Test
    void aLockThatCannotBeHadInTimeMayBeRepeated() {
        String wait = product == Product.POSTGRESQL
                ? "SET lock_timeout = '100ms'"
                : mysql() ? "SET SESSION innodb_lock_wait_timeout = 1" : "SELECT 1";
        String write = "UPDATE item SET price = price + 1 WHERE id = 1";
        Mono<Void> second = product == Product.SQLITE
                ? borrowed(c -> c.setLockWaitTimeout(Duration.ofMillis(100)).then(Sql.update(c, write)))
                        .then()
                : borrowed(c -> Borrowing.one(c, "SELECT 1")
                                .then(Sql.run(c, wait).onErrorComplete())
                                .then(Sql.update(c, write)))
                        .then();
        means(
                FailureClass.RETRYABLE_STATEMENT,
                borrowed(c -> c.beginTransaction().then(Sql.update(c, write)).then(second)));
    }

    /** Both hold what the other one wants. */
    private static Mono<Void> crossed(SwitchboardConnection connection, int first, int other, Mono<Void> both) {
        return connection
                .beginTransaction()
                .then(Sql.update(connection, "UPDATE item SET price = price + 1 WHERE id = " + first))
                .then(both)
                .then(Sql.update(connection, "UPDATE item SET price = price + 1 WHERE id = " + other))
                .then(connection.commitTransaction());
    }

    private Mono<Void> deadlocked(Function<Flux<Void>, Flux<Void>> cure) {
        AtomicInteger there = new AtomicInteger();
        Sinks.Empty<Void> both = Sinks.empty();
        Mono<Void> meet = Mono.defer(() -> {
            if (there.incrementAndGet() == 2) {
                both.tryEmitEmpty();
            }
            return both.asMono();
        });
        return Mono.when(
                cure.apply(borrowed(c -> crossed(c, 1, 2, meet))), cure.apply(borrowed(c -> crossed(c, 2, 1, meet))));
    }

    @Test
    void aDeadlockIsForTheWholeTransactionAndGoesAwayWhenThatIsRepeated() {
        assumeTrue(product.isServer(), "one writer at a time, or locks of whole tables: nobody can be crossed");
        means(FailureClass.RETRYABLE_TRANSACTION, deadlocked(work -> work));
        StepVerifier.create(deadlocked(work -> work.retryWhen(TransientRetry.retryTransient())))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aSessionThatIsKilledIsADeadConnection() {
        assumeTrue(product.isServer(), "there is no session that somebody could kill");
        boolean postgresql = product == Product.POSTGRESQL;
        means(
                FailureClass.CONNECTION_DEAD,
                borrowed(victim -> Borrowing.one(
                                victim, postgresql ? "SELECT pg_backend_pid()" : "SELECT connection_id()")
                        .flatMapMany(id -> borrowed(killer -> Sql.query(
                                                killer,
                                                postgresql
                                                        ? "SELECT pg_terminate_backend(" + id + ")"
                                                        : "KILL CONNECTION " + id)
                                        .then())
                                .thenMany(Sql.query(victim, postgresql ? "SELECT pg_sleep(5)" : "SELECT sleep(5)")))));
    }

    @Test
    void whoMayNotReadATableLacksPermission() {
        assumeTrue(product.isServer(), "there are no users");
        String user = "poor" + product.driver();
        Databases.server(product)
                .execute(
                        product == Product.POSTGRESQL
                                ? "CREATE ROLE " + user + " LOGIN"
                                : "CREATE USER " + user + " IDENTIFIED "
                                        + (product == Product.MYSQL ? "WITH mysql_native_password " : "")
                                        + "BY 'hush-poor'");
        if (mysql()) {
            Databases.server(product).execute("GRANT INSERT ON " + database.name() + ".item TO " + user);
        }
        try {
            registry.register(ConnectionDefinition.of("poor", database.url())
                    .withUser(user)
                    .withPassword("hush-poor"));
            means(FailureClass.PERMISSION, Borrowing.query(registry, "poor", "SELECT count(*) FROM item"));
            registry.unregister("poor").block(PATIENCE);
        } finally {
            Databases.server(product).execute((product == Product.POSTGRESQL ? "DROP ROLE " : "DROP USER ") + user);
        }
    }

    @Test
    void aServerThatIsNotThereMayBeAskedAgain() {
        assumeTrue(product.isServer(), "nothing is connected to");
        registry.register(ConnectionDefinition.of("nobody", database.url()).withPort(1));
        means(FailureClass.RETRYABLE_STATEMENT, Borrowing.query(registry, "nobody", "SELECT 1"));
        registry.unregister("nobody").block(PATIENCE);
    }

    @Test
    void aDatabaseThatIsNotThereIsABug() throws IOException {
        assumeTrue(product != Product.H2, "it is made when it is opened");
        ConnectionDefinition nowhere;
        if (product == Product.SQLITE) {
            Path file = Files.writeString(folder.resolve("no.db"), "This is a letter and no database. ".repeat(100));
            nowhere = ConnectionDefinition.sqlite("nowhere", file);
        } else {
            nowhere =
                    ConnectionDefinition.of("nowhere", Databases.server(product).url("no_such_database"));
        }
        registry.register(nowhere);
        means(FailureClass.BUG, Borrowing.query(registry, "nowhere", "SELECT count(*) FROM item"));
        registry.unregister("nowhere").block(PATIENCE);
    }

    @Test
    void whoStopsWaitingForAnAnswerDoesNotKnowWhatHappened() {
        Mono<Object> hurried = Mono.usingWhen(
                registry.connectionFactory("orders").create(),
                connection -> Borrowing.one(connection, "SELECT 1").then(Mono.never()),
                Connection::close);
        means(FailureClass.OUTCOME_UNKNOWN, hurried.timeout(Duration.ofMillis(50)));
    }
}
