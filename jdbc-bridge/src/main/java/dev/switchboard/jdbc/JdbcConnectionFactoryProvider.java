package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.Properties;

/**
 * The R2DBC driver {@code jdbc}, found by the {@link java.util.ServiceLoader}: any database that has a JDBC driver, over what
 * JDBC itself promises and nothing more. For a database that has an R2DBC driver of its own, that one is the better choice.
 *
 * <table>
 * <caption>Forms of URL</caption>
 * <tr><th>URL</th><th>JDBC URL</th></tr>
 * <tr><td>{@code r2dbc:jdbc:db2://host:50000/orders}</td><td>{@code jdbc:db2://host:50000/orders}</td></tr>
 * <tr><td>{@code r2dbc:jdbc:h2:mem:///orders}</td><td>{@code jdbc:h2:mem:orders}</td></tr>
 * <tr><td>{@code r2dbc:jdbc:h2:file:////var/orders}</td><td>{@code jdbc:h2:file:/var/orders}</td></tr>
 * </table>
 *
 * <p>{@link #JDBC_URL} takes any other. User and password become the properties of these names.
 *
 * <p>Parameters are {@code ?} and {@code :name}. Threads, streaming and the order of work are those of
 * {@link SqliteConnectionFactoryProvider}, as are the options for them; how many rows the JDBC driver reads ahead is its own
 * affair. Time-outs and cancels call {@link java.sql.Statement#cancel()}, and what becomes of the transaction then is the
 * database's affair. Transactions are begun and ended by the methods of the connection; in SQL they are refused, since JDBC would
 * not see them. A read-only transaction is a hint. An address is shown in errors as far as it can hold no secret. Errors are told apart by SQLSTATE. There are no generated values: write {@code RETURNING} where there is such.
 */
public final class JdbcConnectionFactoryProvider implements ConnectionFactoryProvider {

    /** The name of the driver in a URL. */
    public static final String DRIVER = "jdbc";

    /**
     * The JDBC URL, instead of the one that host, port and database would make. Sensitive where a program sets it; R2DBC shows what
     * stands in a URL's parameters, so a secret belongs into the option {@code password}.
     */
    public static final Option<String> JDBC_URL = Option.sensitiveValueOf("jdbcUrl");

    /** Made by the service loader. */
    public JdbcConnectionFactoryProvider() {}

    /**
     * A factory for the database that the options name; opens nothing yet.
     *
     * @param options the options; unknown ones are ignored
     * @return the factory, which is {@link io.r2dbc.spi.Closeable}
     * @throws IllegalArgumentException if the options make no JDBC URL, or one has a value that is not allowed
     */
    @Override
    public ConnectionFactory create(ConnectionFactoryOptions options) {
        BridgeOptions values = new BridgeOptions(Arguments.requireNonNull(options, "The options"));
        JdbcAddress address = JdbcAddress.withSecrets(address(options));
        return new BridgeConnectionFactory(
                new GenericProduct(JdbcDialect.GENERIC, address, properties(options), false),
                values.bridgeSettings(Duration.ZERO));
    }

    private static Properties properties(ConnectionFactoryOptions options) {
        Properties properties = new Properties();
        Object user = options.getValue(ConnectionFactoryOptions.USER);
        if (user != null) {
            properties.setProperty("user", user.toString());
        }
        Object password = options.getValue(ConnectionFactoryOptions.PASSWORD);
        if (password != null) {
            properties.setProperty("password", password.toString());
        }
        return properties;
    }

    private static String address(ConnectionFactoryOptions options) {
        Object given = options.getValue(JDBC_URL);
        if (given != null) {
            return given.toString();
        }
        Object protocol = options.getValue(ConnectionFactoryOptions.PROTOCOL);
        Object host = options.getValue(ConnectionFactoryOptions.HOST);
        Object port = options.getValue(ConnectionFactoryOptions.PORT);
        Object database = options.getValue(ConnectionFactoryOptions.DATABASE);
        if (protocol == null || protocol.toString().isEmpty() || (host == null && database == null)) {
            throw new IllegalArgumentException("The JDBC URL is missing. Write r2dbc:jdbc:db2://host:50000/orders for"
                    + " jdbc:db2://host:50000/orders, r2dbc:jdbc:h2:mem:///orders for jdbc:h2:mem:orders, or set the"
                    + " option jdbcUrl.");
        }
        String place = host == null ? "" : "//" + host + (port == null ? "" : ":" + port) + "/";
        return "jdbc:" + protocol + ":" + place + (database == null ? "" : database);
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
