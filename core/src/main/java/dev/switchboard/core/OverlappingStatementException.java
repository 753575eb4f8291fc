package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A statement waited behind another one of the same connection whose rows nobody read. The connection stays usable. */
public final class OverlappingStatementException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String waitingSql;
    private final transient String openSql;
    private final transient Duration waited;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param waitingSql the statement that could not start
     * @param openSql the statement whose rows are still open
     * @param waited how long it waited
     */
    public OverlappingStatementException(
            @Nullable String connectionName, String waitingSql, String openSql, Duration waited) {
        super(message(connectionName, waitingSql, openSql, waited));
        this.connectionName = connectionName;
        this.waitingSql = ErrorText.sql(waitingSql);
        this.openSql = ErrorText.sql(openSql);
        this.waited = waited;
        this.facts = ErrorFacts.about(connectionName)
                .and("waitingSql", this.waitingSql)
                .and("openSql", this.openSql)
                .and("waited", waited)
                .build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return the statement that could not start} */
    public String waitingSql() {
        return waitingSql;
    }

    /** {@return the statement whose rows are still open} */
    public String openSql() {
        return openSql;
    }

    /** {@return how long it waited} */
    public Duration waited() {
        return waited;
    }

    private static String message(@Nullable String name, String waitingSql, String openSql, Duration waited) {
        return ErrorText.connection(name) + ": a statement waited " + ErrorText.duration(waited)
                + " behind another one of the same connection whose rows nobody reads. Waiting: ["
                + ErrorText.sql(waitingSql) + "]. Open: [" + ErrorText.sql(openSql) + "]."
                + " One connection runs one statement at a time: consume the first result before the second statement"
                + " (collectList()), run the second on another connection, or keep fewer in flight"
                + " (fetchSize, flatMap with a smaller concurrency).";
    }
}
