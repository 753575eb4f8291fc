package dev.switchboard.core;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A chain that holds a connection asked for another one at a cap, and the reserve for such chains is empty too. It did not wait,
 * since all who hold a connection might be waiting for one.
 */
public final class BudgetDeadlockException extends R2dbcTransientResourceException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient List<String> held;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection that was asked for
     * @param held the names of the connections that the chain holds
     * @param inTheWay the scope whose cap is reached, or null where it is not known
     */
    public BudgetDeadlockException(String connectionName, List<String> held, @Nullable BudgetStatus inTheWay) {
        super(message(connectionName, held, inTheWay));
        this.connectionName = connectionName;
        this.held = List.copyOf(held);
        this.facts = BudgetStatus.facts(
                        ErrorFacts.about(connectionName)
                                .and("held", held.stream().map(ErrorText::name).toList()),
                        inTheWay)
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

    /** {@return the names of the connections that the chain holds} */
    public List<String> held() {
        return held;
    }

    private static String message(String name, List<String> held, @Nullable BudgetStatus inTheWay) {
        return ErrorText.connection(name) + " was asked for by a chain that holds " + ErrorText.quoted(held)
                + ", and there is no room left, nor a reserve" + BudgetStatus.words(inTheWay)
                + ". It did not wait, since it could be waiting for itself. Give back the first connection before"
                + " asking for the second, do both on one, or raise "
                + (inTheWay == null
                        ? "the maxSize of its pool; of a SQLite file only one can write."
                        : "the cap or the reserve of the ConnectionBudget.");
    }
}
