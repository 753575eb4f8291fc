package dev.switchboard.core;

import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Tells an error that took the connection with it from one that the server answered with. */
final class DeadConnection {

    private DeadConnection() {}

    static boolean causes(Throwable failure, PhysicalConnection physical) {
        if (physical.isGone()) {
            return true;
        }
        return failure instanceof R2dbcException known ? causes(known) : failure instanceof IOException;
    }

    static boolean causes(R2dbcException known) {
        return byState(known.getSqlState()) || byClass(known);
    }

    /** 08: connection exceptions; 57P: the server is going down or the session was ended. */
    private static boolean byState(@Nullable String state) {
        return state != null && (state.startsWith("08") || state.startsWith("57P"));
    }

    /** The MySQL driver names the class of a closed connection and gives no state. */
    private static boolean byClass(R2dbcException known) {
        String type = known.getClass().getSimpleName();
        return known.getSqlState() == null && type.contains("Connection");
    }
}
