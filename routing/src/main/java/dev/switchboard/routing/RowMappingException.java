package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A row does not fit the type that it should become. The values of the row are not part of the message. */
public final class RowMappingException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String target;
    private final transient String found;

    RowMappingException(@Nullable String connectionName, Class<?> target, String found, String next) {
        this(connectionName, target, found, next, null);
    }

    RowMappingException(
            @Nullable String connectionName, Class<?> target, String found, String next, @Nullable Throwable cause) {
        super("A row cannot become " + target.getSimpleName() + ": " + found + ". " + next + ".", cause);
        this.connectionName = connectionName;
        this.target = target.getSimpleName();
        this.found = found;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("target", target, "found", found));
    }
}
