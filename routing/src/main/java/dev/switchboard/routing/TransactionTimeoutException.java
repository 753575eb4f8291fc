package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The work of a transaction took longer than {@link TransactionOptions#withTimeout}. It is rolled back. */
public final class TransactionTimeoutException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient Duration limit;

    TransactionTimeoutException(@Nullable String connectionName, Duration limit) {
        super("The work of a transaction on connection " + Shown.quoted(connectionName == null ? "" : connectionName)
                + " took longer than its time-out of " + limit.toMillis()
                + " ms, and is rolled back. Do less in one transaction, or give it more time with withTimeout(..).");
        this.connectionName = connectionName;
        this.limit = limit;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("limit", limit));
    }
}
