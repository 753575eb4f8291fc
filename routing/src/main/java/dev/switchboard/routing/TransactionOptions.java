package dev.switchboard.routing;

import dev.switchboard.core.FailureClass;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.util.retry.Retry;
import reactor.util.retry.RetryBackoffSpec;

/**
 * How a transaction begins. Immutable; every method returns a copy. What is not set is left to the database.
 */
public final class TransactionOptions implements TransactionDefinition {

    private static final int LONGEST_PAUSE = 64;
    private static final TransactionOptions DEFAULTS = new TransactionOptions(
            Propagation.REQUIRED, Map.of(), null, null, new Promise(TransactionGuarantee.SINGLE, null));

    private record Promise(
            TransactionGuarantee guarantee, @Nullable PreparedTransactions coordinator) {}

    private final Propagation propagation;
    private final Map<Option<?>, Object> attributes;
    private final @Nullable Duration timeout;
    private final @Nullable RetryBackoffSpec retry;
    private final Promise promise;

    private TransactionOptions(
            Propagation propagation,
            Map<Option<?>, Object> attributes,
            @Nullable Duration timeout,
            @Nullable RetryBackoffSpec retry,
            Promise promise) {
        this.propagation = propagation;
        this.attributes = attributes;
        this.timeout = timeout;
        this.retry = retry;
        this.promise = promise;
    }

    /**
     * {@link Propagation#REQUIRED}, and all else as the database has it.
     *
     * @return the options
     */
    public static TransactionOptions defaults() {
        return DEFAULTS;
    }

    /**
     * How it meets a running transaction.
     *
     * @param newPropagation joins, nests, or is one of its own
     * @return a copy
     */
    public TransactionOptions withPropagation(Propagation newPropagation) {
        return new TransactionOptions(
                Objects.requireNonNull(newPropagation, "newPropagation"), attributes, timeout, retry, promise);
    }

    /**
     * The isolation level.
     *
     * @param level the level
     * @return a copy
     */
    public TransactionOptions withIsolationLevel(IsolationLevel level) {
        return with(ISOLATION_LEVEL, level);
    }

    /**
     * Whether the transaction only reads. One that does may be served by a replica, unless the Context says
     * {@link Routing#readWrite()}.
     *
     * @param readOnly true to begin {@code READ ONLY}, false to begin {@code READ WRITE}
     * @return a copy
     */
    public TransactionOptions withReadOnly(boolean readOnly) {
        return with(READ_ONLY, readOnly);
    }

    /**
     * The transaction's name, for products that have such a thing.
     *
     * @param name the name
     * @return a copy
     */
    public TransactionOptions withName(String name) {
        return with(NAME, name);
    }

    /**
     * How long a statement of the transaction waits for a lock.
     *
     * @param timeout the longest wait
     * @return a copy
     */
    public TransactionOptions withLockWaitTimeout(Duration timeout) {
        return with(LOCK_WAIT_TIMEOUT, timeout);
    }

    private <T> TransactionOptions with(Option<T> option, T value) {
        Map<Option<?>, Object> more = new LinkedHashMap<>(attributes);
        more.put(option, Objects.requireNonNull(value, option::name));
        return new TransactionOptions(propagation, more, timeout, retry, promise);
    }

    /**
     * How long the work may take, from its subscription to its end; the commit is not counted. What takes longer is cancelled
     * and rolled back, and the caller gets a {@link TransactionTimeoutException}. A transaction that joins another one with
     * this option bounds its own part, and the whole is rolled back when that takes longer.
     *
     * @param limit the longest time, above zero
     * @return a copy
     */
    public TransactionOptions withTimeout(Duration limit) {
        return new TransactionOptions(propagation, attributes, above(limit, "limit"), retry, promise);
    }

    /**
     * Begins again when the database rolled the transaction back for a conflict with another one: a failed serialization or a
     * deadlock. Up to four times, after about 20, 40, 80 and 160 ms.
     *
     * @return a copy
     * @see #retryOnSerializationFailure(long, Duration)
     */
    public TransactionOptions retryOnSerializationFailure() {
        return retryOnSerializationFailure(4, Duration.ofMillis(20));
    }

    /**
     * Begins again when the database rolled the transaction back for a conflict with another one: a failed serialization or a
     * deadlock ({@link FailureClass#RETRYABLE_TRANSACTION}). The whole work is subscribed again, in a transaction of its own
     * with a connection of its own; its effects outside of the database would happen twice. Without effect in one that joins
     * or nests, since only the outermost can begin again, and in a Flux that has let a value out, since that would come
     * twice.
     *
     * @param repetitions how often at most, besides the first time
     * @param firstPause about how long to wait first; doubled each time, up to 64 times, and longer or shorter by up to a half
     * @return a copy
     */
    public TransactionOptions retryOnSerializationFailure(long repetitions, Duration firstPause) {
        if (repetitions < 1) {
            throw new IllegalArgumentException("repetitions is " + repetitions + "; it must be at least 1");
        }
        RetryBackoffSpec spec = Retry.backoff(repetitions, above(firstPause, "firstPause"))
                .maxBackoff(firstPause.multipliedBy(LONGEST_PAUSE))
                .jitter(0.5)
                .filter(failure -> FailureClass.of(failure) == FailureClass.RETRYABLE_TRANSACTION)
                .onRetryExhaustedThrow((unused, last) -> last.failure());
        return new TransactionOptions(propagation, attributes, timeout, spec, promise);
    }

    /**
     * What is promised where the work speaks to more than one database. {@link Propagation#NESTED} and savepoints are refused inside of
     * a transaction over several; work that joins one shares it.
     *
     * @param newGuarantee {@link TransactionGuarantee#SINGLE} or {@link TransactionGuarantee#BEST_EFFORT}
     * @return a copy
     * @throws IllegalArgumentException for {@link TransactionGuarantee#PREPARED}, which needs {@link #withPrepared}
     */
    public TransactionOptions withGuarantee(TransactionGuarantee newGuarantee) {
        if (newGuarantee == TransactionGuarantee.PREPARED) {
            throw new IllegalArgumentException(
                    "A prepared transaction needs somebody to coordinate it; use withPrepared(coordinator) instead");
        }
        return new TransactionOptions(
                propagation,
                attributes,
                timeout,
                retry,
                new Promise(Objects.requireNonNull(newGuarantee, "newGuarantee"), null));
    }

    /**
     * {@link TransactionGuarantee#PREPARED}: all databases commit, or none does.
     *
     * @param newCoordinator who prepares, decides and recovers
     * @return a copy
     */
    public TransactionOptions withPrepared(PreparedTransactions newCoordinator) {
        return new TransactionOptions(
                propagation,
                attributes,
                timeout,
                retry,
                new Promise(TransactionGuarantee.PREPARED, Objects.requireNonNull(newCoordinator, "newCoordinator")));
    }

    /** {@return what is promised where the work speaks to more than one database} */
    public TransactionGuarantee guarantee() {
        return promise.guarantee();
    }

    @Nullable
    PreparedTransactions coordinator() {
        return promise.coordinator();
    }

    private static Duration above(Duration length, String name) {
        if (length.isNegative() || length.isZero()) {
            throw new IllegalArgumentException(name + " is " + length + "; it must be above zero");
        }
        return length;
    }

    @Nullable
    Duration timeout() {
        return timeout;
    }

    @Nullable
    RetryBackoffSpec retry() {
        return retry;
    }

    /** {@return how it meets a running transaction} */
    public Propagation propagation() {
        return propagation;
    }

    boolean isPlain() {
        return attributes.isEmpty();
    }

    /** {@return the value of an R2DBC transaction attribute, or null where it was not set} */
    @Override
    public <T> @Nullable T getAttribute(Option<T> option) {
        return option.cast(attributes.get(option));
    }

    /** {@return the options in words} */
    @Override
    public String toString() {
        return propagation
                + (guarantee() == TransactionGuarantee.SINGLE ? "" : " " + guarantee())
                + (attributes.isEmpty() ? "" : " " + attributes)
                + (timeout == null ? "" : " within " + timeout.toMillis() + " ms")
                + (retry == null ? "" : " repeated on serialization failure");
    }
}
