package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Completes the options of a definition for its driver, and refuses those that the driver would pass over in silence: a typo in
 * {@code sslMode} must not mean an open connection.
 */
final class DriverOptions {

    private static final String WITH_FAILOVER =
            "Write r2dbc:postgresql:failover:// with several hosts, or r2dbc:postgresql:// with one";

    /** What other clients call a log-in with the account of the operating system or of a domain. */
    private static final Set<String> INTEGRATED_LOGIN = Set.of(
            "integratedsecurity", "authenticationscheme", "authentication", "trusted_connection", "trustedconnection");

    private static final Option<Boolean> TCP_KEEP_ALIVE = Option.valueOf("tcpKeepAlive");
    private static final Option<String> SSL_MODE = Option.valueOf("sslMode");
    private static final Option<Boolean> SYSTEM_TRUST_STORE = Option.valueOf("fallbackToSystemTrustStore");
    private static final Option<String> TIME_ZONE = Option.valueOf("timezone");
    private static final Option<String> CONNECTION_TIME_ZONE = Option.valueOf("connectionTimeZone");
    private static final Option<Boolean> FORCE_TIME_ZONE = Option.valueOf("forceConnectionTimeZoneToSession");
    private static final Option<Object> SESSION_VARIABLES = Option.valueOf("sessionVariables");

    private final ConnectionDefinition definition;
    private final ConnectionFactoryOptions options;

    DriverOptions(ConnectionDefinition definition, ConnectionFactoryOptions options) {
        this.definition = definition;
        this.options = options;
    }

    ConnectionFactoryOptions withDefaults() {
        ConnectionFactoryOptions.Builder completed = options.mutate();
        switch (definition.driver()) {
            case "postgresql", "postgres" -> addNetworkDefaults(completed);
            case "mysql" -> {
                addNetworkDefaults(completed);
                addMySqlTimeZone(completed);
            }
            case "mariadb" -> {
                addNetworkDefaults(completed);
                addMariaDbTimeZone(completed);
                addMariaDbTls(completed);
            }
            case "sqlite", "duckdb", "jdbc" -> addBridgeDefaults(completed);
            default -> {
                // What another driver would make of them is not known.
            }
        }
        return completed.build();
    }

    /** Dead peers are noticed by the kernel, and a connect gives up before the pool does. */
    private void addNetworkDefaults(ConnectionFactoryOptions.Builder completed) {
        if (!isSet("socket", "unixSocket", "tcpKeepAlive")) {
            completed.option(TCP_KEEP_ALIVE, true);
        }
        if (!isSet("connectTimeout")) {
            Duration connectTimeout = definition.pool().createTimeout();
            completed.option(ConnectionFactoryOptions.CONNECT_TIMEOUT, connectTimeout);
        }
    }

    /** The bridge gives up a little earlier than the pool: it knows that it waited for a thread, and says so. */
    private void addBridgeDefaults(ConnectionFactoryOptions.Builder completed) {
        if (!isSet("connectTimeout")) {
            Duration createTimeout = definition.pool().createTimeout();
            completed.option(
                    ConnectionFactoryOptions.CONNECT_TIMEOUT, createTimeout.minus(createTimeout.dividedBy(10)));
        }
    }

    /** By default the driver writes an Instant as the wall clock of this JVM, which a JVM in another zone reads as another one. */
    private void addMySqlTimeZone(ConnectionFactoryOptions.Builder completed) {
        boolean chosen =
                isSet("connectionTimeZone", "serverZoneId", "forceConnectionTimeZoneToSession", "preserveInstants");
        if (!chosen && !setsTimeZoneAsVariable()) {
            completed.option(CONNECTION_TIME_ZONE, "UTC").option(FORCE_TIME_ZONE, true);
        }
    }

    /**
     * The driver's session is put into UTC here, and {@link UtcConnection} does the rest: the driver itself converts with the
     * zone of the JVM, whatever the session's is, so that no option makes it right in a zone with summer time.
     */
    private void addMariaDbTimeZone(ConnectionFactoryOptions.Builder completed) {
        if (isMariaDbInUtc()) {
            completed.option(TIME_ZONE, "UTC");
        }
    }

    /** Whether the session is in UTC because nobody chose another zone. */
    boolean isMariaDbInUtc() {
        return "mariadb".equals(definition.driver())
                && (definition.settings().timeZone() != null
                        || (!isSet("timezone", "skipPostCommands") && !setsTimeZoneAsVariable()));
    }

    /** The driver does not read {@code ssl}: {@code r2dbcs:mariadb:} alone would connect in clear, or trust nobody. */
    private void addMariaDbTls(ConnectionFactoryOptions.Builder completed) {
        boolean wanted = "true".equals(String.valueOf(options.getValue(ConnectionFactoryOptions.SSL)));
        if (wanted && !isSet("sslMode")) {
            completed.option(SSL_MODE, "verify-full");
            if (!isSet("serverSslCert", "fallbackToSystemTrustStore", "sslContextBuilderCustomizer")) {
                completed.option(SYSTEM_TRUST_STORE, true);
            }
        }
    }

    private boolean setsTimeZoneAsVariable() {
        return MappedOptions.setsTimeZone(options.getValue(SESSION_VARIABLES));
    }

    private boolean isSet(String... names) {
        return Stream.of(names).anyMatch(name -> options.hasOption(Option.valueOf(name)));
    }

    /** Refuses options that the driver does not know, and those that it knows by name and ignores. */
    void refuseIgnored(ConnectionFactoryProvider provider) {
        OptionSheet sheet = OptionSheet.of(definition.driver());
        if (sheet != null) {
            refuseIgnored(sheet);
            refuseUnknown(sheet.known(provider));
        }
        switch (definition.driver()) {
            case "postgresql", "postgres" -> refusePostgresqlHosts();
            case "mysql" -> refuseMySqlProtocol();
            default -> {
                // The others read their protocol and hosts, or refuse them.
            }
        }
    }

    /** The driver tries several hosts only with the protocol failover, and looks at no other protocol. */
    private void refusePostgresqlHosts() {
        String protocol = protocol();
        boolean failover = "failover".equals(protocol);
        if (!protocol.isEmpty() && !failover) {
            throw unsupported("the PostgreSQL driver", "the protocol " + ErrorText.quoted(protocol), WITH_FAILOVER);
        }
        String host = String.valueOf(options.getValue(ConnectionFactoryOptions.HOST));
        if (!failover && (host.indexOf(',') >= 0 || isSet("targetServerType", "loadBalanceHosts"))) {
            throw unsupported(
                    "the PostgreSQL driver", "several hosts or a type of server without failover", WITH_FAILOVER);
        }
    }

    private void refuseMySqlProtocol() {
        if (!protocol().isEmpty()) {
            throw unsupported(
                    "the MySQL driver",
                    "the protocol " + ErrorText.quoted(protocol()),
                    "Write r2dbc:mysql:// with one host");
        }
    }

    private String protocol() {
        Object protocol = options.getValue(ConnectionFactoryOptions.PROTOCOL);
        return protocol == null ? "" : protocol.toString();
    }

    private UnsupportedFeatureException unsupported(String product, String feature, String next) {
        return new UnsupportedFeatureException(definition.name(), product, feature, next);
    }

    private void refuseIgnored(OptionSheet sheet) {
        for (String ignored : sheet.ignored()) {
            Object value = options.getValue(Option.valueOf(ignored));
            if (value != null && !isUnchecked(ignored) && !"false".equals(value.toString())) {
                throw unsupported(
                        SettingsTable.inWords(definition.driver()),
                        "the option '" + ignored + "'",
                        ignored.endsWith("Timeout")
                                ? "Leave the option out; what the driver can do is set with withSettings(..)"
                                : "Leave the option out");
            }
        }
    }

    private void refuseUnknown(Set<String> known) {
        for (Option<?> option : Secrets.names(options)) {
            if (!known.contains(option.name()) && !isUnchecked(option.name())) {
                throw unknown(option.name(), known);
            }
        }
    }

    private boolean isUnchecked(String option) {
        return definition.uncheckedOptions().contains(option);
    }

    private InvalidDefinitionException unknown(String option, Set<String> known) {
        if (INTEGRATED_LOGIN.contains(option.toLowerCase(Locale.ROOT))) {
            return new InvalidDefinitionException(
                    definition.name(),
                    "the option " + ErrorText.quoted(option) + " asks for integrated authentication, which the driver '"
                            + definition.driver() + "' does not have",
                    "a log-in with user and password",
                    "Set both; the password may be asked for at each connect, with withPassword(supplier)");
        }
        List<String> alike = NearMisses.of(option, known.stream());
        return new InvalidDefinitionException(
                definition.name(),
                "the driver '" + definition.driver() + "' has no option " + ErrorText.quoted(option)
                        + " and would ignore it",
                alike.isEmpty() ? String.join(", ", known) : ErrorText.quoted(alike) + " and others",
                "Correct the option or leave it out; sizes and time-outs of the pool are set with withPool(..), and an"
                        + " option newer than this list with withUncheckedOption(..)");
    }
}
