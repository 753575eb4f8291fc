package dev.switchboard.tenancy;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A text is no tenant id. The text itself, which may come from a request, is not part of the message. */
public final class InvalidTenantIdException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String found;

    InvalidTenantIdException(String found) {
        super("This is no tenant id: " + found
                + ". Allowed are 1 to 63 characters, each a letter from A to Z or a to z, a"
                + " digit, '_' or '-'. Refuse the request, or map the customer's name to an id of that form.");
        this.found = found;
    }

    /** {@return null, as no connection was asked for} */
    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("found", found);
    }
}
