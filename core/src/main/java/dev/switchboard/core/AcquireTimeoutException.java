package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** No connection became free in time, or its session was not prepared in time. */
public final class AcquireTimeoutException extends R2dbcTimeoutException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient Duration waited;
    private final transient PoolCounts counts;
    private final transient @Nullable BudgetStatus inTheWay;
    private final transient Map<String, Object> facts;

    /** What every such error tells. */
    private record Found(
            String name,
            Duration waited,
            PoolCounts counts,
            @Nullable BudgetStatus inTheWay) {

        String message(String none, String more) {
            return ErrorText.connection(name) + ": " + none + " became free within " + ErrorText.duration(waited)
                    + " (in use " + counts.inUse() + ", idle " + counts.idle() + ", opening " + counts.opening()
                    + ", waiting " + counts.waiting() + ", max " + counts.max() + more + ")."
                    + (inTheWay == null
                            ? " Hold connections for a shorter time, or raise maxSize or acquireTimeout of its PoolOptions."
                            : " A cap was in the way" + BudgetStatus.words(inTheWay)
                                    + ". Hold connections for a shorter time, or raise that cap of the ConnectionBudget or"
                                    + " acquireTimeout of its PoolOptions.");
        }
    }

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param waited how long the borrower waited
     * @param counts how the pool stood when the borrower gave up
     */
    public AcquireTimeoutException(String connectionName, Duration waited, PoolCounts counts) {
        this(connectionName, waited, counts, null);
    }

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param waited how long the borrower waited
     * @param counts how the pool stood when the borrower gave up
     * @param inTheWay the scope of the connection budget whose cap held the borrower back, or null where none did
     */
    public AcquireTimeoutException(
            String connectionName, Duration waited, PoolCounts counts, @Nullable BudgetStatus inTheWay) {
        this(new Found(connectionName, waited, counts, inTheWay), "no connection", "");
    }

    private AcquireTimeoutException(Found found, String none, String more) {
        this(found, found.message(none, more), ErrorFacts.about(found.name()));
    }

    private AcquireTimeoutException(Found found, String message, ErrorFacts facts) {
        super(message);
        this.connectionName = found.name();
        this.waited = found.waited();
        this.counts = found.counts();
        this.inTheWay = found.inTheWay();
        ErrorFacts counted = facts.and("waited", waited)
                .and("inUse", counts.inUse())
                .and("idle", counts.idle())
                .and("opening", counts.opening())
                .and("waiting", counts.waiting())
                .and("max", counts.max());
        this.facts = BudgetStatus.facts(counted, inTheWay).build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return how long the borrower waited} */
    public Duration waited() {
        return waited;
    }

    /** {@return how the pool stood when the borrower gave up} */
    public PoolCounts counts() {
        return counts;
    }

    /** {@return the scope of the connection budget whose cap held the borrower back, or null where none did} */
    public @Nullable BudgetStatus inTheWay() {
        return inTheWay;
    }

    /** For a borrower that waited while nobody could connect to its address. */
    static AcquireTimeoutException unreachable(
            String name, Duration waited, PoolCounts counts, ConnectPace.Failure last) {
        return new AcquireTimeoutException(
                new Found(name, waited, counts, null),
                ErrorText.connection(name) + ": no connection could be opened within " + ErrorText.duration(waited)
                        + " (in use " + counts.inUse() + ", opening " + counts.opening() + ", waiting "
                        + counts.waiting() + ", max " + counts.max() + "). The last attempt to connect to "
                        + ErrorText.where(last.address()) + " failed " + ErrorText.duration(last.ago()) + " ago ("
                        + last.reason() + "), and until one succeeds they are made one by one. Check that it is running"
                        + " and can be reached from here, and the address in its definition.",
                ErrorFacts.about(name)
                        .and("where", ErrorText.where(last.address()))
                        .and("lastFailure", last.reason()));
    }

    /** For a borrower that waited while its name was paused. */
    static AcquireTimeoutException paused(String name, Duration waited, PoolCounts counts, int waiting) {
        return new AcquireTimeoutException(
                new Found(name, waited, counts, null),
                ErrorText.connection(name) + ": it is paused, and was not resumed within " + ErrorText.duration(waited)
                        + " (in use " + counts.inUse() + ", waiting " + waiting
                        + "). Somebody moves it; try again later, or raise acquireTimeout of its PoolOptions above the time that"
                        + " a move takes.",
                ErrorFacts.about(name).and("paused", true));
    }

    /** For a borrower whose connection was there, but not its session. */
    static AcquireTimeoutException preparing(String name, Duration waited, PoolCounts counts) {
        return new AcquireTimeoutException(
                new Found(name, waited, counts, null),
                ErrorText.connection(name) + ": the session was not prepared within " + ErrorText.duration(waited)
                        + ", and its connection was closed. A retry prepares another one; if this goes on, look at what the"
                        + " preparation waits for, or raise resetTimeout of its PoolOptions.",
                ErrorFacts.about(name));
    }

    /** For a borrower that waited for one of the connections that only query. */
    static AcquireTimeoutException reading(
            String name, Duration waited, PoolCounts counts, @Nullable BudgetStatus inTheWay) {
        return new AcquireTimeoutException(
                new Found(name, waited, counts, inTheWay),
                "none of the connections that read",
                "; one more is kept for writing");
    }

    /** For a borrower that waited for the one connection that writes, which somebody else has. */
    static AcquireTimeoutException writing(
            String name, Duration waited, PoolCounts counts, String heldBy, Duration heldFor) {
        return new AcquireTimeoutException(
                new Found(name, waited, counts, null),
                ErrorText.connection(name) + ": its one writer did not become free within " + ErrorText.duration(waited)
                        + "; " + heldBy + " has held it for " + ErrorText.duration(heldFor) + ", and "
                        + counts.waiting() + " others wait."
                        + " Keep what writes short and close its connection, read in read-only transactions, or raise"
                        + " acquireTimeout of its PoolOptions or the lock wait time-out.",
                ErrorFacts.about(name).and("heldBy", heldBy).and("heldFor", heldFor));
    }
}
