package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionEvent;
import dev.switchboard.core.TransactionStateException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** What the work of a transaction can say to it: savepoints, a rollback, hooks. */
@Tag("once")
class TransactionHandleTests extends TransactionsOnEveryProduct {

    private final List<String> told = new CopyOnWriteArrayList<>();

    private Mono<Void> tell(String what) {
        return Mono.fromRunnable(() -> told.add(what));
    }

    @Test
    void savepointsAreSetReleasedAndRolledBackToByAnyName() {
        String hostile = "b\"; DELETE FROM note; --`";
        StepVerifier.create(onA(db.inTransaction(tx -> fleet.write(1)
                        .then(tx.savepoint(hostile))
                        .then(fleet.write(2))
                        .then(tx.rollbackTo(hostile))
                        .then(fleet.write(3))
                        .then(tx.release(hostile))
                        .then(fleet.write(4)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 3, 4);
    }

    @Test
    void aSavepointMayBeTheFirstThingInATransaction() {
        StepVerifier.create(onA(db.inTransaction(tx -> tx.savepoint("start")
                        .then(fleet.write(1))
                        .then(tx.rollbackTo("start"))
                        .then(fleet.write(2)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(2);
    }

    @Test
    void namesThatAreEmptyOrOfOurOwnAreRefused() {
        for (String name : List.of("", " ", "a\0b", "switchboard_1", "SWITCHBOARD_2")) {
            StepVerifier.create(onA(db.inTransaction(tx -> fleet.write(1).then(Mono.defer(() -> tx.savepoint(name))))))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("avepoint"))
                    .verify(PATIENCE);
        }
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aTransactionThatIsSetToRollBackKeepsItsValueAndNothingElse() {
        StepVerifier.create(onA(db.inTransaction(tx -> fleet.write(1)
                        .doOnNext(rows -> tx.setRollbackOnly())
                        .doOnNext(rows -> tx.beforeCommit(tell("before")))
                        .doOnNext(rows -> tx.afterRollback(tell("after " + tx.state())))
                        .map(rows -> tx.isRollbackOnly()))))
                .expectNext(true)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(told).containsExactly("after ACTIVE");
    }

    @Test
    void aNestedTransactionThatIsSetToRollBackUndoesItsOwnPart() {
        Mono<Long> inner = db.inTransaction(
                tx -> fleet.write(2).doOnNext(rows -> tx.setRollbackOnly()),
                TransactionOptions.defaults().withPropagation(Propagation.NESTED));
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(inner).then(fleet.write(3)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 3);
    }

    @Test
    void joinedWorkThatAsksForARollbackFailsTheOuterTransaction() {
        Mono<Long> inner = db.inTransaction(tx -> fleet.write(2).doOnNext(rows -> tx.setRollbackOnly()));
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(inner))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RollbackOnlyException.class)
                        .hasMessageContaining("asked for a rollback"))
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void theStateFollowsTheTransaction() {
        AtomicReference<Transaction> seen = new AtomicReference<>();
        List<TransactionState> states = new ArrayList<>();
        StepVerifier.create(onA(db.inTransaction(tx -> {
                    seen.set(tx);
                    states.add(tx.state());
                    assertThat(tx.connectionName()).isNull();
                    return fleet.write(1).doOnNext(rows -> states.add(tx.state()));
                })))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        states.add(seen.get().state());
        assertThat(seen.get().connectionName()).isEqualTo("a");
        StepVerifier.create(onA(db.inTransaction(tx -> {
                    seen.set(tx);
                    return fleet.write(2).then(failing());
                })))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        states.add(seen.get().state());
        assertThat(states)
                .containsExactly(
                        TransactionState.NOT_STARTED,
                        TransactionState.ACTIVE,
                        TransactionState.COMMITTED,
                        TransactionState.ROLLED_BACK);
        StepVerifier.create(seen.get().savepoint("late"))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("has ended, it is ROLLED_BACK"))
                .verify(PATIENCE);
    }

    @Test
    void hooksRunBeforeTheCommitInsideAndAfterItWithoutAConnection() {
        StepVerifier.create(onA(db.inTransaction(tx -> {
                    tx.beforeCommit(fleet.write(2).then(tell("before")));
                    tx.afterCommit(fleet.notes()
                            .doOnNext(notes -> told.add("after " + notes + " " + tx.state()))
                            .then());
                    tx.afterCommit(Mono.fromRunnable(() -> told.add("in use " + fleet.inUse())));
                    tx.afterRollback(tell("never"));
                    return fleet.write(1);
                })))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(told).containsExactly("before", "after [1, 2] COMMITTED", "in use 0");
    }

    @Test
    void aHookThatFailsBeforeTheCommitRollsBack() {
        StepVerifier.create(onA(db.inTransaction(tx -> {
                    tx.beforeCommit(failing().then());
                    tx.afterCommit(tell("never"));
                    tx.afterRollback(tell("rolled back"));
                    return fleet.write(1);
                })))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(told).containsExactly("rolled back");
    }

    @Test
    void hooksThatFailAfterTheCommitAllRunAndAreToldAsWhatTheyAre() {
        StepVerifier.create(onA(db.inTransaction(tx -> {
                    tx.afterCommit(failing().then());
                    tx.afterCommit(tell("second"));
                    return fleet.write(1);
                })))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionHookException.class)
                        .hasMessageContaining("was committed")
                        .hasRootCauseMessage("planned"))
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1);
        assertThat(told).containsExactly("second");
    }

    @Test
    void aHookThatFailsAfterARollbackRidesAlongWithTheErrorOfTheWork() {
        StepVerifier.create(onA(db.inTransaction(tx -> {
                    tx.afterRollback(Mono.error(new IllegalArgumentException("of the hook")));
                    return fleet.write(1).then(failing());
                })))
                .expectErrorSatisfies(error -> {
                    assertThat(error).hasMessage("planned");
                    assertThat(error.getSuppressed()[0])
                            .isInstanceOf(TransactionHookException.class)
                            .hasRootCauseMessage("of the hook");
                })
                .verify(PATIENCE);
    }

    @Test
    void hooksOfANestedTransactionShareItsFate() {
        TransactionOptions nested = TransactionOptions.defaults().withPropagation(Propagation.NESTED);
        Mono<Long> kept = db.inTransaction(
                tx -> {
                    tx.beforeCommit(tell("before, of the kept one"));
                    tx.afterCommit(tell("after, of the kept one"));
                    return fleet.write(2);
                },
                nested);
        Mono<Long> undone = db.inTransaction(
                tx -> {
                    tx.beforeCommit(tell("never"));
                    tx.afterCommit(tell("never"));
                    tx.afterRollback(tell("undone"));
                    return fleet.write(3).then(failing());
                },
                nested);
        StepVerifier.create(onA(db.inTransaction(tx -> fleet.write(1)
                        .then(kept)
                        .then(undone.onErrorResume(error -> Mono.empty()))
                        .then(tell("work done"))
                        .then(fleet.write(4)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2, 4);
        assertThat(told).containsExactly("undone", "work done", "before, of the kept one", "after, of the kept one");
    }

    @Test
    void aCancelIsAnEventAndRunsTheHooksOfARollback() {
        Sinks.One<ConnectionEvent> event = Sinks.one();
        Sinks.Empty<Void> rolledBack = Sinks.empty();
        Disposable listening = fleet.registry()
                .events()
                .filter(ConnectionEvent.TransactionCancelled.class::isInstance)
                .subscribe(event::tryEmitValue);
        Flux<Long> work = db.inTransactionMany(tx -> {
            tx.afterRollback(Mono.fromRunnable(rolledBack::tryEmitEmpty));
            return Flux.concat(fleet.write(1), fleet.write(2));
        });
        StepVerifier.create(work.take(1).contextWrite(usingConnection("a")))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        rolledBack.asMono().block(PATIENCE);
        fleet.awaitRest();
        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(event.asMono().block(PATIENCE)).satisfies(cancelled -> {
            assertThat(cancelled.name()).isEqualTo("a");
            assertThat(cancelled.reason()).contains("TransactionHandleTests.java:");
        });
        listening.dispose();
    }
}
