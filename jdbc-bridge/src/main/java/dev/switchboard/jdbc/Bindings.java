package dev.switchboard.jdbc;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The values of one execution of a script, as they are collected. */
final class Bindings {
    /** Stands where nothing has been bound yet, since null is a value. */
    private static final Object UNBOUND = new Object();

    private final Script script;
    private final @Nullable Object[] values;
    private boolean lobs;

    Bindings(Script script) {
        this.script = script;
        this.values = new Object[script.parameterCount()];
        Arrays.fill(values, UNBOUND);
    }

    void bind(int index, @Nullable Object value) {
        values[index] = value;
        lobs = lobs || value instanceof Mono;
    }

    /** Whether a value must be collected before the statement runs. */
    boolean hasLobs() {
        return lobs;
    }

    @Nullable
    Object[] values() {
        return values;
    }

    /** Refuses to go on while a parameter has no value. */
    Bindings requireComplete() {
        for (int index = 0; index < values.length; index++) {
            if (values[index] == UNBOUND && script.isUsed(index)) {
                throw new IllegalStateException("Parameter " + index + " (indexes start at 0) of [" + script.sql()
                        + "] has no value. Bind it, or bindNull it; after a last add() nothing more is to come.");
            }
        }
        return this;
    }
}
