package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What many connections have in common: a part of a definition, in which everything is unset unless said. A definition is made
 * of it by {@link #derive}, as in {@code shards.derive("shard02", d -> d.database("shard02"))}, and one template is laid over
 * another by {@link #over}. Immutable.
 *
 * <p>What is merged is merged value by value, each option of the driver and each option of the pool on its own. A URL is the
 * exception: it says the whole address, so that the driver, protocol, host, port and database that it leaves out are not taken
 * from what it is laid over; its user, password and options are merged like all others. Two drivers in what is merged are
 * refused, since neither address nor options of one mean anything to the other.
 *
 * <p>{@link #toString()} shows what is said, without any value.
 */
public final class ConnectionTemplate {

    private static final String TEMPLATE = "its template";

    private final List<TemplatePart> parts;

    /** The parts, the strongest first. */
    ConnectionTemplate(List<TemplatePart> parts) {
        this.parts = List.copyOf(parts);
    }

    /** {@return a builder in which nothing is said} */
    public static Builder builder() {
        return new Builder(List.of(), TemplatePart.Said.by(TEMPLATE));
    }

    /** {@return a builder of a template that says the same unless the builder says otherwise} */
    public Builder mutate() {
        return new Builder(parts, TemplatePart.Said.by(TEMPLATE));
    }

    /**
     * This template merged over a weaker one, such as the defaults of a program.
     *
     * @param weaker says what this template does not say
     * @return the merged template
     */
    public ConnectionTemplate over(ConnectionTemplate weaker) {
        return new ConnectionTemplate(
                Stream.concat(parts.stream(), weaker.parts.stream()).toList());
    }

    /**
     * A definition of what this template says, and otherwise of the built-in defaults.
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @return the definition
     * @throws InvalidDefinitionException if no driver is named, if two are, or if values contradict each other
     */
    public ConnectionDefinition define(String name) {
        return TemplateMerge.define(name, parts);
    }

    /**
     * A definition that is merged over this template.
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param change says what is different for this connection, on a builder in which nothing else is said
     * @return the definition
     * @throws InvalidDefinitionException if no driver is named, if two are, or if values contradict each other
     */
    public ConnectionDefinition derive(String name, UnaryOperator<Builder> change) {
        try {
            return change.apply(new Builder(parts, TemplatePart.Said.by("its definition")))
                    .build()
                    .define(name);
        } catch (InvalidDefinitionException refused) {
            throw refused.named(name);
        }
    }

    @Override
    public String toString() {
        return parts.stream()
                .flatMap(ConnectionTemplate::said)
                .distinct()
                .collect(Collectors.joining(", ", "ConnectionTemplate[says=", "]"));
    }

    private static Stream<String> said(TemplatePart part) {
        Stream<String> options =
                part.values().keySet().stream().map(Option::name).sorted();
        return Stream.of(
                        part.url() == null ? Stream.<String>empty() : Stream.of("url"),
                        options,
                        part.pool().isEmpty() ? Stream.<String>empty() : Stream.of("pool"),
                        part.session().schema() == null ? Stream.<String>empty() : Stream.of("schema"),
                        part.role() == null ? Stream.<String>empty() : Stream.of("role"))
                .flatMap(names -> names);
    }

    /** Collects what is said; the last word about one thing counts. Not safe for use by several threads. */
    public static final class Builder {

        private final List<TemplatePart> base;
        private final TemplatePart.Said said;
        private final Map<Option<?>, Object> values = new LinkedHashMap<>();
        private final List<TemplatePart.PoolChange> pool = new ArrayList<>();
        private ConnectionSettings.Builder settings = ConnectionSettings.builder();
        private @Nullable ConnectionFactoryOptions url;
        private @Nullable String schema;
        private @Nullable HostRole role;

        Builder(List<TemplatePart> base, TemplatePart.Said said) {
            this.base = base;
            this.said = said;
        }

        /**
         * The address, and whatever else the URL says. What it says must not be said a second time beside it.
         *
         * @param r2dbcUrl an R2DBC URL, as in {@link ConnectionDefinition#of(String, String)}
         * @return this builder
         * @throws InvalidDefinitionException if the URL cannot be used
         */
        public Builder url(String r2dbcUrl) {
            Objects.requireNonNull(r2dbcUrl, "r2dbcUrl");
            try {
                url = R2dbcUrl.parse("", r2dbcUrl);
            } catch (InvalidDefinitionException refused) {
                throw new InvalidDefinitionException(null, refused.found(), refused.allowed(), refused.next());
            }
            return this;
        }

        /**
         * The driver.
         *
         * @param driver its name in R2DBC URLs, for example {@code postgresql}
         * @return this builder
         */
        public Builder driver(String driver) {
            return option(ConnectionFactoryOptions.DRIVER, driver);
        }

        /**
         * What some drivers are told behind their name in a URL.
         *
         * @param protocol for example {@code failover} of PostgreSQL, {@code mem} of H2
         * @return this builder
         */
        public Builder protocol(String protocol) {
            return option(ConnectionFactoryOptions.PROTOCOL, protocol);
        }

        /**
         * The host.
         *
         * @param host a host name or address
         * @return this builder
         */
        public Builder host(String host) {
            return option(ConnectionFactoryOptions.HOST, host);
        }

        /**
         * The port.
         *
         * @param port 1 to 65535
         * @return this builder
         */
        public Builder port(int port) {
            return option(ConnectionFactoryOptions.PORT, port);
        }

        /**
         * The database.
         *
         * @param database its name, or the file of a file database
         * @return this builder
         */
        public Builder database(String database) {
            return option(ConnectionFactoryOptions.DATABASE, database);
        }

        /**
         * Who logs in.
         *
         * @param user the user
         * @return this builder
         */
        public Builder user(String user) {
            return option(ConnectionFactoryOptions.USER, user);
        }

        /**
         * What the log-in is proved with.
         *
         * @param password the password; its characters are copied now
         * @return this builder
         */
        public Builder password(CharSequence password) {
            return option(ConnectionFactoryOptions.PASSWORD, password.toString());
        }

        /**
         * An option of the driver.
         *
         * @param option the option
         * @param value its value
         * @param <T> the type of the value
         * @return this builder
         */
        public <T> Builder option(Option<T> option, T value) {
            values.put(Objects.requireNonNull(option, "option"), Objects.requireNonNull(value, option.name()));
            return this;
        }

        /**
         * Options of the pool, as in {@code pool(pool -> pool.maxSize(4))}. Those that the change does not set keep the value
         * of what this is merged over.
         *
         * @param change changes a builder that has the values of everything weaker; runs for each definition that is made
         * @return this builder
         */
        public Builder pool(UnaryOperator<PoolOptions.Builder> change) {
            return pool(said.words(), change);
        }

        Builder pool(String where, UnaryOperator<PoolOptions.Builder> change) {
            pool.add(new TemplatePart.PoolChange(where, Objects.requireNonNull(change, "change")));
            return this;
        }

        /**
         * What connections ask of their server, as in {@code settings(s -> s.tls(TlsMode.VERIFY_FULL))}. Those that the change
         * does not set keep the value of what this is merged over.
         *
         * @param change changes a builder that has what was set here before; runs now
         * @return this builder
         */
        public Builder settings(UnaryOperator<ConnectionSettings.Builder> change) {
            settings = Objects.requireNonNull(change.apply(settings), "settings");
            return this;
        }

        /**
         * The schema that connections work in, as in {@link ConnectionDefinition#withSchema}.
         *
         * @param schema the name of the schema, without quotes
         * @return this builder
         */
        public Builder schema(String schema) {
            this.schema = Objects.requireNonNull(schema, "schema");
            return this;
        }

        /**
         * What the host is for.
         *
         * @param role the role
         * @return this builder
         */
        public Builder role(HostRole role) {
            this.role = Objects.requireNonNull(role, "role");
            return this;
        }

        /**
         * The template. Values are checked when a definition is made, since what they are merged over may still change.
         *
         * @return the template
         * @throws InvalidDefinitionException if the URL says something that is said beside it too
         */
        public ConnectionTemplate build() {
            List<TemplatePart> all = new ArrayList<>();
            TemplatePart.Session session = new TemplatePart.Session(settings.build(), schema);
            all.add(new TemplatePart(said, url, values, pool, session, role));
            all.addAll(base);
            return new ConnectionTemplate(all);
        }
    }
}
