package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A driver's own connection was asked for under a type that it does not have. */
public final class WrongConnectionTypeException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String wanted;
    private final transient String found;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param wanted the name of the type that was asked for
     * @param found the name of the type that the driver's connection has
     */
    public WrongConnectionTypeException(@Nullable String connectionName, String wanted, String found) {
        super(ErrorText.connection(connectionName) + ": its driver's connection is a " + found + " and not a " + wanted
                + ". Ask for the type that it is, or for a connection of the other product.");
        this.connectionName = connectionName;
        this.wanted = wanted;
        this.found = found;
        this.facts = ErrorFacts.about(connectionName)
                .and("wanted", wanted)
                .and("found", found)
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

    /** {@return the name of the type that was asked for} */
    public String wanted() {
        return wanted;
    }

    /** {@return the name of the type that the driver's connection has} */
    public String found() {
        return found;
    }
}
