package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.TransactionStateException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** One transaction in the databases of several products, committed one after the other. */
@Tag("once")
class BestEffortTests extends InSeveralDatabases {

    @Test
    void withoutAGuaranteeASecondDatabaseIsRefused() {
        StepVerifier.create(db.inTransaction(everywhere(1)).contextWrite(usingConnection("orders")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        assertNotes();
    }

    @Test
    void theBestEffortCommitsInEachDatabase() {
        StepVerifier.create(db.inTransaction(
                        tx -> everywhere(1)
                                .doOnNext(rows -> assertThat(tx.state()).isEqualTo(TransactionState.ACTIVE)),
                        BEST_EFFORT))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertNotes(1);
    }

    @Test
    void whoReadsSeesWhatTheTransactionHasWritten() {
        Mono<Long> count = db.sql("SELECT count(*) FROM note").map(Long.class).one();
        Mono<Long> read = count.contextWrite(readOnly()).contextWrite(usingConnection("orders"));
        StepVerifier.create(db.inTransaction(read.then(write("orders", 1)).then(read), BEST_EFFORT))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("orders")).containsExactly(1);
    }

    @Test
    void theBestEffortRollsBackInEachDatabase() {
        StepVerifier.create(db.inTransaction(
                        everywhere(1).then(Mono.error(new IllegalStateException("planned"))), BEST_EFFORT))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertNotes();
    }

    @Test
    void theBestEffortTellsExactlyWhatWasCommitted() {
        fleet.execute("orders", "CREATE TABLE slip (id INT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        Mono<Long> twice =
                db.sql("INSERT INTO slip VALUES (1), (1)").rowsUpdated().contextWrite(usingConnection("orders"));
        StepVerifier.create(db.inTransaction(write("billing", 1).then(twice).then(write("stock", 1)), BEST_EFFORT))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(PartlyCommittedException.class);
                    PartlyCommittedException partly = (PartlyCommittedException) error;
                    assertThat(partly.committed()).containsExactly("billing");
                    assertThat(partly.failed()).isEqualTo("orders");
                    assertThat(partly.isOutcomeUnknown()).isFalse();
                    assertThat(partly.rolledBack()).containsExactly("stock");
                })
                .verify(PATIENCE);
        assertThat(fleet.notesIn("billing")).containsExactly(1);
        assertThat(fleet.notesIn("stock")).isEmpty();
        fleet.execute("orders", "DROP TABLE slip");
    }

    @Test
    void severalDatabasesHaveNoSavepointInCommon() {
        TransactionOptions nested = TransactionOptions.defaults().withPropagation(Propagation.NESTED);
        StepVerifier.create(db.inTransaction(
                        write("orders", 1).then(db.inTransaction(write("billing", 1), nested)), BEST_EFFORT))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
        StepVerifier.create(db.inTransaction(tx -> write("orders", 1).then(tx.savepoint("s")), BEST_EFFORT))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
        assertNotes();
    }

    /** A part serves only what has all of its hints: left out, they would mean another database. */
    @Test
    void aStatementNeverLandsInAPartThatHasMoreHints() {
        Mono<Long> elsewhere = Mono.defer(() -> write("file", 1));
        StepVerifier.create(db.inTransaction(
                        write("orders", 1)
                                .contextWrite(Routing.readWrite())
                                .then(elsewhere)
                                .then(fleet.write(2).contextWrite(usingConnection("orders"))),
                        BEST_EFFORT))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("orders")).containsExactly(1, 2);
        assertThat(fleet.notesIn("file")).containsExactly(1);
        Context tenant =
                Routing.usingShardKey(7).apply(usingConnection("orders").apply(Context.empty()));
        HintBinding wide = fleet.routed().bind(tenant);
        assertThat(wide.serves(RouteHints.from(usingConnection("orders").apply(Context.empty()))))
                .isFalse();
        assertThat(wide.serves(RouteHints.from(tenant))).isTrue();
        assertThat(wide.serves(RouteHints.from(Routing.readOnly().apply(tenant))))
                .isTrue();
        HintBinding reading = fleet.routed().bind(Routing.readOnly().apply(tenant));
        assertThat(reading.serves(RouteHints.from(tenant))).isFalse();
    }
}
