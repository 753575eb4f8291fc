package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A statement did not answer within the {@link SqlStatement#timeout(Duration)} that it was given. It is being stopped on the
 * server. Where it writes, it may have happened.
 */
public final class AnswerTimeoutException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String statement;
    private final transient Duration limit;

    AnswerTimeoutException(@Nullable String connectionName, String sql, Duration limit) {
        super(Shown.sql(sql) + " on connection " + Shown.quoted(connectionName == null ? "" : connectionName)
                + " did not answer within " + limit.toMillis()
                + " ms, and is being stopped; where it writes, it may have"
                + " happened. Make it cheaper, with an index or a LIMIT, or give it more time with timeout(..).");
        this.connectionName = connectionName;
        this.statement = Shown.sql(sql);
        this.limit = limit;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("sql", statement, "limit", limit));
    }
}
