package dev.switchboard.routing;

import dev.switchboard.core.FailureClass;
import dev.switchboard.core.SwitchboardConnection;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Commits its parts one after the other, and tells how far it came. */
final class BestEffortTransaction extends SeveralDatabases {

    BestEffortTransaction(
            RoutingConnectionFactory routed,
            SwitchboardConnection handle,
            HintBinding binding,
            TransactionOptions options) {
        super(routed, handle, binding, options);
    }

    @Override
    Mono<Void> begin(Branch branch, boolean overridden) {
        return branch.beginPlain(options());
    }

    @Override
    Mono<Void> sendCommit() {
        return Mono.defer(() -> {
            List<Branch> all = begun();
            List<String> committed = new ArrayList<>();
            return Flux.fromIterable(all)
                    .concatMap(branch -> branch.commit().doOnSuccess(unused -> committed.add(branch.name())))
                    .then()
                    .onErrorResume(failure -> stopped(all, committed, failure))
                    .doOnSuccess(unused -> ended(TransactionState.COMMITTED));
        });
    }

    private static Mono<Void> stopped(List<Branch> all, List<String> committed, Throwable failure) {
        List<Branch> rest = all.subList(committed.size() + 1, all.size());
        FailureClass meaning = FailureClass.of(failure);
        boolean unknown = meaning == FailureClass.OUTCOME_UNKNOWN || meaning == FailureClass.CONNECTION_DEAD;
        Throwable told = committed.isEmpty() && !(unknown && all.size() > 1)
                ? failure
                : new PartlyCommittedException(
                        committed,
                        all.get(committed.size()).name(),
                        unknown,
                        rest.stream().map(Branch::name).toList(),
                        failure);
        return Flux.fromIterable(rest)
                .concatMapDelayError(Branch::rollback)
                .then()
                .onErrorResume(second -> TransactionScope.attach(second, told))
                .then(Mono.error(told));
    }
}
