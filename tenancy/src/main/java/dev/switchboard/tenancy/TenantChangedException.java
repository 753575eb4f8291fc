package dev.switchboard.tenancy;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Another tenant was written inside a tenant's scope. Nothing was sent to a database. */
public final class TenantChangedException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String held;
    private final transient String asked;

    TenantChangedException(TenantId held, TenantId asked) {
        super("This scope belongs to " + held + ", and " + asked
                + " was written inside of it. A scope has one tenant. End the"
                + " scope of the one before that of the other begins: run the chains one after the other instead of one in"
                + " the other.");
        this.held = held.value();
        this.asked = asked.value();
    }

    /** {@return null, as no connection was asked for} */
    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("held", held, "asked", asked);
    }
}
