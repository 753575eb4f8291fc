package dev.switchboard.routing;

import dev.switchboard.core.HeldConnections;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;
import reactor.util.retry.RetryBackoffSpec;

/** Begins, joins and ends the transactions of one routing factory. The running one is an entry of the Context. */
final class Transactions {

    private static final Logger LOGGER = LoggerFactory.getLogger(Transactions.class);
    private static final int MOST_CALL_SITES = 1_000;

    /** One entry for each routing factory, shared by its views. */
    private record Key(RoutingConnectionFactory root) {}

    private enum Way {
        JOIN,
        BEGIN,
        NONE
    }

    private final RoutingConnectionFactory routed;
    private final Key key;
    private final Set<String> cancelledAt = ConcurrentHashMap.newKeySet();

    Transactions(RoutingConnectionFactory routed) {
        this.routed = routed;
        this.key = new Key(routed.root());
    }

    /** The transaction of the Context that statements of this factory, or of its views, would run in. */
    static @Nullable TransactionScope runningOn(RoutingConnectionFactory routed, ContextView context) {
        return context.getOrDefault(new Key(routed.root()), null);
    }

    @Nullable
    TransactionScope running(ContextView context) {
        return context.getOrDefault(key, null);
    }

    <T> Mono<T> run(Function<Transaction, ? extends Mono<T>> work, TransactionOptions options) {
        String callSite = CallSite.ofCaller();
        return Mono.deferContextual(context -> {
            TransactionScope outer = running(context);
            Way way = way(outer, context, options);
            if (way == Way.NONE) {
                return Mono.defer(() -> work.apply(NoTransaction.INSTANCE));
            }
            if (way == Way.JOIN && outer != null) {
                return outer.join(
                        limited(Mono.defer(() -> work.apply(new ScopedTransaction(outer, true))), outer, options));
            }
            Mono<T> whole = Mono.defer(() -> begun(open(outer, context, options), work, options, callSite));
            RetryBackoffSpec retry = outer == null || isOfItsOwn(options) ? options.retry() : null;
            return retry == null ? whole : whole.retryWhen(retry);
        });
    }

    private <T> Mono<T> begun(
            TransactionScope scope,
            Function<Transaction, ? extends Mono<T>> work,
            TransactionOptions options,
            String callSite) {
        Mono<T> inside = limited(Mono.defer(() -> work.apply(new ScopedTransaction(scope, false))), scope, options)
                .singleOptional()
                .flatMap(value -> scope.beforeCommit().then(Mono.justOrEmpty(value)));
        return Mono.usingWhen(
                        Mono.just(scope),
                        opened -> opened.run(inside.contextWrite(context -> inside(context, opened))),
                        TransactionScope::finish,
                        (opened, failure) -> opened.finish(),
                        opened -> cancelled(opened, callSite))
                .singleOptional()
                .onErrorResume(scope::afterFailure)
                .flatMap(value -> scope.hookFailure().then(Mono.justOrEmpty(value)));
    }

    <T> Flux<T> runMany(Function<Transaction, ? extends Publisher<T>> work, TransactionOptions options) {
        String callSite = CallSite.ofCaller();
        return Flux.deferContextual(context -> {
            TransactionScope outer = running(context);
            Way way = way(outer, context, options);
            if (way == Way.NONE) {
                return Flux.defer(() -> work.apply(NoTransaction.INSTANCE));
            }
            if (way == Way.JOIN && outer != null) {
                return outer.join(
                        limited(Flux.defer(() -> work.apply(new ScopedTransaction(outer, true))), outer, options));
            }
            Flux<T> whole = Flux.defer(() -> begunMany(open(outer, context, options), work, options, callSite));
            RetryBackoffSpec retry = outer == null || isOfItsOwn(options) ? options.retry() : null;
            return retry == null ? whole : repeatedWhileSilent(whole, retry);
        });
    }

    private <T> Flux<T> begunMany(
            TransactionScope scope,
            Function<Transaction, ? extends Publisher<T>> work,
            TransactionOptions options,
            String callSite) {
        Flux<T> inside = limited(Flux.defer(() -> work.apply(new ScopedTransaction(scope, false))), scope, options)
                .concatWith(scope.beforeCommit().then(Mono.empty()));
        return Flux.usingWhen(
                        Mono.just(scope),
                        opened -> opened.run(inside.contextWrite(context -> inside(context, opened))),
                        TransactionScope::finish,
                        (opened, failure) -> opened.finish(),
                        opened -> cancelled(opened, callSite))
                .onErrorResume(scope::afterFailure)
                .concatWith(scope.hookFailure().then(Mono.empty()));
    }

    private static <T> Flux<T> repeatedWhileSilent(Flux<T> whole, RetryBackoffSpec retry) {
        return Flux.defer(() -> {
            AtomicBoolean heard = new AtomicBoolean();
            return whole.doOnNext(value -> heard.set(true))
                    .retryWhen(
                            retry.modifyErrorFilter(repeatable -> failure -> !heard.get() && repeatable.test(failure)));
        });
    }

    private static <T> Mono<T> limited(Mono<T> work, TransactionScope scope, TransactionOptions options) {
        Duration limit = options.timeout();
        return limit == null ? work : work.timeout(limit, Mono.error(() -> late(scope, limit)));
    }

    /** By a completion: an error of the other publisher would leave the work running. */
    private static <T> Flux<T> limited(Flux<T> work, TransactionScope scope, TransactionOptions options) {
        Duration limit = options.timeout();
        if (limit == null) {
            return work;
        }
        return Flux.defer(() -> {
            AtomicBoolean late = new AtomicBoolean();
            return work.takeUntilOther(Mono.delay(limit).doOnNext(tick -> late.set(true)))
                    .concatWith(Mono.defer(() -> late.get() ? Mono.error(late(scope, limit)) : Mono.empty()));
        });
    }

    private static Throwable late(TransactionScope scope, Duration limit) {
        return new TransactionTimeoutException(scope.handle().connectionName(), limit);
    }

    private static Way way(@Nullable TransactionScope outer, ContextView context, TransactionOptions options) {
        if (outer == null) {
            return switch (options.propagation()) {
                case REQUIRED, REQUIRES_NEW, NESTED -> Way.BEGIN;
                case SUPPORTS, NEVER -> Way.NONE;
                case MANDATORY ->
                    throw new TransactionStateException(
                            null,
                            "a transaction must be running here (Propagation.MANDATORY), and none is",
                            "Call it inside of inTransaction(..) on a client of the same factory");
            };
        }
        if (options.propagation() == Propagation.NEVER) {
            throw new TransactionStateException(
                    outer.handle().connectionName(),
                    "no transaction may be running here (Propagation.NEVER), and one is",
                    "Call it outside of inTransaction(..)");
        }
        if (isOfItsOwn(options)) {
            return Way.BEGIN;
        }
        if (!outer.servesAllRoutes()) {
            outer.binding().check(context);
        } else if (options.propagation() == Propagation.NESTED) {
            throw new TransactionStateException(
                    outer.handle().connectionName(),
                    "a nested transaction was to begin inside one over several databases, which have no savepoint in common",
                    "Join it with Propagation.REQUIRED, or nest on one database in a transaction of its own");
        }
        outer.checkOptions(options);
        return options.propagation() == Propagation.NESTED ? Way.BEGIN : Way.JOIN;
    }

    private static boolean isOfItsOwn(TransactionOptions options) {
        return options.propagation() == Propagation.REQUIRES_NEW;
    }

    private TransactionScope open(@Nullable TransactionScope outer, ContextView context, TransactionOptions options) {
        if (outer != null && !isOfItsOwn(options)) {
            return new NestedTransaction(outer);
        }
        HintBinding binding = routed.bind(context);
        SwitchboardConnection handle = routed.open(binding);
        PreparedTransactions coordinator = options.coordinator();
        if (coordinator != null) {
            return new PreparedTransaction(routed, handle, binding, options, coordinator);
        }
        return options.guarantee() == TransactionGuarantee.BEST_EFFORT
                ? new BestEffortTransaction(routed, handle, binding, options)
                : new RootTransaction(handle, binding, options);
    }

    private Context inside(Context context, TransactionScope scope) {
        return HeldConnections.holding(scope::held).apply(context.put(key, scope));
    }

    /** Rolls back in the background, where nobody is left to hear of what fails. */
    private Mono<Void> cancelled(TransactionScope scope, String callSite) {
        tellOfCancel(scope, callSite);
        return scope.cancel()
                .then(scope.hookFailure())
                .doOnError(failure -> LOGGER.warn("After a cancelled transaction: {}", failure.toString()));
    }

    private void tellOfCancel(TransactionScope scope, String callSite) {
        if (scope.state() != TransactionState.ACTIVE || scope.isCommitting()) {
            return;
        }
        routed.unwrap().connections().transactionCancelled(scope.handle(), callSite);
        if (cancelledAt.size() < MOST_CALL_SITES && cancelledAt.add(callSite)) {
            LOGGER.warn(
                    "Connection '{}': a transaction was cancelled before its end, and so is rolled back. It was assembled at"
                            + " {}. take, next and first cancel: write them inside of inTransaction. Told once for each place.",
                    scope.handle().connectionName(),
                    callSite);
        }
    }
}
