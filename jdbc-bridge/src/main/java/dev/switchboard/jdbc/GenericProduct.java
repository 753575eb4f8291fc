package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A database that is bridged over whatever JDBC says; the dialect holds the little that is known beyond that. */
final class GenericProduct implements JdbcProduct {
    private final JdbcDialect dialect;
    private final JdbcAddress address;
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
    GenericProduct(JdbcDialect dialect, JdbcAddress address, Properties properties, boolean anchored) {
        this.dialect = dialect;
        this.address = address;
        this.properties = properties;
        this.anchored = anchored;
    }

    @Override
    public String name() {
        return dialect.product();
    }

    @Override
    public String target() {
        return address.shown();
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
                : Arrays.stream(columns).map(Arguments::quoted).collect(Collectors.joining(", "));
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
        boolean opened = false;
        try {
            GenericSession session = new GenericSession(jdbc, dialect);
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
        Connection connection = driver().connect(address.url(), properties);
        if (connection == null) {
            throw noDriver();
        }
        return connection;
    }

    /** Looked for here, since the message of {@code DriverManager.getConnection} repeats the whole address. */
    private Driver driver() throws SQLException {
        try {
            return DriverManager.getDriver(address.url());
        } catch (SQLException noneTakesIt) {
            throw noDriver();
        }
    }

    private SQLException noDriver() {
        return new SQLException(
                "No suitable driver takes such an address; put the JDBC driver of the database on the class path, and"
                        + " look for mistakes in the address",
                "08001");
    }

    @Override
    public R2dbcException openFailure(SQLException failure) {
        boolean secret = address.isToldIn(failure, properties.getProperty("password", ""));
        String said = secret
                ? "its JDBC driver's message is left out here, since it repeats the address or the password"
                : failure.getMessage();
        SQLException told = new SQLException(
                "Opening " + target() + " failed: " + said,
                failure.getSQLState() == null ? "08001" : failure.getSQLState(),
                failure.getErrorCode(),
                secret ? null : failure);
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
