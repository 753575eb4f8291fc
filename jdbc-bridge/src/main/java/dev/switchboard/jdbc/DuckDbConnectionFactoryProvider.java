package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * The R2DBC driver {@code duckdb}, found by the {@link java.util.ServiceLoader}; needs {@code org.duckdb:duckdb_jdbc} on the
 * class path, which this module does not bring.
 *
 * <table>
 * <caption>Forms of URL</caption>
 * <tr><th>URL</th><th>opens</th></tr>
 * <tr><td>{@code r2dbc:duckdb:////var/data/sales.duckdb}</td><td>the file {@code /var/data/sales.duckdb}</td></tr>
 * <tr><td>{@code r2dbc:duckdb:///sales.duckdb}</td><td>{@code sales.duckdb} in the working directory</td></tr>
 * <tr><td>{@code r2dbc:duckdb:mem:///sales}</td><td>the database {@code sales} in the memory of this process</td></tr>
 * </table>
 *
 * <p>What is said of {@link JdbcConnectionFactoryProvider} holds here too, except that generated values are returned and that
 * DuckDB's errors are known. A result is complete in DuckDB's own memory before its first row is read: its JDBC driver can
 * stream, but then another statement on the connection ends the stream. A conflict of two writers is an
 * {@link io.r2dbc.spi.R2dbcRollbackException}. DuckDB has no savepoints.
 */
public final class DuckDbConnectionFactoryProvider implements ConnectionFactoryProvider {

    /** The name of the driver in a URL. */
    public static final String DRIVER = "duckdb";

    private static final Pattern MEMORY_NAME = Pattern.compile("[A-Za-z0-9_]{1,100}");

    /** Made by the service loader. */
    public DuckDbConnectionFactoryProvider() {}

    /**
     * A factory for the database that the options name; opens nothing yet.
     *
     * @param options the options; unknown ones are ignored
     * @return the factory, which is {@link io.r2dbc.spi.Closeable}
     * @throws IllegalArgumentException if an option has a value that is not allowed
     */
    @Override
    public ConnectionFactory create(ConnectionFactoryOptions options) {
        BridgeOptions values = new BridgeOptions(Arguments.requireNonNull(options, "The options"));
        boolean memory = "mem".equals(options.getValue(ConnectionFactoryOptions.PROTOCOL));
        JdbcAddress address = JdbcAddress.plain(address(options, memory));
        GenericProduct product = new GenericProduct(JdbcDialect.DUCKDB, address, new Properties(), memory);
        return new BridgeConnectionFactory(product, values.bridgeSettings(Duration.ZERO));
    }

    private static String address(ConnectionFactoryOptions options, boolean memory) {
        Object host = options.getValue(ConnectionFactoryOptions.HOST);
        Object database = options.getValue(ConnectionFactoryOptions.DATABASE);
        if (host != null || database == null || database.toString().isBlank()) {
            throw new IllegalArgumentException("A DuckDB URL has a path and no host:"
                    + " r2dbc:duckdb:////absolute/path.duckdb, r2dbc:duckdb:///relative.duckdb,"
                    + " or r2dbc:duckdb:mem:///name for a database in memory.");
        }
        if (database.toString().indexOf(';') >= 0) {
            throw new IllegalArgumentException(
                    "The path of a DuckDB database must not hold a semicolon, behind which its"
                            + " JDBC driver would look for settings");
        }
        if (!memory) {
            return "jdbc:duckdb:"
                    + Path.of(database.toString()).toAbsolutePath().normalize();
        }
        if (!MEMORY_NAME.matcher(database.toString()).matches()) {
            throw new IllegalArgumentException(
                    "'" + database + "' cannot name a database in memory; allowed are letters,"
                            + " digits and _ (at most 100), as in r2dbc:duckdb:mem:///sales");
        }
        return "jdbc:duckdb::memory:" + database;
    }

    @Override
    public boolean supports(ConnectionFactoryOptions options) {
        return DRIVER.equals(options.getValue(ConnectionFactoryOptions.DRIVER));
    }

    @Override
    public String getDriver() {
        return DRIVER;
    }
}
