package dev.switchboard.core;

import io.r2dbc.spi.R2dbcException;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds the fact map of an error, and reads what a driver's error says in numbers. */
final class ErrorFacts {

    private static final int DEEPEST_CAUSE = 16;

    private final Map<String, Object> facts = new LinkedHashMap<>();

    private ErrorFacts() {}

    static ErrorFacts about(@Nullable String connectionName) {
        return new ErrorFacts().and("connectionName", connectionName == null ? null : ErrorText.name(connectionName));
    }

    /** Adds a fact; one that is not known is left out. */
    ErrorFacts and(String fact, @Nullable Object value) {
        if (value != null) {
            facts.put(fact, value);
        }
        return this;
    }

    /** Adds the class of the cause and never its message, which is a driver's own text. */
    ErrorFacts andCause(@Nullable Throwable cause) {
        return cause == null ? this : and("cause", kind(cause));
    }

    Map<String, Object> build() {
        return Collections.unmodifiableMap(facts);
    }

    /** The class name of the innermost cause, which tells more than the driver's wrapping of it. */
    static String kind(Throwable cause) {
        Throwable innermost = cause;
        for (int depth = 0; depth < DEEPEST_CAUSE; depth++) {
            Throwable next = innermost.getCause();
            // What a resolver says beyond that differs from one to the next.
            if (next == null || innermost instanceof UnknownHostException) {
                break;
            }
            innermost = next;
        }
        return innermost.getClass().getSimpleName();
    }

    static @Nullable String sqlState(@Nullable Throwable cause) {
        R2dbcException driverError = driverError(cause);
        return driverError == null ? null : driverError.getSqlState();
    }

    static int errorCode(@Nullable Throwable cause) {
        R2dbcException driverError = driverError(cause);
        return driverError == null ? 0 : driverError.getErrorCode();
    }

    private static @Nullable R2dbcException driverError(@Nullable Throwable cause) {
        Throwable candidate = cause;
        for (int depth = 0; candidate != null && depth < DEEPEST_CAUSE; depth++) {
            if (candidate instanceof R2dbcException driverError) {
                return driverError;
            }
            candidate = candidate.getCause();
        }
        return null;
    }
}
