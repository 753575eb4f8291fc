package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;

/** A chain with an override needed a pool that is not open, and all pools that its connection may open for overrides were in use. */
public final class OverridePoolsBusyException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param override the override whose pool could not be opened
     * @param waited how long the borrower waited
     * @param maxPools how many pools the connection may open for overrides
     */
    public OverridePoolsBusyException(
            String connectionName, ConnectionOverride override, Duration waited, int maxPools) {
        super(ErrorText.connection(connectionName) + ": no pool for the override " + override
                + " could be opened within "
                + ErrorText.duration(waited) + ", since all " + maxPools + " pools for overrides were in use."
                + " Hold connections for a shorter time, or raise maxPools with withOverrides(..) of its definition.");
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName)
                .and("override", override.toString())
                .and("waited", waited)
                .and("maxPools", maxPools)
                .build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
