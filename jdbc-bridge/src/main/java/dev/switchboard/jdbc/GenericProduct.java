package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A database that is bridged over whatever JDBC says; the dialect holds the little that is known beyond that. */
final class GenericProduct implements JdbcProduct {
    private final JdbcDialect dialect;
    private final String address;
    private final Properties properties;
    private final boolean anchored;

    /** Keeps a database in memory alive while no other connection does; guarded by this. */
    private @Nullable Connection anchor;

    private boolean closed;

    /**
     * A product at one address.
     *
     * @param dialect what is known of it
     * @param address its JDBC URL
     * @param properties what its JDBC driver is given, secrets too
     * @param anchored whether it would vanish with its last connection
     */
    GenericProduct(JdbcDialect dialect, String address, Properties properties, boolean anchored) {
        this.dialect = dialect;
        this.address = address;
        this.properties = properties;
        this.anchored = anchored;
    }

    @Override
    public String name() {
        return dialect.product();
    }

    /** Without what stands behind a question mark or a semicolon, where drivers take passwords. */
    @Override
    public String target() {
        return address.split("[?;]", 2)[0].replaceAll("//[^/@]*@", "//");
    }

    @Override
    public Script parse(String sql) {
        return JdbcParser.parse(sql);
    }

    @Override
    public SqlCommand returningGenerated(SqlCommand command, String... columns) {
        if (!dialect.hasReturning()) {
            throw new UnsupportedOperationException(
                    "The generic JDBC product does not know how this database returns generated values; write it in"
                            + " the SQL, as in INSERT .. RETURNING, where the database has that.");
        }
        String returned = columns.length == 0
                ? "*"
                : Arrays.stream(columns).map(SqliteSession::quoted).collect(Collectors.joining(", "));
        return command.withSql(command.sql() + "\nRETURNING " + returned);
    }

    @Override
    public Object encode(Object value) {
        return JdbcCodecs.encode(value);
    }

    @Override
    public void requireEncodable(Class<?> type) {
        // Only the JDBC driver knows its types, and it takes a null of any.
    }

    @Override
    public @Nullable Object decode(@Nullable Object raw, JdbcColumn column, Class<?> type) {
        return JdbcCodecs.decode(raw, column, type);
    }

    @Override
    public JdbcSession open() throws SQLException {
        if (anchored) {
            dropAnchor();
        }
        Connection jdbc = connect();
        try {
            return new GenericSession(jdbc, dialect);
        } catch (SQLException | RuntimeException failure) {
            jdbc.close();
            throw failure;
        }
    }

    private synchronized void dropAnchor() throws SQLException {
        if (anchor == null && !closed) {
            anchor = connect();
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(address, properties);
    }

    @Override
    public R2dbcException openFailure(SQLException failure) {
        SQLException told = new SQLException(
                "Opening " + target() + " failed: " + failure.getMessage(),
                failure.getSQLState() == null ? "08001" : failure.getSQLState(),
                failure.getErrorCode(),
                failure);
        return JdbcErrors.translate(dialect, told, null);
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
