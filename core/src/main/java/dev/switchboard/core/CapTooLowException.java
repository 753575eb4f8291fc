package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * More connections were asked for at the same time than a cap or a pool lets borrowers have, as by an ordered fan-out over many
 * databases. Nothing was taken, and waiting would not have helped.
 */
public final class CapTooLowException extends R2dbcNonTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name whose pool is too small, or null where it is a cap of the budget
     * @param wanted how many connections were asked for at the same time within that scope
     * @param scope the host, the group, the registry or the pool, as a part of a sentence
     * @param most how many of it borrowers may have
     */
    public CapTooLowException(@Nullable String connectionName, int wanted, String scope, int most) {
        super(wanted + " connections were asked for at the same time, and " + scope + " lets borrowers have " + most
                + ". Nothing was taken. Ask fewer databases at a time, give an ordered fan-out a Keyset, so that it reads"
                + " pages and holds nothing between them, or raise the "
                + (connectionName == null ? "cap of the ConnectionBudget." : "maxSize of its PoolOptions."));
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName)
                .and("wanted", wanted)
                .and("scope", scope)
                .and("most", most)
                .build();
    }

    /** {@return the name whose pool is too small, or null where it is a cap of the budget} */
    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
