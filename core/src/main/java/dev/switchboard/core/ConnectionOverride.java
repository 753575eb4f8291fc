package dev.switchboard.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one chain wants otherwise than a registered connection has it: another host, port, database, schema or log-in. It is
 * merged over the definition that the chain's route leads to, whose {@link AllowedOverrides} say what may be changed; other
 * options of the driver and those of the pool stay as they are. Immutable and compared by value.
 *
 * <p>Overrides that come to the same share one pool of their own, which {@link ReactiveConnectionRegistry#names()} does not
 * list; errors and {@link ReactiveConnectionRegistry#status()} call it {@code orders[database=shard02]}. One that comes to
 * the definition itself uses the pool of the name. {@link #toString()} shows no user and no password.
 */
public final class ConnectionOverride {

    private static final int LONGEST_DATABASE = 1000;
    private static final int LONGEST_NAME = 128;

    private final @Nullable String host;
    private final @Nullable Integer port;
    private final @Nullable String database;
    private final @Nullable String schema;
    private final @Nullable Login login;

    private ConnectionOverride(Builder builder) {
        this.host = builder.host;
        this.port = builder.port;
        this.database = builder.database;
        this.schema = builder.schema;
        this.login = builder.login;
    }

    /** {@return a builder that changes nothing yet} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return whether this changes nothing, so that the definition serves as it was registered} */
    public boolean isEmpty() {
        return host == null && port == null && database == null && schema == null && login == null;
    }

    @Nullable
    String host() {
        return host;
    }

    @Nullable
    Integer port() {
        return port;
    }

    @Nullable
    String database() {
        return database;
    }

    @Nullable
    String schema() {
        return schema;
    }

    @Nullable
    Login login() {
        return login;
    }

    /** How errors and the status name a connection with this override: {@code orders[database=shard02]}. */
    String over(String connectionName) {
        return isEmpty() ? connectionName : connectionName + words();
    }

    private String words() {
        List<String> words = new ArrayList<>();
        add(words, "host", host);
        add(words, "port", port);
        add(words, "database", database);
        add(words, "schema", schema);
        if (login != null) {
            words.add("other credentials");
        }
        return "[" + String.join(", ", words) + "]";
    }

    private static void add(List<String> words, String what, @Nullable Object value) {
        if (value != null) {
            words.add(what + "=" + ErrorText.name(value.toString()));
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ConnectionOverride that
                && Objects.equals(host, that.host)
                && Objects.equals(port, that.port)
                && Objects.equals(database, that.database)
                && Objects.equals(schema, that.schema)
                && Objects.equals(login, that.login);
    }

    @Override
    public int hashCode() {
        return Objects.hash(host, port, database, schema, login);
    }

    /** {@return what is changed, such as {@code [host=db02, database=shard02]}, without user and password} */
    @Override
    public String toString() {
        return words();
    }

    /** Who logs in. */
    record Login(String user, String password) {

        @Override
        public String toString() {
            return "Login[***]";
        }
    }

    /**
     * Collects what is to be changed; values may come from a request. Only their form is checked here, by {@link #build()};
     * whether the definition allows them is asked when a connection is needed. Not safe for use by several threads.
     */
    public static final class Builder {

        private @Nullable String host;
        private @Nullable Integer port;
        private @Nullable String database;
        private @Nullable String schema;
        private @Nullable Login login;

        private Builder() {}

        /**
         * Another host, which has to be one of {@link AllowedOverrides.Builder#hosts(String...)}.
         *
         * @param host one host name or address in ASCII, without port
         * @return this builder
         */
        public Builder host(String host) {
            this.host = Objects.requireNonNull(host, "host");
            return this;
        }

        /**
         * Another port, which has to be allowed together with its host.
         *
         * @param port 1 to 65535
         * @return this builder
         */
        public Builder port(int port) {
            this.port = port;
            return this;
        }

        /**
         * Another database. Of SQLite, a file in the directory of the definition's own file, or in one of
         * {@link AllowedOverrides.Builder#directories}; or another name in memory, where the definition has one. Of H2, another
         * name in memory. A database that does not exist is not created, unless the definition says {@code create=true}
         * (SQLite) or {@code IFEXISTS=FALSE} (H2); names in the memory of SQLite always exist.
         *
         * @param database its name or file, without control or invisible characters
         * @return this builder
         */
        public Builder database(String database) {
            this.database = Objects.requireNonNull(database, "database");
            return this;
        }

        /**
         * Another schema, as {@link ConnectionDefinition#withSchema} sets it. Refused where the definition has a session
         * preparation of its own, which it would take the place of.
         *
         * @param schema the name of the schema, without quotes
         * @return this builder
         */
        public Builder schema(String schema) {
            this.schema = Objects.requireNonNull(schema, "schema");
            return this;
        }

        /**
         * Another log-in, which the definition has to allow with {@link AllowedOverrides.Builder#credentials(boolean)}.
         *
         * @param user the user
         * @param password the password; its characters are copied now
         * @return this builder
         */
        public Builder credentials(String user, CharSequence password) {
            this.login = new Login(Objects.requireNonNull(user, "user"), password.toString());
            return this;
        }

        /**
         * Checks the form of the values.
         *
         * @return the override
         * @throws OverrideRefusedException if a value cannot be what it should be
         */
        public ConnectionOverride build() {
            if (host != null) {
                HostAddress.requireHost(host);
            }
            if (port != null && !ConnectionAddress.isPort(port)) {
                throw refused("the port is " + port, "1 to 65535", "Correct the port");
            }
            requireVisible("database", database, LONGEST_DATABASE);
            requireVisible("schema", schema, LONGEST_NAME);
            requireVisible("user", login == null ? null : login.user(), LONGEST_NAME);
            return new ConnectionOverride(this);
        }

        /** Never quotes the value: a secret may have got into the wrong place. */
        private static void requireVisible(String what, @Nullable String value, int longest) {
            if (value == null) {
                return;
            }
            String found = value.isBlank() ? "is blank" : value.length() > longest ? "is too long" : hidden(value);
            if (found != null) {
                throw refused(
                        "the " + what + " " + found,
                        "1 to " + longest + " characters, without control or invisible characters",
                        "Correct the " + what);
            }
        }

        private static @Nullable String hidden(String value) {
            return value.codePoints()
                    .filter(ErrorText::isHidden)
                    .mapToObj(point -> String.format("contains the character U+%04X", point))
                    .findFirst()
                    .orElse(null);
        }

        private static OverrideRefusedException refused(String found, String allowed, String next) {
            return new OverrideRefusedException(null, null, found, allowed, next);
        }
    }
}
