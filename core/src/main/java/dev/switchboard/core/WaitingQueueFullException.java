package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Map;

/** All connections are taken and as many borrowers wait for one as may wait; this one did not wait at all. */
public final class WaitingQueueFullException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient PoolCounts counts;
    private final transient int maxWaiting;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param counts how the pool stood when the borrower was sent away
     * @param maxWaiting how many borrowers may wait
     */
    public WaitingQueueFullException(String connectionName, PoolCounts counts, int maxWaiting) {
        super(message(connectionName, counts, maxWaiting));
        this.connectionName = connectionName;
        this.counts = counts;
        this.maxWaiting = maxWaiting;
        this.facts = ErrorFacts.about(connectionName)
                .and("inUse", counts.inUse())
                .and("opening", counts.opening())
                .and("waiting", counts.waiting())
                .and("max", counts.max())
                .and("maxWaiting", maxWaiting)
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

    /** {@return how the pool stood when the borrower was sent away} */
    public PoolCounts counts() {
        return counts;
    }

    /** {@return how many borrowers may wait} */
    public int maxWaiting() {
        return maxWaiting;
    }

    private static String message(String name, PoolCounts counts, int maxWaiting) {
        return ErrorText.connection(name) + ": all connections are taken and " + counts.waiting()
                + " borrowers wait already, of " + maxWaiting + " that may (in use " + counts.inUse() + ", opening "
                + counts.opening() + ", max " + counts.max() + "). This one did not wait. Try again later, hold"
                + " connections for a shorter time, or raise maxSize or maxWaiting of its PoolOptions.";
    }
}
