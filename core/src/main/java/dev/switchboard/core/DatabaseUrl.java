package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An R2DBC URL as a value: {@code r2dbc:driver://user:password@host:port/database?option=value}. Immutable; two are equal when
 * they say the same, in whatever order their options stand. {@link #toString()} is a URL without its secrets.
 */
public final class DatabaseUrl {

    private static final int LONGEST_DATABASE = 1024;

    private final ConnectionFactoryOptions options;

    private DatabaseUrl(ConnectionFactoryOptions options) {
        this.options = options;
    }

    /**
     * Reads a URL. Special characters in user and password are percent-encoded; a plus sign means a space in every part, as in
     * all R2DBC URLs, and is written {@code %2B}.
     *
     * @param url the URL
     * @return the value
     * @throws InvalidDefinitionException if it cannot be read; the message never quotes it, since it may hold a password
     */
    public static DatabaseUrl parse(String url) {
        Objects.requireNonNull(url, "url");
        return new DatabaseUrl(R2dbcUrl.parse(null, url));
    }

    /**
     * {@return the URL of another database in the same place, with the same log-in and options}
     *
     * @param database its name, or the file of a file database; may come from a request, so it cannot carry options
     * @throws InvalidDefinitionException if the name is blank, holds {@code ;}, {@code ?}, {@code #} or a hidden character
     */
    public DatabaseUrl withDatabase(String database) {
        DefinitionChecks.refuseIf(
                null,
                database.isBlank()
                        || database.length() > LONGEST_DATABASE
                        || database.codePoints()
                                .anyMatch(point -> ErrorText.isHidden(point) || ";?#".indexOf(point) >= 0),
                "the database " + ErrorText.quoted(database) + " is not a name",
                "1 to " + LONGEST_DATABASE + " characters without ';', '?', '#' and hidden ones",
                "Correct the name of the database");
        return new DatabaseUrl(options.mutate()
                .option(ConnectionFactoryOptions.DATABASE, database)
                .build());
    }

    /** {@return the name of the driver} */
    public String driver() {
        return String.valueOf(options.getValue(ConnectionFactoryOptions.DRIVER));
    }

    /** {@return the host, several of them separated by commas, or null for a file or a database in memory} */
    public @Nullable String host() {
        return text(ConnectionFactoryOptions.HOST);
    }

    /** {@return the port, or null where the URL has none and the driver's own holds} */
    public @Nullable Integer port() {
        return options.getValue(ConnectionFactoryOptions.PORT) instanceof Integer port ? port : null;
    }

    /** {@return the user, or null} */
    public @Nullable String user() {
        return text(ConnectionFactoryOptions.USER);
    }

    /** {@return the database without the settings that some drivers append to it, or null} */
    public @Nullable String database() {
        return ConnectionAddress.database(options);
    }

    /** {@return all parts as options, secrets included, for a driver} */
    public ConnectionFactoryOptions options() {
        return options;
    }

    private @Nullable String text(Option<?> option) {
        Object value = options.getValue(option);
        return value == null ? null : value.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DatabaseUrl that && options.equals(that.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** {@return the URL with {@code ***} in place of its password and of every option whose name speaks of a secret} */
    @Override
    public String toString() {
        StringBuilder url = new StringBuilder("r2dbc:").append(driver());
        String protocol = text(ConnectionFactoryOptions.PROTOCOL);
        if (protocol != null && !protocol.isEmpty()) {
            url.append(':').append(protocol);
        }
        url.append("://");
        String user = user();
        if (user != null) {
            url.append(encoded(user));
            url.append(options.hasOption(ConnectionFactoryOptions.PASSWORD) ? ":***@" : "@");
        }
        String host = host();
        url.append(host == null ? "" : host);
        Integer port = port();
        url.append(port == null ? "" : ":" + port);
        String database = database();
        url.append(database == null ? "" : "/" + database);
        return url.append(query()).toString();
    }

    private String query() {
        TreeMap<String, String> shown = new TreeMap<>();
        for (Option<?> option : Secrets.names(options)) {
            if (!R2dbcUrl.isPart(option.name())) {
                String value = Secrets.isSecret(option) ? "***" : encoded(String.valueOf(options.getValue(option)));
                shown.put(option.name(), option.name() + "=" + value);
            }
        }
        return shown.isEmpty() ? "" : "?" + String.join("&", shown.values());
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2F", "/");
    }
}
