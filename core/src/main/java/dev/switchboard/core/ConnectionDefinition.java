package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * A connection by name: where it leads, how its pool behaves and what its host is for. Immutable and compared by value; the
 * {@code with..} methods return changed copies. Building one opens nothing and looks for no driver.
 *
 * <p>What cannot be right is refused where it is written, with an {@link InvalidDefinitionException} that never shows a URL;
 * what only the driver can judge is refused at the first connect. {@link #toString()} shows no user, password or option.
 */
public final class ConnectionDefinition {

    static final int LONGEST_NAME = 200;

    private final String name;
    private final ConnectionTarget target;
    private final DefinitionDetails details;

    private ConnectionDefinition(String name, ConnectionTarget target, DefinitionDetails details) {
        this.name = DefinitionChecks.name(name);
        this.target = target;
        this.details = details;
    }

    /**
     * A definition from an R2DBC URL, {@code r2dbc:driver://user:password@host:port/database?option=value}. Special characters
     * in user and password are percent-encoded; a plus sign means a space in every part, as in all R2DBC URLs, and is written
     * {@code %2B}.
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param r2dbcUrl the URL
     * @return the definition
     * @throws InvalidDefinitionException if the name or the URL cannot be used
     */
    public static ConnectionDefinition of(String name, String r2dbcUrl) {
        Objects.requireNonNull(r2dbcUrl, "r2dbcUrl");
        return of(name, R2dbcUrl.parse(DefinitionChecks.name(name), r2dbcUrl));
    }

    /**
     * {@return a definition from an R2DBC URL that was read before}
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param url the URL
     * @throws InvalidDefinitionException if the name or the URL cannot be used
     */
    public static ConnectionDefinition of(String name, DatabaseUrl url) {
        return of(name, url.options());
    }

    /**
     * {@return a definition from R2DBC options}
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param options the options, which have to name a driver
     * @throws InvalidDefinitionException if the name or the options cannot be used
     */
    public static ConnectionDefinition of(String name, ConnectionFactoryOptions options) {
        return new ConnectionDefinition(name, ConnectionTarget.of(name, options), DefinitionDetails.DEFAULTS);
    }

    /**
     * A definition from a driver's own connection factory, for what options cannot say. It must open a new connection at every
     * subscription: a pool in front of the driver would hide from the registry which connections are open. None of the
     * defaults that other definitions get (time zone, time-outs) reach such a factory.
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param factory the factory, which stays the caller's to close
     * @return the definition
     * @throws InvalidDefinitionException if the name cannot be used or the factory is a pool
     */
    public static ConnectionDefinition of(String name, ConnectionFactory factory) {
        return new ConnectionDefinition(name, ConnectionTarget.of(name, factory), DefinitionDetails.DEFAULTS);
    }

    /**
     * {@return a definition to be completed field by field}
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param driver the driver's name in R2DBC URLs, for example {@code postgresql}
     * @throws InvalidDefinitionException if the name or the driver cannot be used
     */
    public static ConnectionDefinition ofDriver(String name, String driver) {
        Objects.requireNonNull(driver, "driver");
        return of(
                name,
                ConnectionFactoryOptions.builder()
                        .option(ConnectionFactoryOptions.DRIVER, driver)
                        .build());
    }

    /**
     * A definition of a SQLite file, which is created at the first connect where it does not exist.
     *
     * @param name 1 to 200 characters, not blank, without control or invisible characters
     * @param file the file; a relative path is resolved now, against the working directory
     * @return the definition
     * @throws InvalidDefinitionException if the name or the path cannot be used
     */
    public static ConnectionDefinition sqlite(String name, Path file) {
        DefinitionChecks.file(name, file);
        return ofDriver(name, "sqlite")
                .withDatabase(file.toAbsolutePath().normalize().toString());
    }

    /**
     * {@return a copy under another name}
     *
     * @param newName 1 to 200 characters, not blank, without control or invisible characters
     */
    public ConnectionDefinition withName(String newName) {
        return new ConnectionDefinition(newName, target, details);
    }

    /**
     * {@return a copy that leads to another host}
     *
     * @param host a host name or address
     */
    public ConnectionDefinition withHost(String host) {
        return withOption(ConnectionFactoryOptions.HOST, host);
    }

    /**
     * {@return a copy that leads to another port}
     *
     * @param port 1 to 65535
     */
    public ConnectionDefinition withPort(int port) {
        return withOption(ConnectionFactoryOptions.PORT, port);
    }

    /**
     * {@return a copy that leads to another database of the same server}
     *
     * @param database its name, or the file of a file database
     */
    public ConnectionDefinition withDatabase(String database) {
        return withOption(ConnectionFactoryOptions.DATABASE, database);
    }

    /**
     * {@return a copy that logs in as another user}
     *
     * @param user the user
     */
    public ConnectionDefinition withUser(String user) {
        return withOption(ConnectionFactoryOptions.USER, user);
    }

    /**
     * {@return a copy that logs in with another password}
     *
     * @param password the password; its characters are copied now
     */
    public ConnectionDefinition withPassword(CharSequence password) {
        return withOption(ConnectionFactoryOptions.PASSWORD, password);
    }

    /**
     * A copy whose password is asked for before each physical connect, so that it may change while the program runs. The
     * supplier is called when a connection is opened (never at definition), on the thread that asks for the connection, so
     * it must not block; its publisher is cancelled past the {@code createTimeout} of the pool. A failure, no value or too
     * late a value is a {@link PasswordUnavailableException}. Open connections keep the log-in that they have.
     *
     * @param password asked for one text at each connect; definitions are equal when they have the same supplier
     * @return the copy
     */
    public ConnectionDefinition withPassword(Supplier<? extends Publisher<? extends CharSequence>> password) {
        return new ConnectionDefinition(name, target.with(name, ConnectionFactoryOptions.PASSWORD, password), details);
    }

    /**
     * A copy with one more option of the driver, or another value for it. An option that the driver does not know is refused
     * when the connection opens.
     *
     * @param option the option
     * @param value its value
     * @param <T> the type of the value
     * @return the copy
     */
    public <T> ConnectionDefinition withOption(Option<T> option, T value) {
        return new ConnectionDefinition(name, target.with(name, option, value), details);
    }

    /**
     * A copy with an option that is handed to the driver without a look at its name, for drivers that are newer than the list
     * of their options here. A misspelt one is ignored by the driver in silence.
     *
     * @param option the option
     * @param value its value
     * @param <T> the type of the value
     * @return the copy
     */
    public <T> ConnectionDefinition withUncheckedOption(Option<T> option, T value) {
        return withOption(option, value).with(details.unchecked(option.name()));
    }

    /**
     * {@return a copy with other settings}
     *
     * @param settings what it asks of its server; they take the place of all settings so far
     */
    public ConnectionDefinition withSettings(ConnectionSettings settings) {
        Objects.requireNonNull(settings, "settings");
        target.required(name, "a setting");
        return with(details.with(settings));
    }

    /**
     * {@return a copy with changed settings, as in {@code withSettings(s -> s.tls(TlsMode.VERIFY_FULL))}}
     *
     * @param change changes a builder that starts from the present settings
     * @throws InvalidDefinitionException if a setting cannot be used
     */
    public ConnectionDefinition withSettings(UnaryOperator<ConnectionSettings.Builder> change) {
        return named(
                () -> withSettings(change.apply(details.settings().mutate()).build()));
    }

    /**
     * {@return a copy with other pool options}
     *
     * @param pool the options of its pool
     */
    public ConnectionDefinition withPool(PoolOptions pool) {
        Objects.requireNonNull(pool, "pool");
        return with(details.with(pool));
    }

    /**
     * {@return a copy with changed pool options, as in {@code withPool(pool -> pool.maxSize(4))}}
     *
     * @param change changes a builder that starts from the present options
     * @throws InvalidDefinitionException if the options contradict each other
     */
    public ConnectionDefinition withPool(UnaryOperator<PoolOptions.Builder> change) {
        return named(() -> withPool(change.apply(details.pool().mutate()).build()));
    }

    /**
     * {@return a copy whose connections work in a schema, set before each delivery; it takes the place of a session preparation}
     *
     * @param schema the name of the schema, without quotes
     */
    public ConnectionDefinition withSchema(String schema) {
        DefinitionChecks.schema(name, schema);
        return with(details.with(new DefinitionDetails.Session(schema, null)));
    }

    /**
     * {@return a copy whose connections are prepared for each borrower by the given preparation, which takes the place of a schema}
     *
     * @param preparation prepares sessions; shared by all connections of the definition, so it must be thread-safe
     */
    public ConnectionDefinition withPreparation(SessionPreparation preparation) {
        Objects.requireNonNull(preparation, "preparation");
        return with(details.with(new DefinitionDetails.Session(null, preparation)));
    }

    /**
     * {@return a copy that allows overrides to change more, as in {@code withOverrides(allowed -> allowed.hosts("db02"))}}
     *
     * @param change changes a builder that starts from what is allowed at present
     * @throws InvalidDefinitionException if a host or a number cannot be used
     */
    public ConnectionDefinition withOverrides(UnaryOperator<AllowedOverrides.Builder> change) {
        return named(() ->
                with(details.with(change.apply(details.overrides().mutate()).build())));
    }

    /**
     * {@return a copy whose host has another role}
     *
     * @param role what the host is for
     */
    public ConnectionDefinition withRole(HostRole role) {
        Objects.requireNonNull(role, "role");
        return with(details.with(role));
    }

    /** {@return a copy whose name is never suggested to somebody who asks for a name like it, as a tenant's should not be} */
    public ConnectionDefinition unlisted() {
        return with(details.unlisted());
    }

    /** {@return the name in the registry} */
    public String name() {
        return name;
    }

    /** {@return the options, whose own {@code toString} may show secrets; null for a definition from a factory} */
    public @Nullable ConnectionFactoryOptions options() {
        return target.options();
    }

    /** {@return what it asks of its server in words that hold for every product} */
    public ConnectionSettings settings() {
        return details.settings();
    }

    /** {@return the options of its pool} */
    public PoolOptions pool() {
        return details.pool();
    }

    /** {@return what an override may change} */
    public AllowedOverrides overrides() {
        return details.overrides();
    }

    /** {@return the schema that its connections work in, or null for the one of the log-in} */
    public @Nullable String schema() {
        return details.session().schema();
    }

    /** {@return what its host is for; {@link HostRole#PRIMARY} unless set} */
    public HostRole role() {
        return details.role();
    }

    /** {@return whether its name is kept out of suggestions} */
    public boolean isUnlisted() {
        return details.isUnlisted();
    }

    /** {@return the driver's name in R2DBC URLs; for a factory, its product in lower case, as in {@code postgresql}} */
    public String driver() {
        return target.driver();
    }

    /** {@return host and port, or the file, without user, password or options} */
    public String where() {
        return target.where();
    }

    /**
     * Makes the factory of physical connections; connects to nothing. Looks through the class path for the driver, so it may
     * block for some milliseconds the first time.
     *
     * @return the factory
     * @throws DriverNotFoundException if no driver has that name
     * @throws InvalidDefinitionException if the driver refuses the options, or would ignore one of them
     * @throws UnsupportedFeatureException if the driver would ignore a time-out
     */
    ConnectionFactory open() {
        return target.open(this);
    }

    @Nullable
    SessionPreparation preparation() {
        return details.session().preparation();
    }

    Set<String> uncheckedOptions() {
        return details.unchecked();
    }

    private ConnectionDefinition named(Supplier<ConnectionDefinition> changed) {
        try {
            return changed.get();
        } catch (InvalidDefinitionException nameless) {
            throw nameless.named(name);
        }
    }

    private ConnectionDefinition with(DefinitionDetails changed) {
        return new ConnectionDefinition(name, target, changed);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ConnectionDefinition that
                && name.equals(that.name)
                && target.equals(that.target)
                && details.equals(that.details);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, target, details);
    }

    @Override
    public String toString() {
        return "ConnectionDefinition[name=" + ErrorText.name(name) + ", driver=" + driver() + ", where=" + where()
                + ", database=" + target.database() + ", pool=" + details.pool() + "]";
    }
}
