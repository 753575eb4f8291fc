package dev.switchboard.routing;

import dev.switchboard.core.Route;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
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

    /** Begins the part of one database, whose address or user the chain may have overridden. */
    abstract Mono<Void> begin(Branch branch, boolean overridden);

    final RoutingConnectionFactory routed() {
        return routed;
    }

    /** Those that have begun, in that order. */
    final synchronized List<Branch> begun() {
        return branches.stream().filter(Branch::hasBegun).toList();
    }

    @Override
    synchronized Collection<SwitchboardConnection> held() {
        return branches.stream().map(Branch::handle).toList();
    }

    @Override
    boolean servesAllRoutes() {
        return true;
    }

    @Override
    Mono<SwitchboardConnection> handleFor(ContextView context) {
        return Mono.defer(() -> {
            Branch branch = branchFor(context);
            return branch.handle()
                    .route()
                    .flatMap(route -> begin(branch, route))
                    .thenReturn(branch.handle());
        });
    }

    private synchronized Branch branchFor(ContextView context) {
        RouteHints found = RouteHints.from(context);
        if (found.isEmpty() && !found.isWhole()) {
            return branches.get(0);
        }
        // Who reads in a transaction that may write sees what it has written.
        RouteHints asked = isReadOnly() ? found : found.withoutReading();
        for (Branch branch : branches) {
            if (branch.serves(asked)) {
                return branch;
            }
        }
        HintBinding binding = routed.bind(asked.writeInto(Context.of(context)));
        Branch added = new Branch(routed.open(binding), binding);
        branches.add(added);
        return added;
    }

    /** Two parts in one database would wait for each other's locks. */
    private synchronized Mono<Void> begin(Branch branch, Route route) {
        boolean known = branches.stream()
                .anyMatch(other ->
                        other != branch && other.hasBegun() && other.name().equals(branch.name()));
        return known
                ? Mono.error(new TransactionStateException(
                        branch.name(),
                        "two different hints of one transaction over several databases lead to it",
                        "Use the same hint for all its statements"))
                : branch.begun(Mono.defer(() -> begin(branch, route.override() != null)));
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
