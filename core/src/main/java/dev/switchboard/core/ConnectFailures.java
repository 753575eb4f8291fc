package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Says in one way what each driver says in its own when a connection cannot be opened. */
final class ConnectFailures {

    /** MySQL and MariaDB: access denied for the database, for the user, and by plug-in. */
    private static final Set<Integer> ACCESS_DENIED = Set.of(1044, 1045, 1698);

    /** MySQL and MariaDB: too many connections of all, and of the user, by the server's limit and by one of its own. */
    private static final Set<Integer> TOO_MANY = Set.of(1040, 1203, 1226);

    private static final int DEEPEST_CAUSE = 16;

    private ConnectFailures() {}

    static Throwable describe(ConnectionDefinition definition, Throwable failure, Duration limit) {
        if (failure instanceof SwitchboardError || failure instanceof SlotPool.MovedException) {
            return failure;
        }
        TlsFailedException tls = TlsFailures.describe(definition, failure);
        if (tls != null) {
            return tls;
        }
        if (authentication(failure)) {
            return new AuthenticationRefusedException(definition.name(), user(definition), failure);
        }
        Throwable cause = failure instanceof TimeoutException
                ? new TimeoutException("No connection within " + limit.toMillis() + " ms")
                : failure;
        return new CannotConnectException(definition.name(), definition.where(), cause);
    }

    /** Whether the server has as many connections as it takes, or as this user may have: one of them may end at any moment. */
    static boolean isTooMany(Throwable failure) {
        return anyCause(
                failure, refused -> "53300".equals(refused.getSqlState()) || TOO_MANY.contains(refused.getErrorCode()));
    }

    /**
     * Whether a failure, as it was described, says that nobody is there, or not in time, or that the server could take nobody;
     * else the address has answered, and what is wrong concerns this definition only.
     */
    static boolean isOfAddress(Throwable described) {
        if (!(described instanceof CannotConnectException)) {
            return false;
        }
        // The MariaDB driver wraps what the server said in words and a code of its own.
        Throwable link = described.getCause();
        for (int depth = 0; link != null && depth < DEEPEST_CAUSE; depth++) {
            if (link instanceof IOException || link instanceof TimeoutException || isUnavailable(link)) {
                return true;
            }
            link = link.getCause();
        }
        return false;
    }

    private static boolean isUnavailable(Throwable said) {
        FailureClass meaning = said instanceof R2dbcException ? FailureClass.of(said) : FailureClass.OTHER;
        return meaning == FailureClass.RETRYABLE_STATEMENT || meaning == FailureClass.CONNECTION_DEAD;
    }

    private static boolean authentication(Throwable failure) {
        return anyCause(failure, ConnectFailures::refusesLogin);
    }

    /** Looks at the causes too: the MariaDB driver wraps the refusal in words about the address. */
    private static boolean anyCause(Throwable failure, Predicate<R2dbcException> kind) {
        Throwable link = failure;
        for (int depth = 0; link != null && depth < DEEPEST_CAUSE; depth++) {
            if (link instanceof R2dbcException refused && kind.test(refused)) {
                return true;
            }
            link = link.getCause();
        }
        return false;
    }

    private static boolean refusesLogin(R2dbcException refused) {
        String state = refused.getSqlState();
        return refused instanceof R2dbcPermissionDeniedException
                || (state != null && state.startsWith("28"))
                || ACCESS_DENIED.contains(refused.getErrorCode());
    }

    private static @Nullable String user(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        Object user = options == null ? null : options.getValue(ConnectionFactoryOptions.USER);
        return user instanceof CharSequence ? user.toString() : null;
    }
}
