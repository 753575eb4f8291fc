package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.switchboard.core.TransactionStateException;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class TransactionTests extends TransactionsOnEveryProduct {

    @Test
    void aTransactionCommitsWhenItCompletes() {
        StepVerifier.create(onA(fleet.write(1).then(fleet.write(2)).as(db::inTransaction)))
                .expectNext(1L)
                .verifyComplete();
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);
    }

    @Test
    void theValueArrivesWhenTheCommitIsDone() {
        assertThat(onA(db.inTransaction(fleet.write(1))).map(n -> fleet.inUse()).block(PATIENCE))
                .isZero();
    }

    @Test
    void aTransactionRollsBackWhenItFails() {
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(failing()))))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aTransactionRollsBackWhenItIsCancelled() {
        Sinks.Empty<Void> written = Sinks.empty();
        Mono<Long> work =
                fleet.write(1).doOnNext(rows -> written.tryEmitEmpty()).then(Mono.never());

        StepVerifier.create(onA(db.inTransaction(work)))
                .then(() -> written.asMono().block(PATIENCE))
                .thenCancel()
                .verify(PATIENCE);
        fleet.awaitRest();
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aFluxCommitsAfterItsLastValueAndTakeOutsideRollsBack() {
        Flux<Long> work = db.inTransaction(Flux.concat(fleet.write(1), fleet.write(2)));

        StepVerifier.create(work.contextWrite(usingConnection("a")))
                .expectNext(1L, 1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);

        fleet.clearNotes();
        StepVerifier.create(work.take(1).contextWrite(usingConnection("a")))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        fleet.awaitRest();
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aTransactionWithoutSqlCostsNoConnection() {
        try (Fleet fresh = Fleet.of(product, "c")) {
            fresh.registry().dispose("c").block(PATIENCE);

            StepVerifier.create(fresh.db().inTransaction(Mono.just(1)).contextWrite(usingConnection("c")))
                    .expectNext(1)
                    .verifyComplete();
            StepVerifier.create(fresh.db().inTransaction(Flux.just(1, 2)).contextWrite(usingConnection("c")))
                    .expectNext(1, 2)
                    .verifyComplete();
            assertThat(fresh.isOpen("c")).isFalse();
        }
    }

    @Test
    void anInnerTransactionJoinsTheOuterOne() {
        Mono<Long> work = db.inTransaction(fleet.write(1))
                .then(db.inTransaction(fleet.write(2)))
                .then(failing());

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aSwallowedFailureOfAJoinedTransactionFailsTheCommit() {
        Mono<Long> work = fleet.write(1)
                .then(db.inTransaction(failing()).onErrorResume(error -> Mono.just(0L)))
                .then(fleet.write(2));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RollbackOnlyException.class)
                        .hasRootCauseMessage("planned"))
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aCancelledJoinedTransactionFailsTheCommit() {
        Mono<Long> work =
                db.inTransaction(Flux.concat(fleet.write(1), fleet.write(2))).next();

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectError(RollbackOnlyException.class)
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void anotherRouteInsideATransactionIsRefused() {
        Mono<Long> work = fleet.write(1).then(fleet.write(2).contextWrite(usingConnection("b")));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        StepVerifier.create(
                        onA(db.inTransaction(db.inTransaction(fleet.write(2)).contextWrite(usingConnection("b")))))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    @Test
    void theSameRouteMayBeRepeatedInsideATransaction() {
        StepVerifier.create(
                        onA(db.inTransaction(fleet.write(1).then(fleet.write(2)).contextWrite(usingConnection("a")))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);
    }

    @Test
    void aHintInsideTheBoundaryIsToldToMoveOutside() {
        StepVerifier.create(db.inTransaction(onA(fleet.write(1))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RouteConflictException.class)
                        .hasMessageContaining("Write the hint outside of the transaction"))
                .verify(PATIENCE);

        fleet.registry().defaultConnection("b");
        try {
            StepVerifier.create(db.inTransaction(onA(fleet.write(1))))
                    .expectError(RouteConflictException.class)
                    .verify(PATIENCE);
        } finally {
            fleet.registry().noDefaultConnection();
        }
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    @Test
    void readingInsideAWritingTransactionSeesItsWrites() {
        Mono<Integer> work =
                fleet.write(1).then(fleet.notes().contextWrite(readOnly())).map(notes -> notes.size());

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectNext(1)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void writingInsideAReadingScopeIsRefused() {
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).contextWrite(readWrite())))
                        .contextWrite(readOnly()))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void transactionsOnTwoConnectionsAreIndependent() {
        Mono<Long> work = db.inTransaction(fleet.write(1))
                .contextWrite(usingConnection("a"))
                .then(db.inTransaction(fleet.write(2).then(failing())).contextWrite(usingConnection("b")));

        StepVerifier.create(work).expectErrorMessage("planned").verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1);
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    @Test
    void clientsOverAFactoryAndItsViewsShareTheTransaction() {
        SqlClient sameFactory = SqlClient.over(fleet.routed());
        SqlClient view = SqlClient.over(fleet.routed().forProduct(product.productName()));
        Mono<Long> work = sameFactory
                .sql("SELECT count(*) FROM note")
                .map(Long.class)
                .one()
                .zipWith(view.sql("SELECT count(*) FROM note").map(Long.class).one(), Long::sum);

        StepVerifier.create(onA(view.inTransaction(fleet.write(1).then(work))))
                .expectNext(2L)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void optionsOfAnInnerTransactionMustFitTheOuterOne() {
        TransactionOptions serializable = TransactionOptions.defaults().withIsolationLevel(IsolationLevel.SERIALIZABLE);

        StepVerifier.create(onA(db.inTransaction(db.inTransaction(fleet.write(1), serializable), serializable)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(onA(db.inTransaction(db.inTransaction(fleet.write(2), serializable))))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1);
    }

    @Test
    void aCommitThatFailsReachesTheCaller() {
        assumeThat(product).as("defers constraints to the commit").isIn(Product.POSTGRESQL, Product.SQLITE);
        fleet.execute("a", "CREATE TABLE parent (id INT PRIMARY KEY)");
        fleet.execute("a", "CREATE TABLE child (parent INT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
        Mono<Long> orphan = db.sql("INSERT INTO child VALUES (1)").rowsUpdated();

        StepVerifier.create(onA(db.inTransaction(orphan)))
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(PATIENCE);
        assertThat(onA(db.sql("SELECT count(*) FROM child").map(Long.class).one())
                        .block(PATIENCE))
                .isZero();
    }
}
