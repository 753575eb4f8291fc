package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;

/**
 * A view for one product was routed to a database of another. Raised before a connection is taken.
 *
 * @see RoutingConnectionFactory#forProduct(String)
 */
public final class ProductMismatchException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient String expected;
    private final transient String found;

    /**
     * Builds the message.
     *
     * @param connectionName the connection that was routed to
     * @param expected the product of the view
     * @param found the product of the connection
     */
    public ProductMismatchException(String connectionName, String expected, String found) {
        super("Connection " + Shown.quoted(connectionName) + " is " + found
                + ", and it was asked for through the view for "
                + expected + ", whose users write SQL for " + expected + " only. Use forProduct(\"" + found
                + "\") for it, or SqlClient, which writes its parameters for every product.");
        this.connectionName = connectionName;
        this.expected = expected;
        this.found = found;
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("expected", expected, "found", found));
    }

    /** {@return the product of the view} */
    public String expected() {
        return expected;
    }

    /** {@return the product of the connection} */
    public String found() {
        return found;
    }
}
