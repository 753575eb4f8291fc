package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.List;
import java.util.Map;

/** Nobody registered a connection under this name. There is no fallback to another one. */
public final class UnknownConnectionException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient List<String> nearMisses;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name that was asked for
     * @param nearMisses registered names that look alike, closest first; may be empty
     */
    public UnknownConnectionException(String connectionName, List<String> nearMisses) {
        super(message(connectionName, nearMisses));
        this.connectionName = connectionName;
        this.nearMisses = List.copyOf(nearMisses);
        this.facts = ErrorFacts.about(connectionName)
                .and("nearMisses", nearMisses.stream().map(ErrorText::name).toList())
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

    /** {@return registered names that look alike, closest first; may be empty} */
    public List<String> nearMisses() {
        return nearMisses;
    }

    private static String message(String name, List<String> nearMisses) {
        String alike = nearMisses.isEmpty()
                ? "No registered name looks like it."
                : "Registered names that look like it: " + ErrorText.quoted(nearMisses) + ".";
        return ErrorText.connection(name) + " is not registered. " + alike
                + " Correct the name, or register it with register(..).";
    }
}
