package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A transaction was asked for something that its state does not allow. Nothing was sent to the database. */
public final class TransactionStateException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String found;
    private final transient String next;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param found what was found, as a clause without a full stop
     * @param next what to do next, as a sentence without a full stop
     */
    public TransactionStateException(@Nullable String connectionName, String found, String next) {
        super(ErrorText.connection(connectionName) + ": " + found + ". " + next + ".");
        this.connectionName = connectionName;
        this.found = found;
        this.next = next;
        this.facts = ErrorFacts.about(connectionName).and("found", found).build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return what was found, as a clause without a full stop} */
    public String found() {
        return found;
    }

    /** {@return what to do next, as a sentence without a full stop} */
    public String next() {
        return next;
    }
}
