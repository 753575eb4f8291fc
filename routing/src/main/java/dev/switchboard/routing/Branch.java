package dev.switchboard.routing;

import dev.switchboard.core.FailureClass;
import dev.switchboard.core.OutcomeUnknownException;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.UnsupportedFeatureException;
import io.r2dbc.spi.Result;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** The part of a transaction that lies in one database. Begins with its first statement. */
final class Branch {

    private final SwitchboardConnection handle;
    private final HintBinding binding;
    private @Nullable Mono<Void> begun;
    private volatile @Nullable TwoPhase protocol;
    private volatile @Nullable BranchId id;

    Branch(SwitchboardConnection handle, HintBinding binding) {
        this.handle = handle;
        this.binding = binding;
    }

    SwitchboardConnection handle() {
        return handle;
    }

    boolean serves(RouteHints asked) {
        return binding.serves(asked);
    }

    String name() {
        String name = handle.connectionName();
        return name == null ? "" : name;
    }

    synchronized boolean hasBegun() {
        return begun != null;
    }

    /** Begins it once, whoever comes first; those who come meanwhile wait. */
    synchronized Mono<Void> begun(Mono<Void> begin) {
        Mono<Void> shared = begun;
        if (shared == null) {
            shared = begin.contextWrite(ignored -> Context.of(binding.capturedContext()))
                    .cache();
            begun = shared;
        }
        return shared;
    }

    Mono<Void> beginPlain(TransactionOptions options) {
        return options.isPlain() ? handle.beginTransaction() : handle.beginTransaction(options);
    }

    /** Begins a part that can be prepared; a product that cannot is refused before anything is sent to it. */
    Mono<Void> beginPreparable(
            TransactionOptions options, PreparedTransactions coordinator, Function<Branch, BranchId> ids) {
        return handle.product().flatMap(product -> {
            TwoPhase found = TwoPhase.of(product);
            String name = handle.connectionName();
            if (found == null) {
                return Mono.error(new UnsupportedFeatureException(
                        name,
                        product,
                        "a transaction that is prepared before it is committed",
                        "Use TransactionGuarantee.BEST_EFFORT, or write to it after the commit of the others"));
            }
            coordinator.checkRecovered(name);
            BranchId own = ids.apply(this);
            id = own;
            protocol = found;
            return found.begin(this, options, own);
        });
    }

    private TwoPhase protocol() {
        TwoPhase found = protocol;
        if (found == null) {
            throw new IllegalStateException("A branch ends that has not begun");
        }
        return found;
    }

    private BranchId id() {
        BranchId found = id;
        if (found == null) {
            throw new IllegalStateException("A branch ends that has not begun");
        }
        return found;
    }

    boolean isPreparable() {
        return protocol != null;
    }

    /** Its promise to commit; an error is a no, or not known. */
    Mono<Void> prepare() {
        return calmly(Mono.defer(() -> protocol().prepare(this, id())));
    }

    Mono<Void> commitPrepared() {
        return calmly(Mono.defer(() -> protocol().commitPrepared(this, id())));
    }

    Mono<Void> rollbackPrepared() {
        return calmly(Mono.defer(() -> protocol().rollbackPrepared(this, id())));
    }

    /** Commits a part that is the only one, so needs no promise. */
    Mono<Void> commit() {
        return calmly(Mono.defer(() -> protocol == null
                        ? handle.commitTransaction()
                        : protocol().commitAlone(this, id())))
                .onErrorMap(
                        failure -> FailureClass.of(failure) == FailureClass.CONNECTION_DEAD,
                        failure -> new OutcomeUnknownException(name(), failure));
    }

    Mono<Void> rollback() {
        return calmly(Mono.defer(() ->
                protocol == null ? handle.rollbackTransaction() : protocol().rollback(this, id())));
    }

    /** One statement without rows. */
    Mono<Void> execute(String sql) {
        return Flux.from(handle.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .then();
    }

    /** In the Context that its handle was made for: the hints of whoever ends the transaction are about something else. */
    private <T> Mono<T> calmly(Mono<T> work) {
        return work.contextWrite(ignored -> Context.of(binding.capturedContext()));
    }
}
