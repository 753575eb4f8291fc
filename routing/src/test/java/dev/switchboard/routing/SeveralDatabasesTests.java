package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.core.UnsupportedFeatureException;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.PreparedTransactions.Step;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** One transaction in the databases of several products. */
@Tag("once")
class SeveralDatabasesTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> NAMES = List.of("billing", "orders", "stock");
    private static final TransactionOptions BEST_EFFORT =
            TransactionOptions.defaults().withGuarantee(TransactionGuarantee.BEST_EFFORT);

    private static Fleet fleet = new Fleet();
    private static SqlClient db = fleet.db();

    @BeforeAll
    static void start() {
        fleet = new Fleet()
                .add(Product.MARIADB, "billing")
                .add(Product.SQLITE, "file")
                .add(Product.POSTGRESQL, "orders")
                .add(Product.MYSQL, "stock");
        db = fleet.db();
        coordinator(step -> Mono.empty()).createLog().block(PATIENCE);
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    @AfterEach
    void nothingIsLeft() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
        later().recover().collectList().block(PATIENCE);
        assertThat(prepared()).isEmpty();
        fleet.execute("orders", "DELETE FROM switchboard_decision");
        fleet.clearNotes();
    }

    private static PreparedTransactions.Builder builder() {
        return PreparedTransactions.builder(fleet.routed(), "orders")
                .owner("tests")
                .databases("orders", "billing", "stock");
    }

    private static PreparedTransactions coordinator(Function<Step, Mono<Void>> steps) {
        return builder().steps(steps).build();
    }

    /** A coordinator of the next hour, to which all that is prepared is abandoned. */
    private static PreparedTransactions later() {
        return builder()
                .clock(Clock.fixed(Instant.now().plus(Duration.ofHours(1)), ZoneOffset.UTC))
                .build();
    }

    private static TransactionOptions prepared(Function<Step, Mono<Void>> steps) {
        return TransactionOptions.defaults().withPrepared(coordinator(steps));
    }

    /** What is prepared anywhere at all. */
    private static List<String> prepared() {
        Mono<List<String>> postgresql = db.sql("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'sb-tests-%'")
                .map(String.class)
                .all()
                .collectList()
                .contextWrite(usingConnection("orders"));
        Flux<String> xa = Flux.just("billing", "stock")
                .concatMap(name -> db.sql("XA RECOVER")
                        .map(row -> String.valueOf(row.get(0)))
                        .all()
                        .contextWrite(usingConnection(name)));
        return Mono.zip(postgresql, xa.collectList(), (one, other) -> Flux.concat(
                                Flux.fromIterable(one), Flux.fromIterable(other))
                        .collectList())
                .flatMap(all -> all)
                .block(PATIENCE);
    }

    private static Mono<Long> write(String name, int id) {
        return fleet.write(id).contextWrite(usingConnection(name));
    }

    private static Mono<Long> everywhere(int id) {
        return write("orders", id).then(write("billing", id)).then(write("stock", id));
    }

    private static void assertNotes(Integer... notes) {
        NAMES
                .forEach(name -> assertThat(fleet.notesIn(name)).as(name).containsExactly(notes));
    }

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
                        tx -> everywhere(1).doOnNext(rows -> assertThat(tx.state()).isEqualTo(TransactionState.ACTIVE)),
                        BEST_EFFORT))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertNotes(1);
    }

    @Test
    void theBestEffortRollsBackInEachDatabase() {
        StepVerifier.create(db.inTransaction(everywhere(1).then(Mono.error(new IllegalStateException("planned"))), BEST_EFFORT))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertNotes();
    }

    @Test
    void theBestEffortTellsExactlyWhatWasCommitted() {
        fleet.execute("orders", "CREATE TABLE slip (id INT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        Mono<Long> twice = db.sql("INSERT INTO slip VALUES (1), (1)")
                .rowsUpdated()
                .contextWrite(usingConnection("orders"));
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
        StepVerifier.create(db.inTransaction(write("orders", 1).then(db.inTransaction(write("billing", 1), nested)), BEST_EFFORT))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
        StepVerifier.create(db.inTransaction(tx -> write("orders", 1).then(tx.savepoint("s")), BEST_EFFORT))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
        assertNotes();
    }

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
                        everywhere(1).then(Mono.error(new IllegalStateException("planned"))), prepared(step -> Mono.empty())))
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
                        prepared(step -> step == failing ? Mono.error(new IllegalStateException("planned")) : Mono.empty())))
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
            NAMES
                    .forEach(name -> dying.registry()
                            .register(ConnectionDefinition.of(name, fleet.databaseOf(name).url())
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
            StepVerifier.create(dying.db().inTransaction(work, TransactionOptions.defaults().withPrepared(mortal)))
                    .then(() -> reached.asMono().block(PATIENCE))
                    .then(() -> dying.registry().close().block(PATIENCE))
                    .thenCancel()
                    .verify(PATIENCE);
        }
        List<RecoveredBranch> recovered = later().recover().collectList().block(PATIENCE);
        boolean committed = deadly.ordinal() >= Step.DECIDED.ordinal();
        if (committed) {
            assertNotes(1);
        } else {
            assertNotes();
        }
        assertThat(prepared()).isEmpty();
        assertThat(recovered)
                .allMatch(branch -> branch.state()
                        == (committed ? TransactionState.COMMITTED : TransactionState.ROLLED_BACK));
    }

    @Test
    void aCoordinatorThatTheRecoveryHasOvertakenObeysIt() {
        StepVerifier.create(db.inTransaction(
                        everywhere(1),
                        prepared(step -> step == Step.BEFORE_DECISION
                                ? later().recover().then()
                                : Mono.empty())))
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
                                ? Flux.concat(other.recover(), coordinator(unused -> Mono.empty()).recover())
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
    void aLogThatMayLoseACommitIsRefused() {
        PreparedTransactions careless = PreparedTransactions.builder(fleet.routed(), "billing")
                .owner("tests")
                .databases("orders", "billing")
                .build();
        careless.createLog().block(PATIENCE);
        StepVerifier.create(db.inTransaction(
                        write("orders", 1).then(write("billing", 1)),
                        TransactionOptions.defaults().withPrepared(careless)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .hasRootCauseInstanceOf(TransactionStateException.class)
                        .rootCause()
                        .hasMessageContaining("innodb_flush_log_at_trx_commit"))
                .verify(PATIENCE);
        fleet.awaitRest();
        later().recover().collectList().block(PATIENCE);
        assertNotes();
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
        assertThatThrownBy(() -> PreparedTransactions.builder(fleet.routed(), "orders").build())
                .hasMessageContaining("needs an owner(..)");
        assertThatThrownBy(() -> later().recoverEvery(Duration.ZERO)).hasMessageContaining("above zero");
    }
}
