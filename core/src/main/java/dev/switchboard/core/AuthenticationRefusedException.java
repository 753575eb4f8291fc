package dev.switchboard.core;

import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The server refused to log the user in. A retry with the same credentials does not help. */
public final class AuthenticationRefusedException extends R2dbcPermissionDeniedException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient @Nullable String user;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param user the user that was refused, or null where it is not known
     * @param cause what the driver answered
     */
    public AuthenticationRefusedException(String connectionName, @Nullable String user, Throwable cause) {
        super(
                ErrorText.connection(connectionName) + ": the server refused to log in "
                        + (user == null ? "its user" : "the user " + ErrorText.quoted(user))
                        + ". Check the password, and that this user may log in to this database from this host.",
                ErrorFacts.sqlState(cause),
                ErrorFacts.errorCode(cause),
                cause);
        this.connectionName = connectionName;
        this.user = user;
        this.facts = ErrorFacts.about(connectionName)
                .and("user", user == null ? null : ErrorText.name(user))
                .andCause(cause)
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

    /** {@return the user that was refused, or null where it is not known} */
    public @Nullable String user() {
        return user;
    }
}
