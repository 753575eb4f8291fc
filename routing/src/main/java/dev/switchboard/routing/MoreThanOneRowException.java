package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link SqlRows#one()} found a second row. */
public final class MoreThanOneRowException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String statement;

    MoreThanOneRowException(@Nullable String connectionName, String sql) {
        super(Shown.sql(sql)
                + " returned more than one row, and one() allows one. Narrow the WHERE clause, or call first()"
                + " for any row or all() for every row.");
        this.connectionName = connectionName;
        this.statement = Shown.sql(sql);
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("sql", statement));
    }
}
