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

/**
 * A statement that JDBC has prepared and that is run below JDBC, which keeps a second state of its own for each run, and asks
 * twice for each value, under a lock each time.
 */
final class SqlitePrepared implements Prepared {
    private static final JdbcRowMetadata NO_COLUMNS = new JdbcRowMetadata(List.of());

    private final PreparedStatement statement;
    private final CoreStatement core;
    private final DB database;

    /** What the driver's native methods call the statement by; good until {@link #requireOpen} refuses it. */
    private final long pointer;

    private final SqliteSchema schema;
    private final boolean returnsRows;
    private JdbcRowMetadata columns = NO_COLUMNS;
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
        this.pointer = core.pointer.safeRunLong((db, number) -> number);
        this.returnsRows = database.column_count(pointer) != 0;
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
        requireOpen();
        if (!unread && (first || !step())) {
            first = true;
            return null;
        }
        unread = false;
        if (first) {
            first = false;
            refreshColumns();
        }
        return read();
    }

    /**
     * Whoever calls a native method with a statement that is no more ends the process. The driver asks the same under a lock,
     * which one thread alone does not need, and whose compiled code makes it an expensive one now and then.
     */
    private void requireOpen() throws SQLException {
        if (core.pointer.isClosed()) {
            throw new SQLException("The statement was closed, and its connection with it");
        }
    }

    private boolean step() throws SQLException {
        int code = database.step(pointer);
        if (code != Codes.SQLITE_ROW && code != Codes.SQLITE_DONE) {
            database.throwex(code);
        }
        return code == Codes.SQLITE_ROW;
    }

    /** Another connection may have changed the schema, and SQLite prepares again without a word. */
    private void refreshColumns() throws SQLException {
        SqliteSchema.State now = schema.state();
        if (now != columnsOf) {
            readColumns();
            columnsOf = now;
            textIsUtf8 = now.isTextUtf8();
        }
    }

    private void readColumns() throws SQLException {
        String[] names = database.column_names(pointer);
        List<JdbcColumn> found = new ArrayList<>(names.length);
        for (int i = 0; i < names.length; i++) {
            found.add(SqliteTypes.column(names[i], database.column_decltype(pointer, i)));
        }
        columns = new JdbcRowMetadata(found);
    }

    /** The same values as {@code getObject} of each column. */
    private @Nullable Object[] read() throws SQLException {
        @Nullable Object[] values = new Object[columns.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(i);
        }
        return values;
    }

    private @Nullable Object value(int column) throws SQLException {
        return switch (database.column_type(pointer, column)) {
            case Codes.SQLITE_INTEGER -> integer(database.column_long(pointer, column));
            case Codes.SQLITE_FLOAT -> database.column_double(pointer, column);
            case Codes.SQLITE_BLOB -> database.column_blob(pointer, column);
            case Codes.SQLITE_NULL -> null;
            // The driver hands text over in a buffer of its own, whose making costs more than the text.
            default ->
                textIsUtf8
                        ? new String(database.column_blob(pointer, column), StandardCharsets.UTF_8)
                        : database.column_text(pointer, column);
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
        if (!core.pointer.isClosed()) {
            // What a failed step answered has been told by it already.
            database.reset(pointer);
            database.clear_bindings(pointer);
        }
    }

    @Override
    public void close() throws SQLException {
        statement.close();
    }
}
