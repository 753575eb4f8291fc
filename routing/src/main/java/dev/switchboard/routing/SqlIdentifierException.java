package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A name given to {@link SqlStatement#identifier(String, String...)}, {@link SqlStatement#generatedKeys(String...)} or
 * {@link SqlClient#insertInto(String...)} cannot be the name of anything on the product. Nothing was sent to the database.
 */
public final class SqlIdentifierException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String identifier;
    private final transient String found;

    SqlIdentifierException(@Nullable String connectionName, SqlDialect dialect, String identifier, String found) {
        super(dialect.product() + " has nothing that is named " + Shown.quoted(identifier) + ": the name " + found
                + ". Where it comes from a request, answer that there is no such name, or choose from a list of names that"
                + " you know.");
        this.connectionName = connectionName;
        this.identifier = Shown.quoted(identifier);
        this.found = found;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("identifier", identifier, "found", found));
    }
}
