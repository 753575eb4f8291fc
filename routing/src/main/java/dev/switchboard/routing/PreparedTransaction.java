package dev.switchboard.routing;

import dev.switchboard.core.OutcomeUnknownException;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.routing.PreparedTransactions.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Prepares its parts, lets the log decide, and finishes them. */
final class PreparedTransaction extends SeveralDatabases {

    private static final Logger LOGGER = LoggerFactory.getLogger(PreparedTransaction.class);

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

    @Override
    Mono<Void> begin(Branch branch) {
        return Mono.defer(() -> branch.beginPreparable(
                options(), coordinator, unused -> new BranchId(id, numbers.incrementAndGet())));
    }

    @Override
    Mono<Void> sendCommit() {
        return Mono.defer(() -> {
            List<Branch> all = begun().stream().filter(Branch::isPreparable).toList();
            Mono<Void> sent = all.size() < 2 ? Flux.fromIterable(all).concatMap(Branch::commit).then() : inTwoPhases(all);
            return sent.doOnSuccess(unused -> ended(TransactionState.COMMITTED));
        });
    }

    private Mono<Void> inTwoPhases(List<Branch> all) {
        List<Branch> prepared = new ArrayList<>();
        return coordinator
                .at(Step.BEFORE_PREPARE)
                .thenMany(Flux.fromIterable(all))
                .concatMap(branch -> branch.prepare()
                        .doOnSuccess(unused -> prepared.add(branch))
                        .then(prepared.isEmpty() ? coordinator.at(Step.ONE_PREPARED) : Mono.empty()))
                .then(coordinator.at(Step.BEFORE_DECISION))
                .onErrorResume(failure -> undone(all, prepared, failure))
                .then(Mono.defer(() -> decided(all)));
    }

    /** Nothing is decided: what is prepared is rolled back, and where that fails the recovery will do it. */
    private Mono<Void> undone(List<Branch> all, List<Branch> prepared, Throwable failure) {
        return Flux.fromIterable(all)
                .concatMap(branch -> prepared.contains(branch)
                        ? finished(branch, branch.rollbackPrepared()).then()
                        : branch.rollback().onErrorComplete())
                .then(Mono.error(failure));
    }

    private Mono<Void> decided(List<Branch> all) {
        ended(TransactionState.PREPARED);
        return coordinator
                .log()
                .decide(id, DecisionLog.Decision.COMMIT)
                .onErrorResume(failure -> closed(all)
                        .then(Mono.error(new OutcomeUnknownException(handle().connectionName(), failure))))
                .flatMap(decision ->
                        decision == DecisionLog.Decision.COMMIT ? committed(all) : refused(all));
    }

    private Mono<Void> refused(List<Branch> all) {
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
                .all(done -> done)
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
                .concatMap(branch -> routed()
                        .unwrap()
                        .connections()
                        .invalidate(branch.handle())
                        .onErrorComplete())
                .then();
    }
}
