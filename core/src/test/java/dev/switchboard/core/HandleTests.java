package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
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

/** What a handle promises, the same on every product. Its pool has one connection, so a lost one is noticed at once. */
@ParameterizedClass
@EnumSource(Product.class)
class HandleTests {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static Database database;
    private static ReactiveConnectionRegistry registry;
    private static ConnectionFactory factory;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("only", database.url()).withPool(pool -> pool.maxSize(1)));
        factory = registry.connectionFactory("only");
        borrowed(connection -> Sql.run(connection, "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(40))"))
                .blockLast(LIMIT);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        registry.close().block(LIMIT);
        database.close();
    }

    @AfterEach
    void theOnlySlotIsBack() {
        registry.quiescent().block(LIMIT);
        PoolCounts counts = registry.status("only").counts();
        assertThat(counts.inUse()).isZero();
        assertThat(counts.waiting()).isZero();
        borrowed(connection -> Sql.update(connection, "DELETE FROM item")).blockLast(LIMIT);
    }

    private static <T> Flux<T> borrowed(Function<SwitchboardConnection, Publisher<T>> work) {
        return Flux.usingWhen(
                Mono.from(factory.create()).cast(SwitchboardConnection.class), work, SwitchboardConnection::close);
    }

    private static Mono<Long> count(Connection connection) {
        return Sql.query(connection, "SELECT count(*) FROM item").single().map(value -> ((Number) value).longValue());
    }

    private static Mono<Long> insert(Connection connection, int id) {
        return Sql.update(connection, "INSERT INTO item VALUES (" + id + ", 'x')");
    }

    private void expectCount(long expected) {
        borrowed(HandleTests::count)
                .as(StepVerifier::create)
                .expectNext(expected)
                .verifyComplete();
    }

    @Test
    void openTakesTheConnectionBeforeAnyStatement() {
        borrowed(connection -> connection
                        .open()
                        .then(connection.open())
                        .then(Mono.fromSupplier(
                                () -> registry.status("only").counts().inUse())))
                .as(StepVerifier::create)
                .expectNext(1)
                .verifyComplete();
    }

    @Test
    void aTransactionWithoutStatementsTakesNoConnection() {
        borrowed(connection -> connection
                        .beginTransaction()
                        .then(Mono.fromSupplier(() -> registry.status("only").counts()))
                        .flatMap(counts -> connection.commitTransaction().thenReturn(counts)))
                .as(StepVerifier::create)
                .assertNext(counts -> {
                    assertThat(counts.inUse()).isZero();
                    assertThat(counts.opening()).isZero();
                })
                .verifyComplete();
    }

    @Test
    void commitKeepsAndRollbackUndoes() {
        borrowed(connection -> connection
                        .beginTransaction()
                        .then(insert(connection, 1))
                        .then(connection.commitTransaction())
                        .then(connection.beginTransaction())
                        .then(insert(connection, 2))
                        .then(connection.rollbackTransaction())
                        .then(count(connection)))
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyComplete();
    }

    @Test
    void closingInsideATransactionRollsItBack() {
        borrowed(connection -> connection.beginTransaction().then(insert(connection, 1)))
                .blockLast(LIMIT);
        expectCount(0);
    }

    @Test
    void aSecondBeginInsideATransactionIsAnError() {
        borrowed(connection -> connection
                        .beginTransaction()
                        .then(insert(connection, 1))
                        .then(connection.beginTransaction()))
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("savepoint"))
                .verify(LIMIT);
        expectCount(0);
    }

    @Test
    void aSavepointWithAHostileNameIsQuoted() {
        String hostile = "a b\"; `DROP TABLE item; --";
        borrowed(connection -> connection
                        .beginTransaction()
                        .then(insert(connection, 1))
                        .then(connection.createSavepoint(hostile))
                        .then(insert(connection, 2))
                        .then(connection.rollbackTransactionToSavepoint(hostile))
                        .then(connection.commitTransaction())
                        .then(count(connection)))
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyComplete();
    }

    @Test
    void aSavepointBeginsATransaction() {
        borrowed(connection -> connection
                        .createSavepoint("first")
                        .then(insert(connection, 1))
                        .then(connection.rollbackTransaction())
                        .then(count(connection)))
                .as(StepVerifier::create)
                .expectNext(0L)
                .verifyComplete();
    }

    @Test
    void autoCommitOffBeginsATransactionAndOnCommitsIt() {
        borrowed(connection -> connection
                        .setAutoCommit(false)
                        .then(insert(connection, 1))
                        .then(connection.rollbackTransaction())
                        .then(insert(connection, 2))
                        .then(connection.setAutoCommit(true))
                        .then(count(connection)))
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyComplete();
        borrowed(connection -> Mono.just(connection.isAutoCommit()))
                .as(StepVerifier::create)
                .expectNext(true)
                .verifyComplete();
        expectCount(1);
    }

    @Test
    void anUnreadResultStandsInNobodysWay() {
        borrowed(connection -> insert(connection, 1)
                        .then(insert(connection, 2))
                        .then(Mono.from(connection
                                .createStatement("SELECT id FROM item")
                                .execute()))
                        .then(count(connection)))
                .as(StepVerifier::create)
                .expectNext(2L)
                .verifyComplete();
    }

    @Test
    void anInsertWhoseResultNobodyReadsHasHappened() {
        borrowed(connection -> Mono.from(connection
                                .createStatement("INSERT INTO item VALUES (1, 'x')")
                                .execute())
                        .then())
                .blockLast(LIMIT);
        expectCount(1);
    }

    @Test
    void aStatementIsReplayedForEachSubscription() {
        borrowed(connection -> {
                    Statement statement = connection.createStatement(
                            "INSERT INTO item SELECT coalesce(max(id), 0) + 1, 'x' FROM item");
                    Flux<Long> execution = Flux.from(statement.execute()).concatMap(Result::getRowsUpdated);
                    return execution.thenMany(execution).thenMany(count(connection));
                })
                .as(StepVerifier::create)
                .expectNext(2L)
                .verifyComplete();
    }

    @Test
    void nothingReachesTheConnectionAfterClose() {
        Connection connection = Mono.from(factory.create()).block(LIMIT);
        insert(connection, 1).block(LIMIT);
        Mono.from(connection.close()).block(LIMIT);
        Mono.from(connection.close()).block(LIMIT);
        for (Publisher<?> late : List.of(
                insert(connection, 2),
                Mono.from(connection.beginTransaction()),
                Mono.from(connection.rollbackTransaction()),
                Mono.from(connection.createSavepoint("late")))) {
            StepVerifier.create(late)
                    .expectError(ConnectionReleasedException.class)
                    .verify(LIMIT);
        }
        StepVerifier.create(connection.validate(ValidationDepth.LOCAL))
                .expectNext(false)
                .verifyComplete();
        StepVerifier.create(connection.validate(ValidationDepth.REMOTE))
                .expectNext(false)
                .verifyComplete();
        expectCount(1);
    }

    @Test
    void aHandleThatTookNoConnectionIsValidWithoutTakingOne() {
        borrowed(connection -> connection.validate(ValidationDepth.LOCAL))
                .as(StepVerifier::create)
                .expectNext(true)
                .verifyComplete();
        borrowed(connection -> connection.validate(ValidationDepth.REMOTE))
                .as(StepVerifier::create)
                .expectNext(true)
                .verifyComplete();
    }

    @Test
    void unwrappingEndsAtAPlainConnection() {
        borrowed(connection -> Sql.query(connection, "SELECT 1").then(Mono.fromSupplier(() -> {
                    Object inner = connection;
                    int steps = 0;
                    while (inner instanceof Wrapped<?> wrapped) {
                        assertThat(wrapped.unwrap()).isNotNull().isNotSameAs(inner);
                        inner = wrapped.unwrap();
                        assertThat(++steps).isLessThan(5);
                    }
                    assertThat(inner).isInstanceOf(Connection.class).isEqualTo(connection.unwrap());
                    return steps;
                })))
                .blockLast(LIMIT);
    }

    @Test
    void theIsolationLevelOfABorrowerEndsWithIt() {
        IsolationLevel before = borrowed(connection -> Sql.query(connection, "SELECT 1")
                        .then(Mono.fromSupplier(connection::getTransactionIsolationLevel)))
                .blockLast(LIMIT);
        borrowed(connection -> connection
                        .setTransactionIsolationLevel(IsolationLevel.SERIALIZABLE)
                        .then(count(connection)))
                .blockLast(LIMIT);
        borrowed(connection -> Sql.query(connection, "SELECT 1")
                        .then(Mono.fromSupplier(connection::getTransactionIsolationLevel)))
                .as(StepVerifier::create)
                .expectNext(before)
                .verifyComplete();
    }

    @Test
    void aReadOnlyTransactionRefusesWritesOrIsRefusedInWords() {
        TransactionDefinition readOnly = new ReadOnly();
        borrowed(connection -> connection.beginTransaction(readOnly).then(insert(connection, 1)))
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcException.class);
                    assertThat(error instanceof UnsupportedFeatureException).isEqualTo(product == Product.H2);
                })
                .verify(LIMIT);
        expectCount(0);
    }

    @Test
    void argumentsThatAreWrongEverywhereAreRefusedAtOnce() {
        borrowed(connection -> Mono.fromRunnable(() -> {
                    Statement statement = connection.createStatement("SELECT 1");
                    for (Runnable wrong : List.<Runnable>of(
                            () -> connection.createStatement(null),
                            () -> statement.bind(0, null),
                            () -> statement.bind((String) null, 1),
                            () -> statement.bindNull(0, null),
                            () -> statement.fetchSize(-1),
                            () -> statement.returnGeneratedValues((String[]) null))) {
                        assertThat(org.assertj.core.api.Assertions.catchThrowable(wrong::run))
                                .isInstanceOf(IllegalArgumentException.class);
                    }
                    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> statement.bind(-1, "x")))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                }))
                .blockLast(LIMIT);
    }

    @Test
    void aStatementsErrorIsTheDriversOwnAndTheConnectionStaysUsable() {
        borrowed(connection -> Sql.query(connection, "SELECT nothing FROM nowhere")
                        .onErrorResume(error -> Mono.just(error.getClass().getName()))
                        .concatWith(count(connection)))
                .as(StepVerifier::create)
                .assertNext(type -> assertThat(type.toString()).doesNotContain("dev.switchboard.core"))
                .expectNext(0L)
                .verifyComplete();
    }

    @Test
    void theMetadataNamesTheProduct() {
        borrowed(connection -> Sql.query(connection, "SELECT 1")
                        .then(Mono.fromSupplier(() -> connection.getMetadata().getDatabaseProductName())))
                .as(StepVerifier::create)
                .assertNext(name -> assertThat(name.toLowerCase(java.util.Locale.ROOT))
                        .contains(
                                product == Product.MYSQL
                                        ? "mysql"
                                        : product.productName().toLowerCase(java.util.Locale.ROOT)))
                .verifyComplete();
        borrowed(SwitchboardConnection::product)
                .as(StepVerifier::create)
                .expectNext(product.productName())
                .verifyComplete();
    }

    private static final class ReadOnly implements TransactionDefinition {

        @Override
        public <T> T getAttribute(io.r2dbc.spi.Option<T> option) {
            return option.equals(TransactionDefinition.READ_ONLY) ? option.cast(true) : null;
        }
    }
}
