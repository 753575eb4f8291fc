package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The outer transaction wanted to commit, and one that had joined it had failed or been cancelled. All of it was rolled back.
 */
public final class RollbackOnlyException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String reason;

    RollbackOnlyException(@Nullable String connectionName, String reason, @Nullable Throwable cause) {
        super(
                "The transaction was rolled back instead of committed, since an inner transaction that had joined it "
                        + reason + " and the outer one went on. Let the error through, or run the inner one with"
                        + " Propagation.NESTED, which rolls back to a savepoint only.",
                cause);
        this.connectionName = connectionName;
        this.reason = reason;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("reason", reason));
    }
}
