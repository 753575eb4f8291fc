package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** A transaction whose statements may speak to several databases; each has a part of its own. */
abstract class SeveralDatabases extends RootTransaction {

    private final RoutingConnectionFactory routed;
    private final List<Branch> branches = new ArrayList<>();

    SeveralDatabases(
            RoutingConnectionFactory routed,
            SwitchboardConnection handle,
            HintBinding binding,
            TransactionOptions options) {
        super(handle, binding, options);
        this.routed = routed;
        branches.add(new Branch(handle, binding));
    }

    /** Begins the part of one database. */
    abstract Mono<Void> begin(Branch branch);

    final RoutingConnectionFactory routed() {
        return routed;
    }

    /** Those that have begun, in that order. */
    final synchronized List<Branch> begun() {
        return branches.stream().filter(Branch::hasBegun).toList();
    }

    @Override
    boolean servesAllRoutes() {
        return true;
    }

    @Override
    Mono<SwitchboardConnection> handleFor(ContextView context) {
        return Mono.defer(() -> {
            Branch branch = branchFor(context);
            return unlikeOthers(branch).then(branch.begun(Mono.defer(() -> begin(branch)))).thenReturn(branch.handle());
        });
    }

    private synchronized Branch branchFor(ContextView context) {
        for (Branch branch : branches) {
            if (branch.serves(context)) {
                return branch;
            }
        }
        HintBinding binding = routed.bind(context);
        Branch added = new Branch(routed.open(binding), binding);
        branches.add(added);
        return added;
    }

    /** Two parts in one database would wait for each other's locks. */
    private Mono<Void> unlikeOthers(Branch branch) {
        return branch.handle().route().flatMap(route -> {
            boolean known = others(branch).stream().anyMatch(other -> other.name().equals(branch.name()));
            return known
                    ? Mono.error(new TransactionStateException(
                            branch.name(),
                            "two different hints of one transaction over several databases lead to it",
                            "Use the same hint for all its statements"))
                    : Mono.empty();
        });
    }

    private synchronized List<Branch> others(Branch branch) {
        return branches.stream()
                .filter(other -> other != branch && other.hasBegun())
                .toList();
    }

    @Override
    Mono<Void> sendBegin() {
        return Mono.empty();
    }

    @Override
    TransactionState openState() {
        return begun().isEmpty() ? TransactionState.NOT_STARTED : TransactionState.ACTIVE;
    }

    @Override
    Mono<Void> sendRollback() {
        return Flux.fromIterable(begun()).concatMapDelayError(Branch::rollback).then();
    }

    @Override
    Mono<Void> release() {
        List<Branch> all;
        synchronized (this) {
            all = List.copyOf(branches);
        }
        return Flux.fromIterable(all)
                .concatMapDelayError(branch -> branch.handle().close())
                .then();
    }
}
