package dev.switchboard.core;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a definition refuses without asking a driver. */
final class DefinitionChecks {

    /** The name under which r2dbc-pool answers as if it were a driver. */
    static final String POOL = "pool";

    private static final String NAMES =
            "1 to " + ConnectionDefinition.LONGEST_NAME + " characters, without control or invisible characters";
    private static final int LONGEST_SCHEMA = 128;
    private static final Pattern HOST = Pattern.compile("[^\\s\\p{Cntrl}@/?#]+");

    private DefinitionChecks() {}

    static String name(String name) {
        Objects.requireNonNull(name, "name");
        String next = "Choose another name";
        refuseIf(null, name.isBlank(), "a connection name is blank", NAMES, next);
        refuseIf(
                null,
                name.length() > ConnectionDefinition.LONGEST_NAME,
                "the connection name " + ErrorText.quoted(name) + " is too long",
                NAMES,
                next);
        refuseIf(
                null,
                name.codePoints().anyMatch(ErrorText::isHidden),
                "the connection name " + ErrorText.quoted(name) + " contains a control or invisible character",
                NAMES,
                next);
        return name;
    }

    static void schema(String name, String schema) {
        Objects.requireNonNull(schema, "schema");
        refuseIf(
                name,
                schema.isBlank()
                        || schema.length() > LONGEST_SCHEMA
                        || schema.codePoints().anyMatch(ErrorText::isHidden),
                "the schema " + ErrorText.quoted(schema) + " is not a name",
                "1 to " + LONGEST_SCHEMA + " characters, without control or invisible characters",
                "Correct the name of the schema");
    }

    static ConnectionFactory factory(String name, ConnectionFactory factory) {
        boolean ofRegistry = Unwrapping.find(factory, NamedConnectionFactory.class) != null
                || Unwrapping.find(factory, ReactiveConnectionRegistry.class) != null;
        refuseIf(
                name,
                ofRegistry,
                "its connection factory is a routing one, whose connections differ by who asks and come from pools already",
                "a factory that opens a new connection to one database",
                "Hand in the factory of the driver; a pool belongs below the routing, never above it");
        refuseIf(
                name,
                Unwrapping.find(factory, ConnectionPool.class) != null,
                "its connection factory is a pool",
                "a factory that opens a new connection at every subscription",
                "Hand in the factory of the driver, and size the pool of the registry with withPool(..)");
        return factory;
    }

    static void file(String name, Path file) {
        refuseIf(
                name(name),
                !file.getFileSystem().equals(FileSystems.getDefault()),
                "the SQLite file lies in a file system inside this process",
                "a file on disk",
                "Use a path of the default file system");
    }

    /** Refuses what no driver accepts, and returns options that nobody can change from outside. */
    static ConnectionFactoryOptions options(String name, ConnectionFactoryOptions options) {
        driver(name, options.getValue(ConnectionFactoryOptions.DRIVER));
        host(name, options.getValue(ConnectionFactoryOptions.HOST));
        port(name, options.getValue(ConnectionFactoryOptions.PORT));
        return options.getValue(ConnectionFactoryOptions.PASSWORD) instanceof CharSequence password
                        && !(password instanceof String)
                ? options.mutate()
                        .option(ConnectionFactoryOptions.PASSWORD, password.toString())
                        .build()
                : options;
    }

    private static void driver(String name, @Nullable Object driver) {
        String allowed = "the name of an R2DBC driver, for example postgresql, mysql, mariadb or sqlite";
        refuseIf(
                name,
                !(driver instanceof String text) || text.isBlank(),
                "its options name no driver",
                allowed,
                "Set ConnectionFactoryOptions.DRIVER");
        refuseIf(
                name,
                POOL.equals(driver),
                "its driver is a pool",
                allowed,
                "Name the driver itself, as in r2dbc:postgresql://, and size the pool with withPool(..)");
        refuseIf(
                name,
                "proxy".equals(driver),
                "its driver is a proxy that hides what the driver behind it can do",
                allowed,
                "Name the driver itself, as in r2dbc:postgresql://");
    }

    /** Never quotes the host: one with an at sign may well hold a password. */
    private static void host(String name, @Nullable Object host) {
        refuseIf(
                name,
                host != null && !HOST.matcher(host.toString()).matches(),
                "the host is empty or contains a blank, '@', '/', '?' or '#'",
                "a host name or address, or several separated by commas",
                "Write user, password and database in their own places");
    }

    private static void port(String name, @Nullable Object port) {
        refuseIf(
                name,
                port != null && !isPort(port.toString()),
                "the port is " + ErrorText.quoted(String.valueOf(port)),
                "1 to 65535",
                "Correct the port");
    }

    private static boolean isPort(String port) {
        return port.matches("[0-9]{1,5}") && ConnectionAddress.isPort(Integer.parseInt(port));
    }

    static void refuseIf(@Nullable String name, boolean wrong, String found, String allowed, String next) {
        if (wrong) {
            throw new InvalidDefinitionException(name, found, allowed, next);
        }
    }
}
