package dev.switchboard.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;
import org.sqlite.core.SafeStmtPtr.SafePtrConsumer;
import org.sqlite.core.SafeStmtPtr.SafePtrIntFunction;

/**
 * A statement that JDBC has prepared and that is run below JDBC, which keeps a second state of its own for each run, and asks
 * twice for each value, under a lock each time.
 */
final class SqlitePrepared implements Prepared {
    private static final JdbcRowMetadata NO_COLUMNS = new JdbcRowMetadata(List.of());

    private final PreparedStatement statement;
    private final CoreStatement core;
    private final DB database;
    private final SqliteSchema schema;
    private final boolean returnsRows;
    private final SafePtrIntFunction<SQLException> step = DB::step;
    private final SafePtrConsumer<SQLException> readRow = this::read;
    private JdbcRowMetadata columns = NO_COLUMNS;
    private @Nullable Object[] values = {};
    private SqliteSchema.@Nullable State columnsOf;
    private boolean textIsUtf8;

    /** Whether the row that the run stands on has not been read yet. */
    private boolean unread;

    private boolean first;

    /** Whether it was run without being reset since: until then SQLite takes no other values. */
    private boolean used;

    SqlitePrepared(PreparedStatement statement, SqliteSchema schema) throws SQLException {
        this.statement = statement;
        this.core = (CoreStatement) statement;
        this.database = core.getDatabase();
        this.schema = schema;
        this.returnsRows = core.pointer.safeRunInt(DB::column_count) != 0;
    }

    @Override
    public boolean execute(@Nullable Object[] bound) throws SQLException {
        if (used) {
            reset();
        }
        first = true;
        used = returnsRows;
        unread = database.execute(core, bound);
        return returnsRows;
    }

    @Override
    public @Nullable Object @Nullable [] next() throws SQLException {
        if (!unread && (first || !step())) {
            first = true;
            return null;
        }
        unread = false;
        if (first) {
            first = false;
            refreshColumns();
        }
        @Nullable Object[] read = new Object[columns.size()];
        values = read;
        core.pointer.safeRunConsume(readRow);
        return read;
    }

    private boolean step() throws SQLException {
        int code = core.pointer.safeRunInt(step);
        if (code != Codes.SQLITE_ROW && code != Codes.SQLITE_DONE) {
            database.throwex(code);
        }
        return code == Codes.SQLITE_ROW;
    }

    /** Another connection may have changed the schema, and SQLite prepares again without a word. */
    private void refreshColumns() throws SQLException {
        SqliteSchema.State now = schema.state();
        if (now != columnsOf) {
            core.pointer.safeRunConsume(this::readColumns);
            columnsOf = now;
            textIsUtf8 = now.isTextUtf8();
        }
    }

    private void readColumns(DB db, long pointer) throws SQLException {
        String[] names = db.column_names(pointer);
        List<JdbcColumn> found = new ArrayList<>(names.length);
        for (int i = 0; i < names.length; i++) {
            found.add(SqliteTypes.column(names[i], db.column_decltype(pointer, i)));
        }
        columns = new JdbcRowMetadata(found);
    }

    /** The same values as {@code getObject} of each column. */
    private void read(DB db, long pointer) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            values[i] = value(db, pointer, i);
        }
    }

    private @Nullable Object value(DB db, long pointer, int column) throws SQLException {
        return switch (db.column_type(pointer, column)) {
            case Codes.SQLITE_INTEGER -> integer(db.column_long(pointer, column));
            case Codes.SQLITE_FLOAT -> db.column_double(pointer, column);
            case Codes.SQLITE_BLOB -> db.column_blob(pointer, column);
            case Codes.SQLITE_NULL -> null;
            // The driver hands text over in a buffer of its own, whose making costs more than the text.
            default ->
                textIsUtf8
                        ? new String(db.column_blob(pointer, column), StandardCharsets.UTF_8)
                        : db.column_text(pointer, column);
        };
    }

    private static Object integer(long value) {
        // Not in one expression, which would make a long of both.
        if (value == (int) value) {
            return (int) value;
        }
        return value;
    }

    @Override
    public JdbcRowMetadata columns() {
        return columns;
    }

    @Override
    public long updateCount() throws SQLException {
        return database.changes();
    }

    @Override
    public void reset() throws SQLException {
        used = false;
        values = new Object[0];
        core.pointer.safeRunConsume(SqlitePrepared::reset);
    }

    private static void reset(DB db, long pointer) throws SQLException {
        // What a failed step answered has been told by it already.
        db.reset(pointer);
        db.clear_bindings(pointer);
    }

    @Override
    public void close() throws SQLException {
        statement.close();
    }
}
