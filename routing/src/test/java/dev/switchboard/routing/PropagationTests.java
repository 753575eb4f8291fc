package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.BudgetDeadlockException;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.R2dbcRollbackException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** How transactions meet, how long they may take, and when they begin again. */
@Tag("once")
class PropagationTests extends TransactionsOnEveryProduct {

    private static TransactionOptions with(Propagation propagation) {
        return TransactionOptions.defaults().withPropagation(propagation);
    }

    @Test
    void aNewTransactionStandsWhateverBecomesOfTheOuterOne() {
        Mono<Long> inner =
                db.inTransaction(fleet.write(2), with(Propagation.REQUIRES_NEW)).contextWrite(usingConnection("b"));
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(inner).then(failing()))))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(fleet.notesIn("b")).containsExactly(2);
    }

    @Test
    void aNewTransactionThatFailsLeavesTheOuterOneAlone() {
        Mono<Long> inner = db.inTransaction(fleet.write(2).then(failing()), with(Propagation.REQUIRES_NEW))
                .contextWrite(usingConnection("b"))
                .onErrorResume(error -> Mono.just(0L));
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(inner).then(fleet.write(3)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 3);
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    @Test
    void aNewTransactionOnTheSameConnectionNameDoesNotSeeTheOuterOne() {
        TransactionOptions own = with(Propagation.REQUIRES_NEW);
        Mono<Integer> inner = db.inTransaction(fleet.notes(), product == Product.SQLITE ? own.withReadOnly(true) : own)
                .map(List::size);
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(inner))))
                .expectNext(0)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aNewTransactionThatWouldWaitForItsOwnOuterOneFailsAtOnce() {
        try (Fleet small = new Fleet().add(product, "small", 1)) {
            Mono<Long> inner = small.db().inTransaction(small.write(2), with(Propagation.REQUIRES_NEW));
            StepVerifier.create(
                            small.db().inTransaction(small.write(1).then(inner)).contextWrite(usingConnection("small")))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(BudgetDeadlockException.class)
                            .hasMessageContaining("raise the maxSize"))
                    .verify(PATIENCE);
            assertThat(small.notesIn("small")).isEmpty();
        }
    }

    @Test
    void mandatoryWorkNeedsARunningTransaction() {
        StepVerifier.create(onA(db.inTransaction(fleet.write(1), with(Propagation.MANDATORY))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("MANDATORY"))
                .verify(PATIENCE);
        StepVerifier.create(onA(db.inTransaction(db.inTransaction(fleet.write(2), with(Propagation.MANDATORY))
                        .then(failing()))))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void supportingWorkJoinsOrCommitsByItself() {
        Flux<Long> work = db.inTransaction(Flux.concat(fleet.write(1), failing()), with(Propagation.SUPPORTS));
        StepVerifier.create(work.contextWrite(usingConnection("a")))
                .expectNext(1L)
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1);
        fleet.clearNotes();
        StepVerifier.create(onA(db.inTransaction(work.then())))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void workThatNeverRunsInATransactionRefusesOne() {
        StepVerifier.create(onA(db.inTransaction(
                        tx -> tx.savepoint("s").onErrorComplete().then(fleet.write(1)), with(Propagation.NEVER))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(onA(db.inTransaction(db.inTransaction(fleet.write(2), with(Propagation.NEVER)))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("NEVER"))
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1);
    }

    @Test
    void workWithoutATransactionHasNothingToSetOrToWaitFor() {
        Mono<Long> work = db.inTransaction(
                tx -> {
                    assertThat(tx.state()).isEqualTo(TransactionState.NOT_STARTED);
                    assertThat(tx.isRollbackOnly()).isFalse();
                    tx.afterCommit(Mono.empty());
                    return fleet.write(1);
                },
                with(Propagation.SUPPORTS));
        StepVerifier.create(onA(work))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("no transaction is running"))
                .verify(PATIENCE);
    }

    @Test
    void workThatTakesTooLongIsRolledBack() {
        TransactionOptions options = TransactionOptions.defaults().withTimeout(Duration.ofMillis(50));
        AtomicInteger cancels = new AtomicInteger();
        Mono<Long> endless = Mono.<Long>never().doOnCancel(cancels::incrementAndGet);
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(endless), options)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionTimeoutException.class)
                        .hasMessageContaining("50 ms"))
                .verify(PATIENCE);
        StepVerifier.create(db.inTransaction(fleet.write(1).concatWith(endless), options)
                        .then()
                        .contextWrite(usingConnection("a")))
                .expectError(TransactionTimeoutException.class)
                .verify(PATIENCE);
        assertThat(cancels).as("what was still running is stopped").hasValue(2);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    private static Mono<Long> conflictingUntil(AtomicInteger runs, int success) {
        return Mono.defer(() -> runs.incrementAndGet() < success
                ? Mono.error(new R2dbcRollbackException("a conflict", "40001"))
                : Mono.just(0L));
    }

    private static TransactionOptions repeated(long repetitions) {
        return TransactionOptions.defaults().retryOnSerializationFailure(repetitions, Duration.ofMillis(1));
    }

    @Test
    void aConflictBeginsTheWholeTransactionAgain() {
        AtomicInteger runs = new AtomicInteger();
        StepVerifier.create(onA(db.inTransaction(
                        fleet.write(1).then(conflictingUntil(runs, 3)).then(fleet.write(2)), repeated(2))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(runs).hasValue(3);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);
    }

    @Test
    void theConflictPassesOnWhenItHasBeenRepeatedOftenEnoughOrIsNotTheOutermost() {
        AtomicInteger runs = new AtomicInteger();
        Mono<Long> work = fleet.write(1).then(conflictingUntil(runs, 9));
        StepVerifier.create(onA(db.inTransaction(work, repeated(2))))
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        assertThat(runs).hasValue(3);
        StepVerifier.create(onA(db.inTransaction(db.inTransaction(work, repeated(2)))))
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        assertThat(runs).hasValue(4);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aFluxBeginsAgainOnlyWhileItIsSilent() {
        AtomicInteger runs = new AtomicInteger();
        StepVerifier.create(db.inTransaction(
                                Flux.concat(conflictingUntil(runs, 2).then(fleet.write(1)), fleet.write(2)),
                                repeated(2))
                        .contextWrite(usingConnection("a")))
                .expectNext(1L, 1L)
                .expectComplete()
                .verify(PATIENCE);
        runs.set(0);
        StepVerifier.create(db.inTransaction(Flux.concat(fleet.write(3), conflictingUntil(runs, 2)), repeated(2))
                        .contextWrite(usingConnection("a")))
                .expectNext(1L)
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        assertThat(runs).hasValue(1);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);
    }
}
