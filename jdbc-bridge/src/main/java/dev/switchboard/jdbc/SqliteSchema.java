package dev.switchboard.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;
import org.sqlite.core.Codes;
import org.sqlite.core.CoreStatement;
import org.sqlite.core.DB;

/**
 * The schema as the statement at work sees it. SQLite keeps a number in the file by which it finds out that another connection
 * has changed the schema; as long as it is the same, so are the columns of a statement and the encoding of text. Used on the
 * worker.
 */
final class SqliteSchema {
    private static final long UNKNOWN = -1;

    /** One state of the schema, equal to itself only: numbers come again after a rollback. */
    static final class State {
        private final long number;
        private final boolean textIsUtf8;

        private State(long number, boolean textIsUtf8) {
            this.number = number;
            this.textIsUtf8 = textIsUtf8;
        }

        boolean isTextUtf8() {
            return textIsUtf8;
        }
    }

    private static final State NEVER_KEPT = new State(UNKNOWN, false);

    private final SQLiteConnection jdbc;
    private final boolean single;
    private @Nullable CoreStatement asking;
    private long pointer;
    private State last = NEVER_KEPT;

    /**
     * The schema of one connection.
     *
     * @param jdbc the connection
     * @param single whether there is no other file, whose schema has a number of its own
     */
    SqliteSchema(SQLiteConnection jdbc, boolean single) {
        this.jdbc = jdbc;
        this.single = single;
    }

    /** Costs little while a statement stands on a row, since its view of the file is shared. */
    State state() {
        try {
            long number = single ? number() : UNKNOWN;
            if (number == UNKNOWN || number != last.number) {
                // Number 0 is that of an empty file, whose encoding is still open.
                last = new State(number, number > 0 && "UTF-8".equals(encoding()));
            }
        } catch (SQLException notTold) {
            // The statement at work has its row all the same; its columns are asked for.
            last = new State(UNKNOWN, false);
        }
        return last;
    }

    /** After anything that may change the schema without a new number, such as a rollback, and what is temporary. */
    void forget() {
        last = NEVER_KEPT;
    }

    private long number() throws SQLException {
        CoreStatement prepared = asking;
        if (prepared == null) {
            prepared = (CoreStatement) jdbc.prepareStatement("PRAGMA schema_version");
            asking = prepared;
            pointer = prepared.pointer.safeRunLong((db, number) -> number);
        }
        if (prepared.pointer.isClosed()) {
            return UNKNOWN;
        }
        DB db = prepared.getDatabase();
        try {
            return db.step(pointer) == Codes.SQLITE_ROW ? db.column_long(pointer, 0) : UNKNOWN;
        } finally {
            db.reset(pointer);
        }
    }

    private @Nullable String encoding() throws SQLException {
        try (PreparedStatement statement = jdbc.prepareStatement("PRAGMA encoding");
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getString(1) : null;
        }
    }
}
