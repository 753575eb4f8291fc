package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.using;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** jOOQ on the bare SQLite driver, without anything else of Switchboard. */
@Tag("once")
class BareJooqTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Table<Record> NOTE = table(name("note"));
    private static final Field<Integer> ID = field(name("id"), Integer.class);
    private static final Field<String> BODY = field(name("body"), String.class);

    private final Database database = Databases.create(Product.SQLITE);
    private final DSLContext jooq = using(ConnectionFactories.get(database.url()), SQLDialect.SQLITE);

    @BeforeEach
    void create() {
        Mono.from(jooq.createTable(NOTE).column(ID).column(BODY).primaryKey(ID)).block(PATIENCE);
    }

    @AfterEach
    void drop() {
        database.close();
    }

    private static Publisher<Integer> insert(DSLContext jooq, int id) {
        return jooq.insertInto(NOTE).columns(ID, BODY).values(id, "by jOOQ");
    }

    private List<Integer> ids() {
        List<Integer> ids = Flux.from(jooq.select(ID).from(NOTE).orderBy(ID))
                .map(found -> found.value1())
                .collectList()
                .block(PATIENCE);
        return ids == null ? List.of() : ids;
    }

    @Test
    void rowsAreCreatedReadUpdatedAndDeleted() {
        Mono<String> read =
                Mono.from(jooq.select(BODY).from(NOTE).where(ID.eq(1))).map(found -> found.value1());

        StepVerifier.create(Mono.from(insert(jooq, 1)).then(read))
                .expectNext("by jOOQ")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(Mono.from(jooq.update(NOTE).set(BODY, "changed").where(ID.eq(1)))
                        .then(read))
                .expectNext("changed")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(Mono.from(jooq.deleteFrom(NOTE).where(ID.eq(1))).then(read))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void batchesAndReturnedRowsWork() {
        Flux<Integer> bound =
                Flux.from(jooq.batch(jooq.insertInto(NOTE).columns(ID, BODY).values(0, ""))
                        .bind(4, "x")
                        .bind(5, "y"));
        Mono<Integer> returned = Mono.from(
                        jooq.insertInto(NOTE).columns(ID, BODY).values(6, "z").returning(ID))
                .map(found -> found.get(ID));

        StepVerifier.create(bound.thenMany(returned))
                .expectNext(6)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(ids()).containsExactly(4, 5, 6);
    }

    @Test
    void transactionsCommitRollBackAndNest() {
        Flux<Integer> work = Flux.from(jooq.transactionPublisher(outer -> Flux.concat(
                insert(outer.dsl(), 1),
                Flux.from(outer.dsl()
                                .transactionPublisher(inner -> Flux.concat(
                                        insert(inner.dsl(), 2), Mono.error(new IllegalStateException("planned")))))
                        .onErrorComplete(),
                insert(outer.dsl(), 3))));
        Flux<Integer> undone = Flux.from(jooq.transactionPublisher(
                inside -> Flux.concat(insert(inside.dsl(), 4), Mono.error(new IllegalStateException("planned")))));

        StepVerifier.create(work).expectNextCount(3).expectComplete().verify(PATIENCE);
        StepVerifier.create(undone)
                .expectNextCount(1)
                .expectErrorSatisfies(error -> assertThat(error).hasStackTraceContaining("planned"))
                .verify(PATIENCE);
        assertThat(ids()).containsExactly(1, 3);
    }

    @Test
    void rowsAreStreamed() {
        List<Integer> many = IntStream.rangeClosed(1, 5_000).boxed().toList();
        Mono<Integer> write = Mono.from(jooq.insertInto(NOTE)
                .columns(ID, BODY)
                .valuesOfRows(many.stream().map(id -> row(id, "by jOOQ")).toList()));
        Flux<Integer> read = Flux.from(jooq.select(ID).from(NOTE).orderBy(ID))
                .map(found -> found.value1())
                .limitRate(64);

        StepVerifier.create(write.thenMany(read))
                .expectNextSequence(many)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(read.take(2)).expectNext(1, 2).expectComplete().verify(PATIENCE);
    }
}
