package dev.switchboard.tenancy;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A query has no tenant, and no shared connection was chosen for it. There is no fallback. */
public final class NoTenantException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;

    NoTenantException(@Nullable String connectionName) {
        super("No tenant was chosen: the Context has no tenant"
                + (connectionName == null ? "" : ", and connection '" + connectionName + "' is not shared")
                + ". Write contextWrite(usingTenant(\"id\")) at the end of the chain, or choose a connection that"
                + " withSharedConnections(..) names.");
        this.connectionName = connectionName;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return connectionName == null ? Map.of() : Map.of("connectionName", connectionName);
    }
}
