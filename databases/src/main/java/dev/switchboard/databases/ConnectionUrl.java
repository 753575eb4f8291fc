package dev.switchboard.databases;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An R2DBC URL of a server, whose database part can be replaced. */
final class ConnectionUrl {
    private static final Pattern PARTS = Pattern.compile("(r2dbcs?:[^/]+//[^/?]+)(/[^?]*)?(\\?.*)?");

    private final String text;
    private final ConnectionFactoryOptions options;

    ConnectionUrl(String text) {
        this.text = text;
        this.options = ConnectionFactoryOptions.parse(text);
    }

    /** The same place and account, another database. */
    ConnectionUrl withDatabase(String database) {
        Matcher parts = PARTS.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "A URL of the form r2dbc:driver://user:password@host:port/database is needed");
        }
        String query = parts.group(3);
        return new ConnectionUrl(parts.group(1) + "/" + database + (query == null ? "" : query));
    }

    ConnectionFactoryOptions options() {
        return options;
    }

    String host() {
        return String.valueOf(options.getRequiredValue(ConnectionFactoryOptions.HOST));
    }

    int port(Product product) {
        Object port = options.getValue(ConnectionFactoryOptions.PORT);
        return port == null ? product.standardPort() : Integer.parseInt(port.toString());
    }

    String user() {
        Object user = options.getValue(ConnectionFactoryOptions.USER);
        return user == null ? "" : user.toString();
    }

    String password() {
        Object password = options.getValue(ConnectionFactoryOptions.PASSWORD);
        return password == null ? "" : password.toString();
    }

    /** The whole URL, password included: for drivers, never for a log. */
    String text() {
        return text;
    }

    @Override
    public String toString() {
        return options.toString();
    }
}
