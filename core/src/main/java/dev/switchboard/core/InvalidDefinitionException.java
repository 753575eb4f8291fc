package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A definition or a set of options cannot be used as it is. Thrown synchronously where the definition or the options
 * are built, and from the first connect where only the driver can tell.
 *
 * <p>The texts handed in are shown as they are: whoever throws this keeps secrets out of them.
 */
public final class InvalidDefinitionException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String found;
    private final transient String allowed;
    private final transient String next;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null for options that belong to none yet
     * @param found what was found, as a clause without a full stop
     * @param allowed what is allowed, as a phrase without a full stop
     * @param next what to do next, as a sentence without a full stop
     */
    public InvalidDefinitionException(@Nullable String connectionName, String found, String allowed, String next) {
        super(message(connectionName, found, allowed, next));
        this.connectionName = connectionName;
        this.found = found;
        this.allowed = allowed;
        this.next = next;
        this.facts = ErrorFacts.about(connectionName)
                .and("found", found)
                .and("allowed", allowed)
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

    /** {@return what was found, as a clause without a full stop} */
    public String found() {
        return found;
    }

    /** {@return what is allowed, as a phrase without a full stop} */
    public String allowed() {
        return allowed;
    }

    /** {@return what to do next, as a sentence without a full stop} */
    public String next() {
        return next;
    }

    /** The same refusal, about a connection whose name has become known. */
    InvalidDefinitionException named(String name) {
        return new InvalidDefinitionException(name, found, allowed, next);
    }

    private static String message(@Nullable String name, String found, String allowed, String next) {
        String subject = name == null ? "Cannot be used" : ErrorText.connection(name) + " cannot be defined";
        return subject + ": " + found + ". Allowed: " + allowed + ". " + next + ".";
    }
}
