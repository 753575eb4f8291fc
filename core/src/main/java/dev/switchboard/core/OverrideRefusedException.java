package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A chain asked for an override that the connection's definition does not allow, or that cannot be used at all. Nothing was
 * sent anywhere. Thrown synchronously where an override of a wrong form is built, and signalled where a connection is needed.
 *
 * <p>The texts handed in are shown as they are: whoever throws this keeps secrets out of them.
 */
public final class OverrideRefusedException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where none is chosen yet
     * @param override the override, or null where its form is wrong
     * @param found what was found, as a clause without a full stop
     * @param allowed what is allowed, as a phrase without a full stop
     * @param next what to do next, as a sentence without a full stop
     */
    public OverrideRefusedException(
            @Nullable String connectionName,
            @Nullable ConnectionOverride override,
            String found,
            String allowed,
            String next) {
        super(subject(connectionName, override) + ": " + found + ". Allowed: " + allowed + ". " + next + ".");
        this.connectionName = connectionName;
        this.facts = ErrorFacts.about(connectionName)
                .and("override", override == null ? null : override.toString())
                .and("found", found)
                .and("allowed", allowed)
                .build();
    }

    private static String subject(@Nullable String connectionName, @Nullable ConnectionOverride override) {
        return connectionName == null
                ? "The override cannot be used"
                : ErrorText.connection(connectionName) + " cannot be used with the override " + override;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }
}
