package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where options lead, in a form that errors, events and logs may show. */
final class ConnectionAddress {

    private static final int HIGHEST_PORT = 65_535;
    private static final Option<String> SOCKET = Option.valueOf("socket");
    private static final Option<String> UNIX_SOCKET = Option.valueOf("unixSocket");

    private static final Pattern ADDRESS =
            Pattern.compile("(.*,)?(\\[.*|[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]+)?(,.*)?)");

    private ConnectionAddress() {}

    /** Whether a host, or one of several, is given by its address and not by its name. */
    static boolean isAddress(String hosts) {
        return ADDRESS.matcher(hosts).matches();
    }

    /** Host and port; else a Unix socket; else the file or the name of a database inside this process. */
    static String where(ConnectionFactoryOptions options) {
        String socket = text(options, SOCKET);
        if (socket == null) {
            socket = text(options, UNIX_SOCKET);
        }
        if (socket != null) {
            return ErrorText.where(socket);
        }
        String host = text(options, ConnectionFactoryOptions.HOST);
        return host == null ? file(options) : ErrorText.where(host + port(options, host));
    }

    /** Whether it leads to a server, by the network or a socket, and not to a file or into this process. */
    static boolean isServer(ConnectionFactoryOptions options) {
        return text(options, ConnectionFactoryOptions.HOST) != null
                || text(options, SOCKET) != null
                || text(options, UNIX_SOCKET) != null;
    }

    /** The database without the settings that some drivers append to it. */
    static @Nullable String database(ConnectionFactoryOptions options) {
        String database = text(options, ConnectionFactoryOptions.DATABASE);
        if (database == null) {
            return null;
        }
        int settings = database.indexOf(';');
        if (settings < 0 && database.startsWith("file:")) {
            settings = database.indexOf('?');
        }
        return settings < 0 ? database : database.substring(0, settings);
    }

    static boolean isPort(int port) {
        return port >= 1 && port <= HIGHEST_PORT;
    }

    private static String file(ConnectionFactoryOptions options) {
        String database = database(options);
        if (database == null) {
            return "an unnamed place";
        }
        String protocol = text(options, ConnectionFactoryOptions.PROTOCOL);
        return protocol == null ? database : protocol + ":" + database;
    }

    private static String port(ConnectionFactoryOptions options, String host) {
        if (host.indexOf(',') >= 0) {
            return "";
        }
        String port = text(options, ConnectionFactoryOptions.PORT);
        if (port != null) {
            return ":" + port;
        }
        KnownDriver driver = KnownDriver.named(text(options, ConnectionFactoryOptions.DRIVER));
        return driver == null || driver.port() == 0 ? "" : ":" + driver.port();
    }

    private static @Nullable String text(ConnectionFactoryOptions options, Option<?> option) {
        Object value = options.getValue(option);
        return value == null ? null : value.toString();
    }
}
