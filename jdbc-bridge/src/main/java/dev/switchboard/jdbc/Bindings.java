package dev.switchboard.jdbc;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The values of one execution of a script, as they are collected. */
final class Bindings {
    private final Script script;
    private final List<@Nullable Object> values;
    private final BitSet bound = new BitSet();

    Bindings(Script script) {
        this.script = script;
        this.values = new ArrayList<>(Collections.nCopies(script.parameterCount(), null));
    }

    void bind(int index, @Nullable Object value) {
        values.set(index, value);
        bound.set(index);
    }

    boolean isEmpty() {
        return bound.isEmpty();
    }

    List<@Nullable Object> values() {
        return values;
    }

    /** Refuses to go on while a parameter has no value. */
    Bindings requireComplete() {
        for (int index = 0; index < script.parameterCount(); index++) {
            if (script.isUsed(index) && !bound.get(index)) {
                throw new IllegalStateException("Parameter " + index + " (indexes start at 0) of [" + script.sql()
                        + "] has no value. Bind it, or bindNull it; after a last add() nothing more is to come.");
            }
        }
        return this;
    }
}
