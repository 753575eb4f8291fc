package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcRollbackException;
import java.util.Map;

/**
 * A connection was taken to write, and its server is not the primary of its group any more. The statement or commit was not
 * sent; the transaction is rolled back. Begin it again: it goes to the new primary then.
 */
public final class PrimaryMovedException extends R2dbcRollbackException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String logicalName;
    private final transient String held;

    /**
     * Builds the message.
     *
     * @param logicalName the name of the whole
     * @param held the connection that was the primary
     */
    public PrimaryMovedException(String logicalName, String held) {
        super("Connection " + Shown.quoted(held) + " is not the primary of " + Shown.quoted(logicalName)
                + " any more, and the handle was taken to write there. Nothing of this was sent; begin again, with another"
                + " connection.");
        this.logicalName = logicalName;
        this.held = held;
    }

    /** {@return the connection that was the primary} */
    @Override
    public String connectionName() {
        return held;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(held, Map.of("logicalName", logicalName));
    }
}
