package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;

/** The connection directory did not answer in time whether it knows a name. */
public final class DirectoryTimeoutException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Duration waited;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name that was asked for
     * @param waited how long the registry waited for the answer
     */
    public DirectoryTimeoutException(String connectionName, Duration waited) {
        super(ErrorText.connection(connectionName) + " is not registered, and the connection directory did not answer"
                + " within " + ErrorText.duration(waited) + ". Nothing is remembered of it: try again, look at what the"
                + " directory waits for, or raise lookupTimeout of its DirectoryOptions.");
        this.connectionName = connectionName;
        this.waited = waited;
        this.facts = ErrorFacts.about(connectionName).and("waited", waited).build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return how long the registry waited for the answer} */
    public Duration waited() {
        return waited;
    }
}
