package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Says in one way what each driver says in its own when a connection cannot be opened. */
final class ConnectFailures {

    /** MySQL and MariaDB: access denied for the database, for the user, and by plug-in. */
    private static final Set<Integer> ACCESS_DENIED = Set.of(1044, 1045, 1698);

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

    /** Looks at the causes too: the MariaDB driver wraps the refusal in words about the address. */
    private static boolean authentication(Throwable failure) {
        Throwable link = failure;
        for (int depth = 0; link != null && depth < DEEPEST_CAUSE; depth++) {
            if (link instanceof R2dbcException refused && refusesLogin(refused)) {
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
