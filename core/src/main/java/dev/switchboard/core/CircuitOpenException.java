package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * No connection was opened, since too many attempts to connect to the same address have failed and its circuit breaker is
 * open. Nothing was sent and nobody waited; the same may succeed later.
 */
public final class CircuitOpenException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient String where;
    private final transient Map<String, Object> facts;

    CircuitOpenException(String connectionName, String where, ConnectPace.@Nullable Failure last) {
        super(ErrorText.connection(connectionName) + ": nobody connects to " + ErrorText.where(where)
                + " for now, as its circuit breaker is open"
                + (last == null
                        ? ""
                        : "; the last attempt failed " + ErrorText.duration(last.ago()) + " ago (" + last.reason()
                                + ")")
                + ". Check that it is running and can be reached from here. The breaker lets an attempt through by itself"
                + " after its wait; retry later, for example with retryTransient().");
        this.connectionName = connectionName;
        this.where = ErrorText.where(where);
        this.facts = ErrorFacts.about(connectionName)
                .and("where", this.where)
                .and("lastFailure", last == null ? null : last.reason())
                .build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return host and port, or the socket} */
    public String where() {
        return where;
    }
}
