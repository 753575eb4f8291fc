package dev.switchboard.jdbc;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The values of a script for all its executions, as they are collected. The sets stand one after the other in one array,
 * since there may be very many of them.
 */
final class Bindings {
    /** Stands for null, since null means that nothing has been bound yet. */
    private static final Object BOUND_NULL = new Object();

    private final Script script;
    private final int width;
    private @Nullable Object[] values;
    private int sets = 1;
    private boolean lobs;

    Bindings(Script script) {
        this.script = script;
        this.width = script.parameterCount();
        this.values = new Object[width];
    }

    private Bindings(Bindings unread, @Nullable Object[] values) {
        this.script = unread.script;
        this.width = unread.width;
        this.values = values;
        this.sets = unread.sets;
    }

    /** Binds a value of the last set. */
    void bind(int index, @Nullable Object value) {
        values[(sets - 1) * width + index] = value == null ? BOUND_NULL : value;
        lobs = lobs || value instanceof Mono;
    }

    /** Begins the next set. */
    void add() {
        requireComplete();
        sets++;
        if (sets * width > values.length) {
            values = Arrays.copyOf(values, Math.max(sets * width, values.length * 2));
        }
    }

    /** How many sets there are. */
    int sets() {
        return sets;
    }

    /** The values of one set, null where nothing is bound. */
    @Nullable
    Object[] set(int set) {
        @Nullable Object[] copy = new Object[width];
        for (int i = 0; i < width; i++) {
            Object value = values[set * width + i];
            copy[i] = value == BOUND_NULL ? null : value;
        }
        return copy;
    }

    /** Whether a value must be collected before the statement runs. */
    boolean hasLobs() {
        return lobs;
    }

    /** The same with large objects read. */
    Mono<Bindings> withoutLobs() {
        return Lobs.resolved(values).map(read -> new Bindings(this, read));
    }

    /** Refuses to go on while a parameter has no value. */
    Bindings requireComplete() {
        for (int index = 0; index < width; index++) {
            if (values[(sets - 1) * width + index] == null && script.isUsed(index)) {
                throw new IllegalStateException("Parameter " + index + " (indexes start at 0) of [" + script.sql()
                        + "] has no value. Bind it, or bindNull it; after a last add() nothing more is to come.");
            }
        }
        return this;
    }
}
