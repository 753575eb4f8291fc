package dev.switchboard.jdbc;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The values of one execution of a script, as they are collected. */
final class Bindings {
    private final Script script;
    private final @Nullable Object[] values;
    private final boolean[] bound;
    private boolean lobs;

    Bindings(Script script) {
        this.script = script;
        this.values = new Object[script.parameterCount()];
        this.bound = new boolean[values.length];
    }

    void bind(int index, @Nullable Object value) {
        values[index] = value;
        bound[index] = true;
        lobs = lobs || value instanceof Mono;
    }

    /** Whether a value must be collected before the statement runs. */
    boolean hasLobs() {
        return lobs;
    }

    List<@Nullable Object> values() {
        return Arrays.asList(values);
    }

    /** Refuses to go on while a parameter has no value. */
    Bindings requireComplete() {
        for (int index = 0; index < bound.length; index++) {
            if (script.isUsed(index) && !bound[index]) {
                throw new IllegalStateException("Parameter " + index + " (indexes start at 0) of [" + script.sql()
                        + "] has no value. Bind it, or bindNull it; after a last add() nothing more is to come.");
            }
        }
        return this;
    }
}
