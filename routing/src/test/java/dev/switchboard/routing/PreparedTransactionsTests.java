package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.core.UnsupportedFeatureException;
import dev.switchboard.routing.PreparedTransactions.Step;
import io.r2dbc.spi.R2dbcException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** All databases of a transaction commit or none, whoever dies when. */
@Tag("once")
class PreparedTransactionsTests extends InSeveralDatabases {

    @Test
    void aPreparedTransactionCommitsInEachDatabaseAndLeavesNoTrace() {
        List<Step> steps = new CopyOnWriteArrayList<>();
        StepVerifier.create(db.inTransaction(
                        everywhere(1).then(db.inTransaction(everywhere(2))),
                        prepared(step -> Mono.fromRunnable(() -> steps.add(step)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertNotes(1, 2);
        assertThat(steps).containsExactly(Step.values());
        assertThat(prepared()).isEmpty();
        assertThat(decisions()).isEmpty();
    }

    private static List<String> decisions() {
        return db.sql("SELECT decision FROM switchboard_decision")
                .map(String.class)
                .all()
                .collectList()
                .contextWrite(usingConnection("orders"))
                .block(PATIENCE);
    }

    @Test
    void aPreparedTransactionRollsBackInEachDatabase() {
        StepVerifier.create(db.inTransaction(
                        everywhere(1).then(Mono.error(new IllegalStateException("planned"))),
                        prepared(step -> Mono.empty())))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertNotes();
    }

    @Test
    void onePreparableDatabaseAloneIsCommittedInOnePhase() {
        for (String name : NAMES) {
            StepVerifier.create(db.inTransaction(
                            write(name, 1), prepared(step -> Mono.error(new AssertionError("two phases")))))
                    .expectNext(1L)
                    .expectComplete()
                    .verify(PATIENCE);
        }
        assertNotes(1);
    }

    @Test
    void aFailureThatTheWorkHidesIsFoundBeforeItIsCommitted() {
        Mono<Long> hidden = write("orders", 1).onErrorReturn(0L);
        StepVerifier.create(db.inTransaction(
                        write("billing", 1).then(write("orders", 1)).then(hidden), prepared(step -> Mono.empty())))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RollbackOnlyException.class)
                        .hasMessageContaining("its error was not let through"))
                .verify(PATIENCE);
        assertNotes();
    }

    @ParameterizedTest
    @EnumSource(
            value = Step.class,
            names = {"BEFORE_PREPARE", "ONE_PREPARED", "BEFORE_DECISION"})
    void whatFailsBeforeTheDecisionRollsBackEverywhere(Step failing) {
        StepVerifier.create(db.inTransaction(
                        everywhere(1),
                        prepared(step ->
                                step == failing ? Mono.error(new IllegalStateException("planned")) : Mono.empty())))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertNotes();
        assertThat(prepared()).isEmpty();
    }

    /** Everything stops at a step, and all connections go, as if the process had died. */
    @ParameterizedTest
    @EnumSource(Step.class)
    void whoeverDiesAtAnyStepLeavesAllOrNothing(Step deadly) {
        try (Fleet dying = new Fleet()) {
            NAMES.forEach(name -> dying.registry()
                    .register(
                            ConnectionDefinition.of(name, fleet.databaseOf(name).url())
                                    .withPool(pool -> pool.drainTimeout(Duration.ofMillis(1)))));
            Sinks.Empty<Void> reached = Sinks.empty();
            PreparedTransactions mortal = PreparedTransactions.builder(dying.routed(), "orders")
                    .owner("tests")
                    .databases("orders", "billing", "stock")
                    .steps(step -> step == deadly
                            ? Mono.fromRunnable(reached::tryEmitEmpty).then(Mono.never())
                            : Mono.empty())
                    .build();
            Mono<Long> work = Flux.just("orders", "billing", "stock")
                    .concatMap(name -> dying.write(1).contextWrite(usingConnection(name)))
                    .reduce(Long::sum);
            StepVerifier.create(dying.db()
                            .inTransaction(work, TransactionOptions.defaults().withPrepared(mortal)))
                    .then(() -> reached.asMono().block(PATIENCE))
                    .then(() -> dying.registry().close().block(PATIENCE))
                    .thenCancel()
                    .verify(PATIENCE);
        }
        List<RecoveredBranch> recovered = later().recover().collectList().block(PATIENCE);
        boolean committed = deadly.compareTo(Step.DECIDED) >= 0;
        if (committed) {
            assertNotes(1);
        } else {
            assertNotes();
        }
        assertThat(prepared()).isEmpty();
        assertThat(recovered)
                .allMatch(branch ->
                        branch.state() == (committed ? TransactionState.COMMITTED : TransactionState.ROLLED_BACK));
    }

    @Test
    void aCoordinatorThatTheRecoveryHasOvertakenObeysIt() {
        StepVerifier.create(db.inTransaction(
                        everywhere(1),
                        prepared(step ->
                                step == Step.BEFORE_DECISION ? later().recover().then() : Mono.empty())))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RollbackOnlyException.class)
                        .hasMessageContaining("the recovery decided against it"))
                .verify(PATIENCE);
        assertNotes();
    }

    @Test
    void aCancelAfterTheDecisionStopsNothing() {
        Sinks.Empty<Void> decided = Sinks.empty();
        Sinks.Empty<Void> left = Sinks.empty();
        Sinks.Empty<Void> done = Sinks.empty();
        StepVerifier.create(db.inTransaction(
                        tx -> {
                            tx.afterCommit(Mono.fromRunnable(done::tryEmitEmpty));
                            return everywhere(1);
                        },
                        prepared(step -> step == Step.DECIDED
                                ? Mono.fromRunnable(decided::tryEmitEmpty).then(left.asMono())
                                : Mono.empty())))
                .then(() -> decided.asMono().block(PATIENCE))
                .thenCancel()
                .verify(PATIENCE);
        left.tryEmitEmpty();
        done.asMono().block(PATIENCE);
        fleet.awaitRest();
        assertNotes(1);
        assertThat(prepared()).isEmpty();
    }

    @Test
    void youngTransactionsAndThoseOfOthersAreLeftAlone() {
        PreparedTransactions other = PreparedTransactions.builder(fleet.routed(), "orders")
                .owner("others")
                .databases("orders", "billing", "stock")
                .clock(Clock.fixed(Instant.now().plus(Duration.ofHours(1)), ZoneOffset.UTC))
                .build();
        StepVerifier.create(db.inTransaction(
                        everywhere(1),
                        prepared(step -> step == Step.BEFORE_DECISION
                                ? Flux.concat(
                                                other.recover(),
                                                coordinator(unused -> Mono.empty())
                                                        .recover())
                                        .collectList()
                                        .doOnNext(found -> assertThat(found).isEmpty())
                                        .then()
                                : Mono.empty())))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertNotes(1);
    }

    @Test
    void whatCannotBePreparedOrRecoveredIsRefused() {
        PreparedTransactions narrow = PreparedTransactions.builder(fleet.routed(), "orders")
                .owner("tests")
                .databases("orders", "file")
                .build();
        TransactionOptions options = TransactionOptions.defaults().withPrepared(narrow);
        StepVerifier.create(db.inTransaction(write("orders", 1).then(write("billing", 1)), options))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("is not recovered after a crash")
                        .hasMessageContaining("[file, orders]"))
                .verify(PATIENCE);
        StepVerifier.create(db.inTransaction(write("orders", 1).then(write("file", 1)), options))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(UnsupportedFeatureException.class)
                        .hasMessageContaining("SQLite does not support"))
                .verify(PATIENCE);
        assertNotes();
        assertThat(fleet.notesIn("file")).isEmpty();
    }

    @Test
    void aLogThatCannotDecideIsFoundBeforeAnythingIsPrepared() {
        PreparedTransactions careless = PreparedTransactions.builder(fleet.routed(), "billing")
                .owner("tests")
                .databases("orders", "billing")
                .steps(step -> Mono.error(new AssertionError("prepares")))
                .build();
        PreparedTransactions forgetful = PreparedTransactions.builder(fleet.routed(), "stock")
                .owner("tests")
                .databases("orders", "billing")
                .steps(step -> Mono.error(new AssertionError("prepares")))
                .build();
        Mono<Long> work = write("orders", 1).then(write("billing", 1));
        careless.createLog().block(PATIENCE);
        for (PreparedTransactions unusable : List.of(careless, forgetful)) {
            StepVerifier.create(
                            db.inTransaction(work, TransactionOptions.defaults().withPrepared(unusable)))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(R2dbcException.class)
                            .hasMessageContaining(unusable == careless ? "may lose a commit" : ""))
                    .verify(PATIENCE);
        }
        assertNotes();
    }

    @Test
    void aPartThatCannotBeFinishedDoesNotKeepTheOthersFromIt() {
        AtomicBoolean cut = new AtomicBoolean();
        Mono<Void> cutOrders = db.sql(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                + " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_prepared_xacts%'")
                .map(Long.class)
                .one()
                .doOnNext(killed -> cut.set(killed > 0))
                .contextWrite(ignored -> usingConnection("orders").apply(Context.empty()))
                .then();
        StepVerifier.create(db.inTransaction(
                        everywhere(1), prepared(step -> step == Step.DECIDED ? cutOrders : Mono.empty())))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(cut).isTrue();
        assertThat(fleet.notesIn("billing")).containsExactly(1);
        assertThat(fleet.notesIn("stock")).containsExactly(1);
        assertThat(later().recover().collectList().block(PATIENCE))
                .singleElement()
                .satisfies(branch -> {
                    assertThat(branch.connectionName()).isEqualTo("orders");
                    assertThat(branch.state()).isEqualTo(TransactionState.COMMITTED);
                });
        assertNotes(1);
    }

    @Test
    void anInnerTransactionCannotPromiseMoreThanTheOuterOne() {
        StepVerifier.create(db.inTransaction(
                        db.inTransaction(write("orders", 1), prepared(step -> Mono.empty())), BEST_EFFORT))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("asks for the guarantee PREPARED inside one that began with BEST_EFFORT"))
                .verify(PATIENCE);
        assertNotes();
    }

    @Test
    void namesThatAreNotOursAreLeftAlone() {
        for (String gid : List.of("sb-tests-x", "sb-tests-1-2.x", "sb-tests-.1", "sb-tests-zz-ff.1x")) {
            BranchId id = BranchId.ofPostgresql(gid);
            assertThat(id == null || !later().isOurs(id.transaction())).as(gid).isTrue();
        }
        assertThat(BranchId.ofXa(2, "sb-tests-1-ff", "1")).isNull();
        assertThat(BranchId.ofXa(1, "sb-tests-1-ff", "one")).isNull();
        BranchId own = BranchId.ofXa(1, later().newId(), "3");
        assertThat(own).isNotNull();
        assertThat(later().isOurs(own.transaction())).isTrue();
        assertThat(BranchId.ofPostgresql(own.forPostgresql())).isEqualTo(own);
    }

    @Test
    void aLogInAFileOfSqliteDecidesAsWell() {
        PreparedTransactions byFile = PreparedTransactions.builder(fleet.routed(), "file")
                .owner("tests")
                .databases("orders", "billing")
                .build();
        byFile.createLog().block(PATIENCE);
        StepVerifier.create(db.inTransaction(
                        write("orders", 1).then(write("billing", 1)),
                        TransactionOptions.defaults().withPrepared(byFile)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("orders")).containsExactly(1);
        assertThat(fleet.notesIn("billing")).containsExactly(1);
    }

    @Test
    void optionsThatCannotBeAreRefusedInWords() {
        assertThatThrownBy(() -> TransactionOptions.defaults().withGuarantee(TransactionGuarantee.PREPARED))
                .hasMessageContaining("withPrepared(coordinator)");
        assertThatThrownBy(() -> builder().owner("Robert'); --"))
                .hasMessageContaining("1 to 20 lower-case letters and digits");
        assertThatThrownBy(() ->
                        PreparedTransactions.builder(fleet.routed(), "orders").build())
                .hasMessageContaining("needs an owner(..)");
        assertThatThrownBy(() -> later().recoverEvery(Duration.ZERO)).hasMessageContaining("above zero");
        assertThatThrownBy(() -> builder().keepDecisions(Duration.ofMinutes(1)).build())
                .hasMessageContaining("at least 10 times as long");
    }
}
