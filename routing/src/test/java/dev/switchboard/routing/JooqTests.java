package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.unquotedName;
import static org.jooq.impl.DSL.using;

import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** jOOQ for Java 17 subscribes with plain subscribers and loses the Context; a captured factory brings it back. */
@ParameterizedClass(name = "{0}")
@MethodSource("products")
class JooqTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Table<Record> NOTE = table(unquotedName("note"));
    private static final Field<Integer> ID = field(unquotedName("id"), Integer.class);
    private static final Field<String> BODY = field(unquotedName("body"), String.class);
    private static final Field<String> NAME = field(unquotedName("name"), String.class);

    private static Fleet fleet = new Fleet();

    @Parameter
    Product product;

    static Stream<Product> products() {
        return Stream.of(Product.POSTGRESQL, Product.MYSQL, Product.MARIADB, Product.SQLITE, Product.H2);
    }

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a", "b");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
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

    private SQLDialect dialect() {
        return switch (product) {
            case POSTGRESQL -> SQLDialect.POSTGRES;
            case MYSQL -> SQLDialect.MYSQL;
            case MARIADB -> SQLDialect.MARIADB;
            case SQLITE -> SQLDialect.SQLITE;
            case H2 -> SQLDialect.H2;
        };
    }

    /** The recipe: a context of jOOQ for each subscription, over a factory that holds the subscriber's Context. */
    private <T> Flux<T> jooq(Function<DSLContext, Publisher<T>> query) {
        return Flux.deferContextual(context -> query.apply(
                using(fleet.routed().forProduct(product.productName()).captured(context), dialect())));
    }

    private Flux<String> who() {
        return jooq(jooq ->
                Flux.from(jooq.select(NAME).from(table(unquotedName("who")))).map(row -> row.value1()));
    }

    private static Publisher<Integer> insert(DSLContext jooq, int id) {
        return jooq.insertInto(NOTE).columns(ID, BODY).values(id, "by jOOQ");
    }

    @Test
    void aQueryRunsWhereTheContextSays() {
        StepVerifier.create(who().contextWrite(usingConnection("a")))
                .expectNext("a")
                .verifyComplete();
        StepVerifier.create(who().contextWrite(usingConnection("b")))
                .expectNext("b")
                .verifyComplete();
        assertThat(fleet.routed().statementsWithoutContext()).isZero();
    }

    @Test
    void withoutTheRecipeTheContextIsLostAndNothingIsGuessed() {
        DSLContext bare = using(fleet.routed().forProduct(product.productName()), dialect());

        StepVerifier.create(Flux.from(bare.select(NAME).from(table(unquotedName("who"))))
                        .contextWrite(usingConnection("a")))
                .expectErrorSatisfies(error -> assertThat(error).hasRootCauseInstanceOf(NoRouteException.class))
                .verify(PATIENCE);
    }

    @Test
    void aStatementAndABatchWriteWhereTheContextSays() {
        Mono<Integer> one = jooq(jooq -> insert(jooq, 1)).next();
        Flux<Integer> batch = jooq(jooq -> jooq.batch(
                jooq.insertInto(NOTE).columns(ID, BODY).values(2, "x"),
                jooq.insertInto(NOTE).columns(ID, BODY).values(3, "y")));
        Flux<Integer> bound =
                jooq(jooq -> jooq.batch(jooq.insertInto(NOTE).columns(ID, BODY).values(0, ""))
                        .bind(4, "x")
                        .bind(5, "y"));

        StepVerifier.create(Flux.concat(one, batch, bound).contextWrite(usingConnection("a")))
                .expectNextCount(5)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2, 3, 4, 5);
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    @Test
    void rowsAreStreamedFromWhereTheContextSays() {
        Mono<Integer> write = jooq(jooq -> jooq.insertInto(NOTE)
                        .columns(ID, BODY)
                        .valuesOfRows(IntStream.rangeClosed(1, 500)
                                .mapToObj(id -> row(id, "by jOOQ"))
                                .toList()))
                .next();
        Flux<Integer> read = jooq(jooq -> jooq.select(ID).from(NOTE).orderBy(ID))
                .map(row -> row.value1())
                .limitRate(16);

        StepVerifier.create(write.thenMany(read).contextWrite(usingConnection("b")))
                .expectNextSequence(IntStream.rangeClosed(1, 500).boxed().toList())
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aTransactionCommitsAndRollsBackWhereTheContextSays() {
        Flux<Integer> committed = jooq(jooq ->
                jooq.transactionPublisher(inside -> Flux.concat(insert(inside.dsl(), 1), insert(inside.dsl(), 2))));
        Flux<Integer> rolledBack = jooq(jooq -> jooq.transactionPublisher(
                inside -> Flux.concat(insert(inside.dsl(), 3), Mono.error(new IllegalStateException("planned")))));

        StepVerifier.create(committed.contextWrite(usingConnection("b")))
                .expectNextCount(2)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(rolledBack.contextWrite(usingConnection("b")))
                .expectNextCount(1)
                .expectErrorSatisfies(error -> assertThat(error).hasStackTraceContaining("planned"))
                .verify(PATIENCE);
        assertThat(fleet.notesIn("b")).containsExactly(1, 2);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aNestedTransactionIsASavepoint() {
        Flux<Integer> work = jooq(jooq -> jooq.transactionPublisher(outer -> Flux.concat(
                insert(outer.dsl(), 1),
                Flux.from(outer.dsl()
                                .transactionPublisher(inner -> Flux.concat(
                                        insert(inner.dsl(), 2), Mono.error(new IllegalStateException("planned")))))
                        .onErrorComplete(),
                insert(outer.dsl(), 3))));

        StepVerifier.create(work.contextWrite(usingConnection("a")))
                .expectNextCount(3)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 3);
    }

    @Test
    void anotherRouteInsideATransactionIsAConflict() {
        Flux<String> work = jooq(jooq -> jooq.transactionPublisher(inside -> Flux.from(
                        inside.connectionFactory().create())
                .concatMap(handle -> Flux.from(
                                handle.createStatement("SELECT name FROM who").execute())
                        .concatMap(result -> result.map(row -> String.valueOf(row.get(0)))))
                .contextWrite(usingConnection("b"))));

        StepVerifier.create(work.contextWrite(usingConnection("a")))
                .expectErrorSatisfies(
                        error -> assertThat(error).hasStackTraceContaining(RouteConflictException.class.getName()))
                .verify(PATIENCE);
    }

    @Test
    void aCapturedFactoryHasTheMetadataOfItsView() {
        assertThat(fleet.routed()
                        .forProduct("PostgreSQL")
                        .captured(Context.empty())
                        .getMetadata()
                        .getName())
                .isEqualTo("PostgreSQL");
        assertThat(fleet.routed().getMetadata().getName()).isEqualTo("Switchboard");
    }
}
