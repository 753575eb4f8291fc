package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteOpenMode;

/** What SQLite does in its own way. */
final class SqliteProduct implements JdbcProduct {
    private final SqliteLocation location;
    private final SqliteSettings settings;
    private final SqliteSettings.Values values;

    /** Keeps a database in memory alive while no other connection does; guarded by this. */
    private @Nullable Connection anchor;

    private boolean closed;

    SqliteProduct(SqliteLocation location, SqliteSettings settings, SqliteSettings.Values values) {
        this.location = location;
        this.settings = settings;
        this.values = values;
    }

    @Override
    public String name() {
        return "SQLite";
    }

    @Override
    public String target() {
        return location.toString();
    }

    @Override
    public Script parse(String sql) {
        return SqliteParser.parse(sql);
    }

    @Override
    public SqlCommand returningGenerated(SqlCommand command, String... columns) {
        String returned = columns.length == 0
                ? "*"
                : Arrays.stream(columns).map(SqliteProduct::column).collect(Collectors.joining(", "));
        return command.withSql(command.sql() + "\nRETURNING " + returned);
    }

    /** In backticks, since SQLite takes a name in double quotes that is no column for a string, without a word. */
    private static String column(String name) {
        return '`' + name.replace("`", "``") + '`';
    }

    @Override
    public Object encode(Object value) {
        if (values.checkedDecimals() && value instanceof BigDecimal decimal) {
            return SqliteEncoder.number(decimal);
        }
        return SqliteEncoder.encode(values.epochMillis() ? SqliteEpoch.encode(value) : value);
    }

    @Override
    public void requireEncodable(Class<?> type) {
        SqliteEncoder.requireEncodable(type);
    }

    @Override
    public @Nullable Object decode(@Nullable Object raw, JdbcColumn column, Class<?> type) {
        Object stored = values.epochMillis() && raw != null ? SqliteEpoch.asText(raw, column, type) : raw;
        return ValueDecoder.decode(stored, column, type);
    }

    @Override
    public JdbcSession open() throws SQLException {
        location.requireOpenable(settings.file());
        if (location.isMemory()) {
            dropAnchor();
        }
        SQLiteConnection jdbc = (SQLiteConnection) connect();
        boolean opened = false;
        try {
            SqliteSession session = new SqliteSession(jdbc, location, settings);
            opened = true;
            return session;
        } finally {
            if (!opened) {
                jdbc.close();
            }
        }
    }

    private synchronized void dropAnchor() throws SQLException {
        if (anchor == null && !closed) {
            anchor = connect();
        }
    }

    private Connection connect() throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        // A cursor for keys that stays open would make one stopped statement stop every later one.
        config.setGetGeneratedKeys(false);
        config.enableLoadExtension(false);
        // Each connection belongs to one worker, and the driver locks each call as well.
        config.setOpenMode(SQLiteOpenMode.NOMUTEX);
        if (!settings.file().mayCreate()) {
            config.resetOpenMode(SQLiteOpenMode.CREATE);
        }
        if (settings.readOnly()) {
            config.setReadOnly(true);
        }
        return JDBC.createConnection(JDBC.PREFIX + location.uri(settings.file()), config.toProperties());
    }

    @Override
    public R2dbcException openFailure(SQLException failure) {
        // What fails while opening is no statement's fault.
        if (failure instanceof SQLiteException && SqliteErrors.primaryCode(failure) != 1) {
            return SqliteErrors.translate(failure, "Opening " + location + " failed", null);
        }
        String message = failure instanceof SQLiteException ? "Opening " + location + " failed: " : "";
        return new R2dbcNonTransientResourceException(message + failure.getMessage(), "08001", failure);
    }

    @Override
    public synchronized void close() throws SQLException {
        closed = true;
        if (anchor != null) {
            anchor.close();
            anchor = null;
        }
    }
}
