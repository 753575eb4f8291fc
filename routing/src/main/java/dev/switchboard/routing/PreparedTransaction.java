package dev.switchboard.routing;

import dev.switchboard.core.HeldConnections;
import dev.switchboard.core.OutcomeUnknownException;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.routing.PreparedTransactions.Step;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Prepares its parts, lets the log decide, and finishes them. */
final class PreparedTransaction extends SeveralDatabases {

    private static final Logger LOGGER = LoggerFactory.getLogger(PreparedTransaction.class);

    /** How many times as long as one statement the decision may take, which is asked for again after errors. */
    private static final int DECIDING = 3;

    private final PreparedTransactions coordinator;
    private final String id;
    private final AtomicInteger numbers = new AtomicInteger();

    PreparedTransaction(
            RoutingConnectionFactory routed,
            SwitchboardConnection handle,
            HintBinding binding,
            TransactionOptions options,
            PreparedTransactions coordinator) {
        super(routed, handle, binding, options);
        this.coordinator = coordinator;
        this.id = coordinator.newId();
    }

    /** Recovery knows a database by its name, and would not find a part that lies behind an override of it. */
    @Override
    Mono<Void> begin(Branch branch, boolean overridden) {
        if (overridden) {
            return Mono.error(new TransactionStateException(
                    branch.name(),
                    "a part of a prepared transaction was to lie behind an override, where recovery would not look",
                    "Register the database under a name of its own, and name that in databases(..)"));
        }
        return Mono.defer(() ->
                branch.beginPreparable(options(), coordinator, unused -> new BranchId(id, numbers.incrementAndGet())));
    }

    @Override
    Mono<Void> sendCommit() {
        return Mono.defer(() -> {
            List<Branch> all = begun().stream().filter(Branch::isPreparable).toList();
            Mono<Void> sent = all.size() < 2
                    ? Flux.fromIterable(all).concatMap(Branch::commit).then()
                    : inTwoPhases(all);
            return sent.doOnSuccess(unused -> ended(TransactionState.COMMITTED));
        });
    }

    /** The connection to the log comes first: with everything prepared nobody must wait for one. */
    private Mono<Void> inTwoPhases(List<Branch> all) {
        coordinator.checkYoung(id, handle().connectionName());
        Function<Context, Context> held = all.stream()
                .map(branch -> HeldConnections.holding(branch.handle()))
                .reduce(Function.identity(), Function::andThen);
        return coordinator
                .log()
                .on(session -> coordinator
                        .log()
                        .usable(session)
                        .then(promised(all))
                        .then(Mono.defer(() -> {
                            ended(TransactionState.PREPARED);
                            return coordinator
                                    .log()
                                    .decide(session, id, DecisionLog.Decision.COMMIT)
                                    .timeout(coordinator.finishTimeout().multipliedBy(DECIDING))
                                    .onErrorResume(failure -> closed(all)
                                            .then(Mono.error(new OutcomeUnknownException(
                                                    coordinator.log().connectionName(), failure))));
                        })))
                .contextWrite(held)
                .next()
                .flatMap(decision -> decision == DecisionLog.Decision.COMMIT ? committed(all) : refused(all));
    }

    private Mono<Void> promised(List<Branch> all) {
        List<Branch> prepared = new ArrayList<>();
        return coordinator
                .at(Step.BEFORE_PREPARE)
                .thenMany(Flux.fromIterable(all))
                .concatMap(branch -> branch.prepare()
                        .timeout(coordinator.finishTimeout())
                        .doOnSuccess(unused -> prepared.add(branch))
                        .then(prepared.isEmpty() ? coordinator.at(Step.ONE_PREPARED) : Mono.empty()))
                .then(coordinator.at(Step.BEFORE_DECISION))
                .onErrorResume(failure -> undone(all, prepared, failure));
    }

    /** Nothing is decided: all is rolled back, and what is prepared where that fails will be by the recovery. */
    private Mono<Void> undone(List<Branch> all, List<Branch> prepared, Throwable failure) {
        ended(TransactionState.ROLLED_BACK);
        return Flux.fromIterable(all)
                .concatMap(branch -> prepared.contains(branch)
                        ? finished(branch, branch.rollbackPrepared()).then()
                        : branch.rollback()
                                .then(branch.rollbackPrepared().onErrorComplete(R2dbcException.class))
                                .timeout(coordinator.finishTimeout())
                                .onErrorResume(second -> closed(List.of(branch))))
                .then(Mono.error(failure));
    }

    private Mono<Void> refused(List<Branch> all) {
        ended(TransactionState.ROLLED_BACK);
        return Flux.fromIterable(all)
                .concatMap(branch -> finished(branch, branch.rollbackPrepared()))
                .then(Mono.error(() -> new RollbackOnlyException(
                        handle().connectionName(),
                        "took longer to commit than the age limit of PreparedTransactions, so the recovery decided against it,",
                        null)));
    }

    private Mono<Void> committed(List<Branch> all) {
        return coordinator
                .at(Step.DECIDED)
                .thenMany(Flux.fromIterable(all))
                .concatMap(branch -> finished(branch, branch.commitPrepared())
                        .delayUntil(done -> branch == all.get(0) ? coordinator.at(Step.ONE_COMMITTED) : Mono.empty()))
                .reduce(true, (before, done) -> before && done)
                .delayUntil(everywhere -> coordinator.at(Step.ALL_COMMITTED))
                .flatMap(everywhere -> everywhere ? coordinator.log().forget(id).onErrorComplete() : Mono.empty());
    }

    /** Finishes a part; where that fails, its connection is closed, so that the recovery can do it from another one. */
    private Mono<Boolean> finished(Branch branch, Mono<Void> end) {
        return end.timeout(coordinator.finishTimeout()).thenReturn(true).onErrorResume(failure -> {
            LOGGER.warn(
                    "Connection '{}': a part of the prepared transaction {} is left to the recovery: {}",
                    branch.name(),
                    id,
                    failure.toString());
            return closed(List.of(branch)).thenReturn(false);
        });
    }

    private Mono<Void> closed(List<Branch> all) {
        return Flux.fromIterable(all)
                .concatMap(branch -> routed().unwrap()
                        .connections()
                        .invalidate(branch.handle())
                        .onErrorComplete())
                .then();
    }
}
