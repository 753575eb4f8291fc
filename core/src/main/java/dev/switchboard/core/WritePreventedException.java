package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A statement that may write came where writes are prevented. Nothing was sent to the database. Products whose sessions can be
 * told to refuse writes do so with an error of their own, with SQLSTATE 25006 as a rule.
 */
public final class WritePreventedException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param sql the statement
     */
    public WritePreventedException(@Nullable String connectionName, String sql) {
        super(ErrorText.connection(connectionName)
                + " only reads here, since writes are prevented, and a statement came that does not begin like a query: ["
                + ErrorText.sql(sql)
                + "]. Begin it with SELECT, VALUES or WITH, or write outside of this scope, with readWrite().");
        this.connectionName = connectionName;
        this.facts =
                ErrorFacts.about(connectionName).and("sql", ErrorText.sql(sql)).build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
