package dev.switchboard.routing;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a transaction begins. Immutable; every method returns a copy. What is not set is left to the database.
 */
public final class TransactionOptions implements TransactionDefinition {

    private static final TransactionOptions DEFAULTS = new TransactionOptions(Propagation.REQUIRED, Map.of());

    private final Propagation propagation;
    private final Map<Option<?>, Object> attributes;

    private TransactionOptions(Propagation propagation, Map<Option<?>, Object> attributes) {
        this.propagation = propagation;
        this.attributes = attributes;
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
     * @param newPropagation joins or nests
     * @return a copy
     */
    public TransactionOptions withPropagation(Propagation newPropagation) {
        return new TransactionOptions(Objects.requireNonNull(newPropagation, "newPropagation"), attributes);
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
        return new TransactionOptions(propagation, more);
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
        return propagation + (attributes.isEmpty() ? "" : " " + attributes);
    }
}
