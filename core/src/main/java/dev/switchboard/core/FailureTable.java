package dev.switchboard.core;

import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The tables behind {@link FailureClass}: our own errors by class; the servers' by the code of MySQL and MariaDB where the
 * SQLSTATE says little, by SQLSTATE, by its first two characters; what a driver made up itself by its R2DBC type.
 */
final class FailureTable {

    private static final int DEEPEST_CAUSE = 16;

    /** States that MySQL, MariaDB and SQLite give to very different errors. */
    private static final Set<String> VAGUE = Set.of("HY000", "42000", "70100", "08001", "08004", "08S01");

    private static final Map<Class<?>, FailureClass> OURS = new LinkedHashMap<>();
    private static final Map<Integer, FailureClass> CODES = new HashMap<>();
    private static final Map<String, FailureClass> STATES = new HashMap<>();
    private static final Map<Class<?>, FailureClass> TYPES = new LinkedHashMap<>();

    static {
        ours();
        mysqlAndMariadb();
        sqlite();
        states();
        types();
    }

    private FailureTable() {}

    private static void ours() {
        OURS.put(OutcomeUnknownException.class, FailureClass.OUTCOME_UNKNOWN);
        // Nothing was sent.
        OURS.put(AcquireTimeoutException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(CircuitOpenException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(DirectoryTimeoutException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(OverridePoolsBusyException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(PasswordUnavailableException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(ValidationFailedException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(WaitingQueueFullException.class, FailureClass.RETRYABLE_STATEMENT);
        // The server has stopped it.
        OURS.put(StatementTimeoutException.class, FailureClass.RETRYABLE_STATEMENT);
        OURS.put(TransactionLostException.class, FailureClass.RETRYABLE_TRANSACTION);
        OURS.put(AuthenticationRefusedException.class, FailureClass.PERMISSION);
        OURS.put(WritePreventedException.class, FailureClass.WRONG_NODE);
        OURS.put(R2dbcRollbackException.class, FailureClass.RETRYABLE_TRANSACTION);
        // Any other time-out of ours only ends the waiting for an answer.
        OURS.put(R2dbcTimeoutException.class, FailureClass.OUTCOME_UNKNOWN);
        OURS.put(R2dbcNonTransientException.class, FailureClass.BUG);
    }

    private static void mysqlAndMariadb() {
        // Lock wait time-out, NOWAIT, statement time-outs, interrupted; too many connections, of all or of one user.
        codes(FailureClass.RETRYABLE_STATEMENT, 1205, 3572, 3024, 1969, 1317, 1040, 1203, 1226);
        // Deadlock, record changed since it was read, rolled back by group replication.
        codes(FailureClass.RETRYABLE_TRANSACTION, 1213, 1020, 3101);
        // Shutdown, network errors, killed, idle for too long.
        codes(FailureClass.CONNECTION_DEAD, 1053, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 4031);
        // --read-only, read-only transaction, read-only mode.
        codes(FailureClass.WRONG_NODE, 1290, 1792, 1836);
        // Duplicates, nulls, foreign keys, checks; too long, out of range, cut off, of a wrong type.
        codes(FailureClass.CONSTRAINT, 1062, 1586, 1048, 1364, 1216, 1217, 1451, 1452, 3819, 4025);
        codes(FailureClass.CONSTRAINT, 1406, 1264, 1265, 1292, 1366);
        codes(FailureClass.PERMISSION, 1044, 1045, 1095, 1142, 1143, 1227, 1370, 1698);
    }

    private static void sqlite() {
        // The file is no database.
        codes(FailureClass.BUG, 26);
    }

    private static void states() {
        put(FailureClass.RETRYABLE_STATEMENT, "55P03", "HYT00", "57014", "57P03", "53", "08001", "08004");
        put(FailureClass.RETRYABLE_TRANSACTION, "40", "90131");
        put(FailureClass.OUTCOME_UNKNOWN, "08007", "40003");
        // Ended by an administrator, a crash, the removal of its database, or for being idle or in one transaction too
        // long.
        put(FailureClass.CONNECTION_DEAD, "08", "57P01", "57P02", "57P04", "57P05", "25P03", "25P04", "90067", "90098");
        put(FailureClass.WRONG_NODE, "25006", "90097");
        put(FailureClass.CONSTRAINT, "23", "40002", "44", "22000", "22001", "22003");
        put(FailureClass.PERMISSION, "42501", "28", "90096");
        put(FailureClass.BUG, "07", "0A", "21", "22", "25", "26", "34", "3D", "3F", "42", "HY010");
    }

    private static void types() {
        TYPES.put(R2dbcDataIntegrityViolationException.class, FailureClass.CONSTRAINT);
        TYPES.put(R2dbcPermissionDeniedException.class, FailureClass.PERMISSION);
        TYPES.put(R2dbcBadGrammarException.class, FailureClass.BUG);
        TYPES.put(R2dbcRollbackException.class, FailureClass.RETRYABLE_TRANSACTION);
        TYPES.put(R2dbcTimeoutException.class, FailureClass.RETRYABLE_STATEMENT);
        TYPES.put(R2dbcTransientResourceException.class, FailureClass.RETRYABLE_STATEMENT);
        TYPES.put(R2dbcException.class, FailureClass.OTHER);
        // Reactor's timeout(..) leaves a statement behind that may go on.
        TYPES.put(TimeoutException.class, FailureClass.OUTCOME_UNKNOWN);
        TYPES.put(IOException.class, FailureClass.CONNECTION_DEAD);
        TYPES.put(IllegalArgumentException.class, FailureClass.BUG);
        TYPES.put(IllegalStateException.class, FailureClass.BUG);
        TYPES.put(IndexOutOfBoundsException.class, FailureClass.BUG);
        TYPES.put(NoSuchElementException.class, FailureClass.BUG);
        TYPES.put(UnsupportedOperationException.class, FailureClass.BUG);
    }

    private static void codes(FailureClass meaning, int... codes) {
        for (int code : codes) {
            CODES.put(code, meaning);
        }
    }

    private static void put(FailureClass meaning, String... states) {
        for (String state : states) {
            STATES.put(state, meaning);
        }
    }

    static FailureClass classOf(Throwable failure) {
        Throwable link = failure;
        for (int depth = 0; link != null && depth < DEEPEST_CAUSE; depth++) {
            if (link instanceof SwitchboardError) {
                return ofOurs(link);
            }
            if (link instanceof R2dbcException driverError) {
                return ofDriver(driverError);
            }
            link = link.getCause();
        }
        return byType(TYPES, failure);
    }

    private static FailureClass ofOurs(Throwable error) {
        if (error instanceof CannotConnectException) {
            return ofConnect(error.getCause());
        }
        boolean closedUnderAStatement = error instanceof ConnectionDrainingException && error.getCause() != null;
        return closedUnderAStatement ? FailureClass.CONNECTION_DEAD : byType(OURS, error);
    }

    /** What is wrong with the definition stays wrong. The MariaDB driver wraps what the server said. */
    private static FailureClass ofConnect(@Nullable Throwable cause) {
        Throwable link = cause;
        for (int depth = 0; link != null && depth < DEEPEST_CAUSE; depth++) {
            boolean isWrong = link instanceof R2dbcException said && ofDriver(said) == FailureClass.BUG;
            if (isWrong) {
                return FailureClass.BUG;
            }
            link = link.getCause();
        }
        return FailureClass.RETRYABLE_STATEMENT;
    }

    private static FailureClass ofDriver(R2dbcException error) {
        String state = error.getSqlState();
        FailureClass said = bySaid(state, error.getErrorCode());
        if (said != null) {
            return said;
        }
        // A driver that finds its connection closed gives neither state nor code.
        boolean closed = DeadConnection.causes(error)
                || (error instanceof R2dbcNonTransientResourceException && state == null && error.getErrorCode() == 0);
        if (closed) {
            return FailureClass.CONNECTION_DEAD;
        }
        // No server has said so: somebody on this side has stopped waiting for it.
        boolean isOfThisSide = error instanceof R2dbcTimeoutException && state == null && error.getErrorCode() == 0;
        return isOfThisSide ? FailureClass.OUTCOME_UNKNOWN : byType(TYPES, error);
    }

    private static @Nullable FailureClass bySaid(@Nullable String state, int code) {
        if (state == null) {
            return CODES.get(code);
        }
        FailureClass byCode = VAGUE.contains(state) ? CODES.get(code) : null;
        if (byCode != null) {
            return byCode;
        }
        FailureClass exact = STATES.get(state);
        return exact != null || state.length() < 2 ? exact : STATES.get(state.substring(0, 2));
    }

    private static FailureClass byType(Map<Class<?>, FailureClass> table, Throwable failure) {
        return table.entrySet().stream()
                .filter(row -> row.getKey().isInstance(failure))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(FailureClass.OTHER);
    }
}
