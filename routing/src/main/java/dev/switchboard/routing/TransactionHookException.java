package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was to run after the end of a transaction failed. The transaction itself ended as it was asked to, and this changes
 * nothing about it: {@link #state()} says how.
 */
public final class TransactionHookException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient TransactionState state;

    TransactionHookException(@Nullable String connectionName, TransactionState state, Throwable cause) {
        super(
                "The transaction was " + words(state)
                        + "; what was to run after it failed. Do not repeat the transaction for"
                        + " that, and handle errors inside of the hook.",
                cause);
        this.connectionName = connectionName;
        this.state = state;
    }

    private static String words(TransactionState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** {@return how the transaction ended} */
    public TransactionState state() {
        return state;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("state", state));
    }
}
