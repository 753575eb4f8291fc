package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.CannotConnectException;
import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.UnknownConnectionException;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.DataAccessException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Spring's client and transaction manager on the view for their product. SQLite has no bind markers in Spring. */
@ParameterizedClass(name = "{0}")
@MethodSource("products")
class SpringTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Fleet fleet = new Fleet();
    private static ConnectionFactory view = fleet.routed();
    private static DatabaseClient client = clientOn(Product.H2);
    private static TransactionalOperator tx = transactions(view, false);

    @Parameter
    Product product;

    static Stream<Product> products() {
        return Stream.of(Product.POSTGRESQL, Product.MYSQL, Product.MARIADB, Product.H2);
    }

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a", "b");
        view = fleet.routed().forProduct(product.productName());
        client = clientOn(product);
        tx = transactions(view, false);
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    private static DatabaseClient clientOn(Product product) {
        return DatabaseClient.create(fleet.routed().forProduct(product.productName()));
    }

    private static TransactionalOperator transactions(ConnectionFactory factory, boolean onlyReads) {
        DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
        definition.setReadOnly(onlyReads);
        return TransactionalOperator.create(new R2dbcTransactionManager(factory), definition);
    }

    @BeforeEach
    void clear() {
        fleet.clearNotes();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
    }

    private static Mono<String> who() {
        return client.sql("SELECT name FROM who")
                .map(row -> String.valueOf(row.get(0)))
                .one();
    }

    private static Mono<Long> write(int id) {
        return client.sql("INSERT INTO note (id, body) VALUES (:id, :body)")
                .bind("id", id)
                .bind("body", "by Spring")
                .fetch()
                .rowsUpdated();
    }

    private static <T> Mono<T> onA(Mono<T> work) {
        return work.contextWrite(usingConnection("a"));
    }

    @Test
    void theClientRunsWhereTheContextSays() {
        StepVerifier.create(who().contextWrite(usingConnection("a")))
                .expectNext("a")
                .verifyComplete();
        StepVerifier.create(who().contextWrite(usingConnection("b")))
                .expectNext("b")
                .verifyComplete();
        StepVerifier.create(onA(write(1))).expectNext(1L).verifyComplete();
        assertThat(fleet.notesIn("a")).containsExactly(1);
    }

    @Test
    void anUnknownNameFailsClosed() {
        StepVerifier.create(who().contextWrite(usingConnection("c")))
                .expectErrorSatisfies(
                        error -> assertThat(error).hasRootCauseInstanceOf(UnknownConnectionException.class))
                .verify(PATIENCE);
        StepVerifier.create(who())
                .expectErrorSatisfies(error -> assertThat(error).hasRootCauseInstanceOf(NoRouteException.class))
                .verify(PATIENCE);
    }

    @Test
    void aTransactionCommitsAndRollsBack() {
        StepVerifier.create(onA(write(1).then(write(2)).as(tx::transactional)))
                .expectNext(1L)
                .verifyComplete();
        StepVerifier.create(onA(write(3).then(Mono.<Long>error(new IllegalStateException("planned")))
                        .as(tx::transactional)))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);
    }

    @Test
    void aTransactionRollsBackWhenItIsCancelled() {
        Sinks.Empty<Void> written = Sinks.empty();
        Mono<Long> work = write(1).doOnNext(rows -> written.tryEmitEmpty()).then(Mono.never());

        StepVerifier.create(onA(work.as(tx::transactional)))
                .then(() -> written.asMono().block(PATIENCE))
                .thenCancel()
                .verify(PATIENCE);
        fleet.awaitRest();
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void anEmptyTransactionCostsNoConnection() {
        fleet.registry().dispose("a").block(PATIENCE);

        StepVerifier.create(onA(Mono.just(1).as(tx::transactional)))
                .expectNext(1)
                .verifyComplete();
        assertThat(fleet.isOpen("a")).isFalse();
    }

    @Test
    void aSwitchInsideATransactionIsAConflict() {
        Mono<String> work = who().flatMap(first -> who().contextWrite(usingConnection("b")));

        StepVerifier.create(onA(work.as(tx::transactional)))
                .expectErrorSatisfies(error -> assertThat(error).hasRootCauseInstanceOf(RouteConflictException.class))
                .verify(PATIENCE);
    }

    @Test
    void aHintInsideTheTransactionalBoundaryIsAConflict() {
        StepVerifier.create(onA(write(1)).as(tx::transactional))
                .expectErrorSatisfies(error -> assertThat(error)
                        .rootCause()
                        .isInstanceOf(RouteConflictException.class)
                        .hasMessageContaining("Write the hint outside of the transaction"))
                .verify(PATIENCE);

        fleet.registry().defaultConnection("b");
        try {
            StepVerifier.create(onA(write(1)).as(tx::transactional))
                    .expectErrorSatisfies(
                            error -> assertThat(error).hasRootCauseInstanceOf(RouteConflictException.class))
                    .verify(PATIENCE);
        } finally {
            fleet.registry().noDefaultConnection();
        }
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    /** The driver of the first database, whose connections or transactions fail. */
    private record Failing(String url, UnaryOperator<Mono<Connection>> change) implements ConnectionFactory {

        @Override
        public Mono<Connection> create() {
            return change.apply(Mono.from(ConnectionFactories.get(url).create()));
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return ConnectionFactories.get(url).getMetadata();
        }
    }

    private static Connection refusingToBegin(Connection driver) {
        return (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> method.getName().equals("beginTransaction")
                        ? Mono.error(new R2dbcTransientResourceException("no transactions today"))
                        : method.invoke(driver, arguments));
    }

    private static void register(String name, UnaryOperator<Mono<Connection>> change) {
        String url = fleet.databaseOf("a").url();
        fleet.registry().register(ConnectionDefinition.of(name, new Failing(url, change)));
    }

    @Test
    void aRefusedBeginIsTheErrorOfTheFirstStatementAndNothingIsWritten() {
        register("refusing", opened -> opened.map(SpringTests::refusingToBegin));
        try {
            StepVerifier.create(write(1).onErrorResume(first -> write(2))
                            .as(tx::transactional)
                            .contextWrite(usingConnection("refusing")))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(DataAccessException.class)
                            .hasRootCauseMessage("no transactions today"))
                    .verify(PATIENCE);
            StepVerifier.create(write(3).contextWrite(usingConnection("refusing")))
                    .as("without a transaction it serves")
                    .expectNext(1L)
                    .verifyComplete();
        } finally {
            fleet.registry().unregister("refusing").block(PATIENCE);
        }
        assertThat(fleet.notesIn("a")).containsExactly(3);
    }

    @Test
    void aConnectionThatCannotBeHadIsTheErrorOfTheFirstStatement() {
        register("dead", opened -> Mono.error(new R2dbcNonTransientResourceException("Connection refused")));
        try {
            StepVerifier.create(who().as(tx::transactional).contextWrite(usingConnection("dead")))
                    .expectErrorSatisfies(
                            error -> assertThat(error).hasStackTraceContaining(CannotConnectException.class.getName()))
                    .verify(PATIENCE);
        } finally {
            fleet.registry().unregister("dead").block(PATIENCE);
        }
    }

    /** The client of one factory, the manager of another: Spring finds no transaction for the client and does not say so. */
    @Test
    void aManagerOfAnotherFactoryThanTheClientsLeavesEachStatementToCommitByItself() {
        TransactionalOperator elsewhere = transactions(fleet.routed(), false);

        StepVerifier.create(onA(write(1).then(Mono.<Long>error(new IllegalStateException("planned")))
                        .as(elsewhere::transactional)))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1);
    }

    @Test
    void aReadOnlyTransactionGoesToTheReplica() {
        Router replica = (soFar, hints) -> Mono.just(soFar.readOnly() ? soFar.withConnectionName("b") : soFar);
        RoutingConnectionFactory routed = RoutingConnectionFactory.over(fleet.registry(), replica);
        ConnectionFactory replicated = routed.forProduct(product.productName());
        Mono<String> who = DatabaseClient.create(replicated)
                .sql("SELECT name FROM who")
                .map(row -> String.valueOf(row.get(0)))
                .one();

        StepVerifier.create(onA(who.as(transactions(replicated, false)::transactional)))
                .expectNext("a")
                .verifyComplete();
        StepVerifier.create(onA(who).contextWrite(readOnly())).expectNext("b").verifyComplete();
        if (product != Product.H2) { // which would ignore READ ONLY
            StepVerifier.create(onA(who.as(transactions(replicated, true)::transactional)))
                    .expectNext("b")
                    .verifyComplete();
        }
    }

    @Test
    void nestedTransactionsAreSavepoints() {
        TransactionalOperator nested = TransactionalOperator.create(
                new R2dbcTransactionManager(view),
                new DefaultTransactionDefinition(TransactionDefinition.PROPAGATION_NESTED));
        Mono<Long> inner = write(2).then(Mono.<Long>error(new IllegalStateException("planned")))
                .as(nested::transactional)
                .onErrorReturn(0L);

        StepVerifier.create(onA(write(1).then(inner).then(write(3)).as(tx::transactional)))
                .expectNext(1L)
                .verifyComplete();
        assertThat(fleet.notesIn("a")).containsExactly(1, 3);
    }

    @Test
    void aNewTransactionIsAskedForWithItsOwnHint() {
        TransactionalOperator separate = TransactionalOperator.create(
                new R2dbcTransactionManager(view),
                new DefaultTransactionDefinition(TransactionDefinition.PROPAGATION_REQUIRES_NEW));
        Mono<Long> onB = write(2).as(separate::transactional).contextWrite(usingConnection("b"));

        StepVerifier.create(onA(write(1).then(onB).then(write(3)).as(tx::transactional)))
                .expectNext(1L)
                .verifyComplete();
        assertThat(fleet.notesIn("a")).containsExactly(1, 3);
        assertThat(fleet.notesIn("b")).containsExactly(2);
    }

    @Test
    void managerAndClientShareTheTransactionThroughTheSameView() {
        assertThat(fleet.routed().forProduct(product.productName())).isSameAs(view);
        assertThat(view.getMetadata().getName()).isEqualTo(product.productName());

        Mono<Long> seenInside = write(1).then(client.sql("SELECT count(*) FROM note")
                .map(row -> ((Number) List.of(row.get(0)).get(0)).longValue())
                .one());
        StepVerifier.create(onA(seenInside
                        .flatMap(count -> Mono.<Long>error(new IllegalStateException("saw " + count)))
                        .as(tx::transactional)))
                .expectErrorMessage("saw 1")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aFluxOfRowsIsReadInsideATransaction() {
        Flux<Integer> ids = client.sql("SELECT id FROM note ORDER BY id")
                .map(row -> ((Number) List.of(row.get(0)).get(0)).intValue())
                .all();

        StepVerifier.create(write(1).then(write(2))
                        .thenMany(ids)
                        .as(tx::transactional)
                        .contextWrite(usingConnection("a")))
                .expectNext(1, 2)
                .verifyComplete();
    }

    @Test
    void aRouteToAnotherProductIsRefusedInWords() {
        fleet.registry().register("other", "r2dbc:sqlite:///unused.db");
        try {
            StepVerifier.create(who().contextWrite(usingConnection("other")))
                    .expectErrorSatisfies(
                            error -> assertThat(error).hasRootCauseInstanceOf(ProductMismatchException.class))
                    .verify(PATIENCE);
            assertThat(fleet.isOpen("other")).isFalse();
        } finally {
            fleet.registry().unregister("other").block(PATIENCE);
        }
    }
}
