package dev.switchboard.routing;

import dev.switchboard.core.FailureClass;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.TransactionDefinition;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.ContextView;

/**
 * A running transaction, or a savepoint inside of one, as it travels in the Context. Statements use its connection; inner
 * transactions join it or nest in it.
 *
 * <p>A nested one that is cancelled rolls back to its savepoint in the background, while the outer one may go on at once. So
 * whatever the outer one does next waits for it ({@link #ready()}): a statement that slipped in between would be undone.
 */
abstract class TransactionScope {

    private record Doom(String reason, @Nullable Throwable cause) {}

    private final SwitchboardConnection handle;
    private final HintBinding binding;
    private final TransactionOptions options;
    private final AtomicReference<@Nullable Doom> doom = new AtomicReference<>();
    private final AtomicReference<@Nullable TransactionScope> nested = new AtomicReference<>();
    private final TransactionHooks hooks = new TransactionHooks();
    private volatile Mono<Void> settled = Mono.empty();
    private final AtomicReference<@Nullable Mono<Void>> ending = new AtomicReference<>();
    private volatile @Nullable TransactionState end;
    private volatile @Nullable Throwable hookFailure;
    private volatile boolean committing;
    private volatile boolean rollbackOnly;
    private volatile boolean open;

    TransactionScope(SwitchboardConnection handle, HintBinding binding, TransactionOptions options) {
        this.handle = handle;
        this.binding = binding;
        this.options = options;
    }

    abstract Mono<Void> sendBegin();

    abstract Mono<Void> sendCommit();

    abstract Mono<Void> sendRollback();

    /** What follows a commit, a rollback or neither; never fails. */
    abstract Mono<Void> release();

    /** How far it has come while its end is not known. */
    abstract TransactionState openState();

    /** The hooks that run before the commit, inside of it. */
    abstract Mono<Void> beforeCommit();

    final SwitchboardConnection handle() {
        return handle;
    }

    /** The connections that it holds by now. */
    Collection<SwitchboardConnection> held() {
        return List.of(handle);
    }

    final HintBinding binding() {
        return binding;
    }

    final TransactionOptions options() {
        return options;
    }

    final TransactionHooks hooks() {
        return hooks;
    }

    final TransactionState state() {
        TransactionState known = end;
        return known == null ? openState() : known;
    }

    final boolean isCommitting() {
        return committing;
    }

    final boolean hasEnded() {
        return end != null;
    }

    final void ended(TransactionState how) {
        end = how;
    }

    final boolean isRollbackOnly() {
        return rollbackOnly || doom.get() != null;
    }

    final void setRollbackOnly() {
        rollbackOnly = true;
    }

    /**
     * Begins, runs the work, commits or rolls back. Both ends are part of the stream and not of its clean-up, where Reactor
     * would wrap the error of a failed commit.
     */
    final <T> Mono<T> run(Mono<T> work) {
        return begin().then(work)
                .onErrorResume(failure -> rollback(failure).then(Mono.error(failure)))
                .singleOptional()
                .flatMap(value -> commit().then(Mono.justOrEmpty(value)));
    }

    final <T> Flux<T> run(Flux<T> work) {
        return begin().thenMany(work)
                .onErrorResume(failure -> rollback(failure).then(Mono.error(failure)))
                .concatWith(commit().then(Mono.empty()));
    }

    private Mono<Void> begin() {
        return sendBegin().doOnSuccess(unused -> open = true);
    }

    private Mono<Void> commit() {
        return Mono.defer(() -> settled.then(Mono.defer(() -> {
            Doom found = doom.get();
            if (found == null) {
                return rollbackOnly ? rolledBack() : committed();
            }
            RollbackOnlyException error =
                    new RollbackOnlyException(handle.connectionName(), found.reason(), found.cause());
            return rollbackQuietly(error).then(Mono.error(error));
        })));
    }

    private Mono<Void> committed() {
        return ends(Mono.defer(() -> {
            committing = true;
            return sendCommit().doOnError(this::commitFailed);
        }));
    }

    /**
     * A transaction ends once, by whoever comes first: the commit, or the rollback of a cancel at the same moment. It goes on when
     * its subscriber has left, so that whoever cleans up then hears how it ended.
     */
    private Mono<Void> ends(Mono<Void> way) {
        open = false;
        Mono<Void> mine = way.cache();
        Mono<Void> first = ending.compareAndExchange(null, mine);
        return first == null ? mine : first;
    }

    private void commitFailed(Throwable failure) {
        TransactionState known = end;
        if (known == null || known == TransactionState.PREPARED) {
            ended(afterFailedCommit(failure));
        }
    }

    private static TransactionState afterFailedCommit(Throwable failure) {
        if (failure instanceof PartlyCommittedException) {
            return TransactionState.UNKNOWN;
        }
        return switch (FailureClass.of(failure)) {
            case OUTCOME_UNKNOWN, CONNECTION_DEAD -> TransactionState.UNKNOWN;
            default -> TransactionState.ROLLED_BACK;
        };
    }

    private Mono<Void> rollback(Throwable reason) {
        return Mono.defer(() -> settled.then(Mono.defer(() -> rollbackQuietly(reason))));
    }

    /** Called while the cancel signal passes by, so that whoever comes next already finds {@link #ready()} waiting. */
    final Mono<Void> cancel() {
        Sinks.Empty<Void> done = Sinks.empty();
        settleAfter(done.asMono());
        return Mono.usingWhen(
                        Mono.just(this),
                        self -> settled.then(Mono.defer(this::endAfterCancel)),
                        TransactionScope::finish,
                        (self, failure) -> finish(),
                        TransactionScope::finish)
                .doOnTerminate(done::tryEmitEmpty);
    }

    private Mono<Void> endAfterCancel() {
        Mono<Void> way = ending.get() == null ? rolledBack() : ending.get();
        if (committing) {
            leftWhileCommitting();
        }
        return way == null ? Mono.empty() : way;
    }

    /** Hook for a nested scope, whose outer one goes on without knowing what becomes of it. */
    void leftWhileCommitting() {}

    private Mono<Void> rollbackQuietly(Throwable reason) {
        return rolledBack().onErrorResume(failure -> attach(failure, reason));
    }

    /** A rollback that fails leaves a connection behind that will be closed, which rolls back as well. */
    private Mono<Void> rolledBack() {
        return open
                ? ends(Mono.defer(() -> sendRollback().doOnTerminate(() -> ended(TransactionState.ROLLED_BACK))))
                : Mono.empty();
    }

    /** Gives the connection back and runs what was to run after the end, in that order; what fails there is kept. */
    final Mono<Void> finish() {
        return release().then(Mono.defer(() -> {
            TransactionState how = state();
            return hooks.runAfter(how)
                    .onErrorResume(failure -> Mono.fromRunnable(
                            () -> hookFailure = new TransactionHookException(handle.connectionName(), how, failure)));
        }));
    }

    /** What failed in the hooks after the end. */
    final Mono<Void> hookFailure() {
        return Mono.defer(() -> {
            Throwable failure = hookFailure;
            return failure == null ? Mono.empty() : Mono.error(failure);
        });
    }

    final <T> Mono<T> afterFailure(Throwable reason) {
        return hookFailure().onErrorResume(failure -> attach(failure, reason)).then(Mono.error(reason));
    }

    /** The user's own error is the one that arrives; a failing rollback rides along. */
    static Mono<Void> attach(Throwable failure, Throwable reason) {
        if (failure != reason) {
            reason.addSuppressed(failure);
        }
        return Mono.empty();
    }

    /** Hook for a nested scope, whose outer one must wait. */
    void settleAfter(Mono<Void> done) {}

    final void waitFor(Mono<Void> done) {
        settled = settled.then(done);
    }

    final Mono<Void> ready() {
        return settled;
    }

    /** Whether its statements may speak to several databases. */
    boolean servesAllRoutes() {
        return false;
    }

    /** The connection for a statement of this Context, which its part begins on where that has not happened. */
    Mono<SwitchboardConnection> handleFor(ContextView context) {
        return ready().then(Mono.fromSupplier(() -> {
            check(context);
            return handle;
        }));
    }

    /** Checks that an inner transaction, or a statement, may use this one: it asks for the same route. */
    final void check(ContextView context) {
        binding.check(context);
        checkNotNested();
    }

    final boolean isReadOnly() {
        return Objects.equals(options.getAttribute(TransactionDefinition.READ_ONLY), true);
    }

    final void checkNotNested() {
        TransactionScope inner = nested.get();
        if (inner != null) {
            throw new TransactionStateException(
                    handle.connectionName(),
                    "the transaction is used while a nested one inside it is open, whose rollback would undo this too",
                    "Run them one after the other, with then(..) or concatMap(..)");
        }
    }

    final void checkOptions(TransactionOptions asked) {
        IsolationLevel level = asked.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        IsolationLevel own = options.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level != null && !level.equals(own)) {
            throw refused("asks for isolation " + level.asSql() + " inside one that began with "
                    + (own == null ? "the database's default" : own.asSql()));
        }
        if (asked.guarantee() != TransactionGuarantee.SINGLE
                && (asked.guarantee() != options.guarantee() || asked.coordinator() != options.coordinator())) {
            throw refused("asks for the guarantee " + asked.guarantee() + " inside one that began with "
                    + options.guarantee());
        }
        if (Objects.equals(asked.getAttribute(TransactionDefinition.READ_ONLY), false)
                && Objects.equals(options.getAttribute(TransactionDefinition.READ_ONLY), true)) {
            throw refused("asks to write inside one that began read only");
        }
    }

    private TransactionStateException refused(String found) {
        return new TransactionStateException(
                handle.connectionName(),
                "an inner transaction " + found,
                "Give the outer transaction the stricter options, as the inner one shares its BEGIN");
    }

    final void doom(String reason, @Nullable Throwable cause) {
        doom.compareAndSet(null, new Doom(reason, cause));
    }

    final boolean opened(TransactionScope inner) {
        return nested.compareAndSet(null, inner);
    }

    final void closed(TransactionScope inner) {
        nested.compareAndSet(inner, null);
    }

    /** Runs work in an inner transaction that has joined this one: the whole shares its failure. */
    final <T> Mono<T> join(Mono<T> work) {
        return Mono.usingWhen(
                Mono.just(this), unused -> work, unused -> Mono.empty(), this::joinFailed, this::joinLeft);
    }

    final <T> Flux<T> join(Flux<T> work) {
        return Flux.usingWhen(
                Mono.just(this), unused -> work, unused -> Mono.empty(), this::joinFailed, this::joinLeft);
    }

    private Publisher<?> joinFailed(TransactionScope self, Throwable failure) {
        doom("failed", failure);
        return Mono.empty();
    }

    private Publisher<?> joinLeft(TransactionScope self) {
        doom("was cancelled (by take, first, next or a time-out)", null);
        return Mono.empty();
    }
}
