package dev.switchboard.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;

/** What a statement of SQLite returns, asked of SQLite itself: JDBC asks twice for each value, under a lock each time. */
final class SqliteRows {
    private SqliteRows() {}

    /** The columns as they are now; kept by nobody, since another connection may change the schema. */
    static List<JdbcColumn> columns(PreparedStatement statement) throws SQLException {
        CoreStatement core = (CoreStatement) statement;
        DB database = core.getDatabase();
        return core.pointer.safeRun((db, pointer) -> {
            String[] names = database.column_names(pointer);
            List<JdbcColumn> columns = new ArrayList<>(names.length);
            for (int i = 0; i < names.length; i++) {
                columns.add(SqliteTypes.column(names[i], database.column_decltype(pointer, i)));
            }
            return columns;
        });
    }

    /** Fills in the values of the current row, the same as {@code getObject} of each column. */
    static void read(PreparedStatement statement, @Nullable Object[] values) throws SQLException {
        CoreStatement core = (CoreStatement) statement;
        core.pointer.safeRunConsume((db, pointer) -> {
            for (int i = 0; i < values.length; i++) {
                values[i] = value(db, pointer, i);
            }
        });
    }

    private static @Nullable Object value(DB db, long pointer, int column) throws SQLException {
        return switch (db.column_type(pointer, column)) {
            case Codes.SQLITE_INTEGER -> integer(db.column_long(pointer, column));
            case Codes.SQLITE_FLOAT -> db.column_double(pointer, column);
            case Codes.SQLITE_BLOB -> db.column_blob(pointer, column);
            case Codes.SQLITE_NULL -> null;
            default -> db.column_text(pointer, column);
        };
    }

    private static Object integer(long value) {
        // Not in one expression, which would make a long of both.
        if (value == (int) value) {
            return (int) value;
        }
        return value;
    }
}
