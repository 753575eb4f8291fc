package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLSyntaxErrorException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JDBC's errors as R2DBC's: by SQLSTATE, then by its class, then by the exception that the driver chose. */
final class JdbcErrors {

    /** Makes an exception of one type from reason, SQLSTATE, code, SQL and cause. */
    private interface Factory {

        R2dbcException create(
                @Nullable String reason, @Nullable String sqlState, int code, @Nullable String sql, SQLException cause);
    }

    private static final Map<String, Factory> STATES = Map.ofEntries(
            Map.entry("42501", R2dbcPermissionDeniedException::new),
            Map.entry("57014", R2dbcTimeoutException::new),
            Map.entry("55P03", R2dbcTimeoutException::new),
            Map.entry("08", R2dbcNonTransientResourceException::new),
            Map.entry("22", R2dbcDataIntegrityViolationException::new),
            Map.entry("23", R2dbcDataIntegrityViolationException::new),
            Map.entry("28", R2dbcPermissionDeniedException::new),
            Map.entry("40", R2dbcRollbackException::new),
            Map.entry("42", R2dbcBadGrammarException::new),
            Map.entry("53", R2dbcTransientResourceException::new),
            Map.entry("58", R2dbcTransientResourceException::new));
    private static final Map<Class<? extends SQLException>, Factory> TYPES = Map.of(
            SQLIntegrityConstraintViolationException.class, R2dbcDataIntegrityViolationException::new,
            SQLSyntaxErrorException.class, R2dbcBadGrammarException::new,
            SQLTimeoutException.class, R2dbcTimeoutException::new,
            SQLTransactionRollbackException.class, R2dbcRollbackException::new,
            SQLTransientException.class, R2dbcTransientResourceException::new);

    private JdbcErrors() {}

    static R2dbcException translate(JdbcDialect dialect, SQLException failure, @Nullable String sql) {
        String message = String.valueOf(failure.getMessage());
        String known = failure.getSQLState() == null ? dialect.sqlState(message) : failure.getSQLState();
        return factory(known, failure)
                .create(message, known.isEmpty() ? null : known, failure.getErrorCode(), sql, failure);
    }

    private static Factory factory(String sqlState, SQLException failure) {
        Factory exact = STATES.get(sqlState);
        if (exact != null) {
            return exact;
        }
        Factory ofClass = sqlState.length() < 2 ? null : STATES.get(sqlState.substring(0, 2));
        if (ofClass != null) {
            return ofClass;
        }
        // A time-out is also transient, so the narrower type is looked for first.
        return TYPES.entrySet().stream()
                .filter(entry -> entry.getKey() == failure.getClass())
                .findFirst()
                .or(() -> TYPES.entrySet().stream()
                        .filter(entry -> entry.getKey().isInstance(failure))
                        .findFirst())
                .map(Map.Entry::getValue)
                .orElse(R2dbcNonTransientResourceException::new);
    }
}
