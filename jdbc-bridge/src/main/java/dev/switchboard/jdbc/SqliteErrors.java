package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** SQLite's result codes as R2DBC's exceptions: one table, extended codes first, then the primary code they belong to. */
final class SqliteErrors {

    /** Makes an exception of one type from reason, SQLSTATE, code, SQL and cause. */
    private interface Factory {

        R2dbcException create(String reason, String sqlState, int code, @Nullable String sql, SQLException cause);
    }

    private record Row(String sqlState, Factory factory) {}

    private static final Row UNKNOWN = new Row("HY000", R2dbcNonTransientResourceException::new);
    private static final Map<SQLiteErrorCode, Row> TABLE = table();

    private SqliteErrors() {}

    private static Map<SQLiteErrorCode, Row> table() {
        Map<SQLiteErrorCode, Row> table = new EnumMap<>(SQLiteErrorCode.class);
        Factory integrity = R2dbcDataIntegrityViolationException::new;
        Factory grammar = R2dbcBadGrammarException::new;
        Factory transientResource = R2dbcTransientResourceException::new;
        Factory resource = R2dbcNonTransientResourceException::new;
        Factory permission = R2dbcPermissionDeniedException::new;
        Factory rollback = R2dbcRollbackException::new;
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT, new Row("23000", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_UNIQUE, new Row("23505", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_PRIMARYKEY, new Row("23505", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_ROWID, new Row("23505", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_NOTNULL, new Row("23502", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_FOREIGNKEY, new Row("23503", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_CHECK, new Row("23514", integrity));
        table.put(SQLiteErrorCode.SQLITE_CONSTRAINT_DATATYPE, new Row("22000", integrity));
        table.put(SQLiteErrorCode.SQLITE_MISMATCH, new Row("22000", integrity));
        table.put(SQLiteErrorCode.SQLITE_TOOBIG, new Row("22001", integrity));
        table.put(SQLiteErrorCode.SQLITE_ERROR, new Row("42000", grammar));
        table.put(SQLiteErrorCode.SQLITE_RANGE, new Row("07009", grammar));
        table.put(SQLiteErrorCode.SQLITE_BUSY, new Row("55P03", transientResource));
        table.put(SQLiteErrorCode.SQLITE_BUSY_SNAPSHOT, new Row("40001", rollback));
        table.put(SQLiteErrorCode.SQLITE_LOCKED, new Row("55P03", transientResource));
        table.put(SQLiteErrorCode.SQLITE_ABORT, new Row("40000", rollback));
        table.put(SQLiteErrorCode.SQLITE_SCHEMA, new Row("40001", transientResource));
        table.put(SQLiteErrorCode.SQLITE_FULL, new Row("53100", transientResource));
        table.put(SQLiteErrorCode.SQLITE_IOERR, new Row("58030", transientResource));
        table.put(SQLiteErrorCode.SQLITE_NOMEM, new Row("53200", transientResource));
        table.put(SQLiteErrorCode.SQLITE_CANTOPEN, new Row("08001", transientResource));
        table.put(SQLiteErrorCode.SQLITE_PROTOCOL, new Row("08006", transientResource));
        table.put(SQLiteErrorCode.SQLITE_READONLY, new Row("25006", permission));
        table.put(SQLiteErrorCode.SQLITE_PERM, new Row("42501", permission));
        table.put(SQLiteErrorCode.SQLITE_AUTH, new Row("42501", permission));
        table.put(SQLiteErrorCode.SQLITE_CORRUPT, new Row("XX001", resource));
        table.put(SQLiteErrorCode.SQLITE_NOTADB, new Row("08001", resource));
        table.put(SQLiteErrorCode.SQLITE_MISUSE, new Row("HY010", resource));
        // By somebody else: what the bridge itself stops is told apart before.
        table.put(SQLiteErrorCode.SQLITE_INTERRUPT, new Row("57014", transientResource));
        table.put(SQLiteErrorCode.SQLITE_INTERNAL, new Row("XX000", resource));
        table.put(SQLiteErrorCode.SQLITE_NOTFOUND, new Row("0A000", resource));
        table.put(SQLiteErrorCode.SQLITE_NOLFS, new Row("0A000", resource));
        table.put(SQLiteErrorCode.SQLITE_EMPTY, new Row("XX000", resource));
        table.put(SQLiteErrorCode.SQLITE_FORMAT, new Row("XX001", resource));
        return table;
    }

    static int primaryCode(SQLException failure) {
        return failure.getErrorCode() & 0xff;
    }

    /** The exception that the table has for a failure; the error code is SQLite's extended result code. */
    static R2dbcException translate(SQLException failure, @Nullable String occasion, @Nullable String sql) {
        SQLiteErrorCode extended = failure instanceof SQLiteException sqlite
                ? sqlite.getResultCode()
                : SQLiteErrorCode.getErrorCode(primaryCode(failure));
        SQLiteErrorCode primary = SQLiteErrorCode.getErrorCode(primaryCode(failure));
        Row row = TABLE.getOrDefault(extended, TABLE.getOrDefault(primary, UNKNOWN));
        int code = extended == SQLiteErrorCode.UNKNOWN_ERROR ? failure.getErrorCode() : extended.code;
        String message = String.valueOf(failure.getMessage());
        String reason = occasion == null ? message : occasion + ": " + message;
        return row.factory().create(reason, row.sqlState(), code, sql, failure);
    }
}
