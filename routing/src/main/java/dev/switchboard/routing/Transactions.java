package dev.switchboard.routing;

import dev.switchboard.core.HeldConnections;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Begins, joins and ends the transactions of one routing factory. The running one is an entry of the Context. */
final class Transactions {

    /** One entry for each routing factory, shared by its views. */
    private record Key(RoutingConnectionFactory root) {}

    private final RoutingConnectionFactory routed;
    private final Key key;

    Transactions(RoutingConnectionFactory routed) {
        this.routed = routed;
        this.key = new Key(routed.root());
    }

    @Nullable
    TransactionScope running(ContextView context) {
        return context.getOrDefault(key, null);
    }

    <T> Mono<T> run(Mono<T> work, TransactionOptions options) {
        return Mono.deferContextual(context -> {
            TransactionScope outer = running(context);
            if (outer != null && joins(outer, context, options)) {
                return outer.join(work);
            }
            return Mono.usingWhen(
                    Mono.fromSupplier(() -> open(outer, context, options)),
                    scope -> scope.run(work.contextWrite(inner -> inside(inner, scope))),
                    TransactionScope::release,
                    (scope, failure) -> scope.release(),
                    TransactionScope::cancel);
        });
    }

    <T> Flux<T> run(Flux<T> work, TransactionOptions options) {
        return Flux.deferContextual(context -> {
            TransactionScope outer = running(context);
            if (outer != null && joins(outer, context, options)) {
                return outer.join(work);
            }
            return Flux.usingWhen(
                    Mono.fromSupplier(() -> open(outer, context, options)),
                    scope -> scope.run(work.contextWrite(inner -> inside(inner, scope))),
                    TransactionScope::release,
                    (scope, failure) -> scope.release(),
                    TransactionScope::cancel);
        });
    }

    private static boolean joins(TransactionScope outer, ContextView context, TransactionOptions options) {
        outer.binding().check(context);
        outer.checkOptions(options);
        return options.propagation() == Propagation.REQUIRED;
    }

    private TransactionScope open(@Nullable TransactionScope outer, ContextView context, TransactionOptions options) {
        if (outer != null) {
            return new NestedTransaction(outer);
        }
        HintBinding binding = routed.bind(context);
        return new RootTransaction(routed.open(binding), binding, options);
    }

    private Context inside(Context context, TransactionScope scope) {
        return HeldConnections.holding(scope.handle()).apply(context.put(key, scope));
    }
}
