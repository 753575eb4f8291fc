package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.math.BigDecimal;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What each driver calls the settings of a connection, or why it has no such thing: one row for each driver. */
final class SettingsTable {

    private static final Set<Charset> UNICODE =
            Set.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16, StandardCharsets.UTF_16LE);
    private static final String ON_THE_CONNECTION =
            "Call setStatementTimeout of the connection, or bound the chain with timeout(..)";
    private static final String TRUST_STORE =
            "Put it into a trust store and name that with withOption(..), as the driver's documentation says";

    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9 ._/()-]+");
    private static final Option<Boolean> SYSTEM_TRUST_STORE = Option.valueOf("fallbackToSystemTrustStore");

    private static final SettingsRow.Place POSTGRESQL_TLS = SettingsRow.sslMode("disable", "require", "verify-full");
    private static final SettingsRow.Place MYSQL_TLS = SettingsRow.sslMode("DISABLED", "REQUIRED", "VERIFY_IDENTITY");
    private static final SettingsRow.Place MARIADB_TLS = SettingsRow.sslMode("disable", "trust", "verify-full");

    private static final Map<String, SettingsRow> ROWS = Map.ofEntries(
            Map.entry("postgresql", postgresql()),
            Map.entry("postgres", postgresql()),
            Map.entry("mysql", mysql()),
            Map.entry("mariadb", mariadb()),
            Map.entry("sqlite", sqlite()),
            Map.entry("duckdb", duckDb()),
            Map.entry("jdbc", jdbc()),
            Map.entry("h2", h2()),
            Map.entry("sqlserver", sqlServer()),
            Map.entry("mssql", sqlServer()),
            Map.entry("oracle", oracle()));

    private SettingsTable() {}

    /**
     * The options with the settings written into them in the driver's words.
     *
     * @throws InvalidDefinitionException if settings contradict each other or an option
     * @throws UnsupportedFeatureException if the driver or its product has no such thing
     */
    static ConnectionFactoryOptions mapped(ConnectionDefinition definition, ConnectionFactoryOptions options) {
        String driver = definition.driver();
        SettingsRow row = ROWS.get(driver);
        MappedOptions mapped = new MappedOptions(definition.name(), inWords(driver), options);
        Map<Setting, Object> settings = consistent(definition.settings(), mapped);
        if (row != null) {
            row.write(settings, mapped);
        } else if (!settings.isEmpty()) {
            Setting first = settings.keySet().iterator().next();
            throw mapped.unsupported(
                    first.words() + " in words that are known here", "Set the driver's own option with withOption(..)");
        }
        if ("oracle".equals(driver)) {
            OracleAddress.write(definition.settings().sid(), mapped);
        }
        return mapped.build();
    }

    /** How messages call the driver. */
    static String inWords(String driver) {
        SettingsRow row = ROWS.get(driver);
        return row == null ? "the driver " + ErrorText.quoted(driver) : row.driver();
    }

    /** What does not depend on the driver: no certificate may be given for nothing. */
    private static Map<Setting, Object> consistent(ConnectionSettings settings, MappedOptions mapped) {
        @Nullable TlsMode tls = settings.tls();
        if (tls == TlsMode.OFF) {
            Map<Setting, Object> plain = new EnumMap<>(settings.values());
            plain.keySet()
                    .removeAll(Set.of(Setting.CERTIFICATE_AUTHORITY, Setting.CLIENT_CERTIFICATE, Setting.CLIENT_KEY));
            return plain;
        }
        if (settings.certificateAuthority() != null && tls != TlsMode.VERIFY_FULL) {
            throw mapped.refused(
                    "certificateAuthority is set and tls is " + (tls == null ? "not" : tls + ", which checks nothing"),
                    "a certificate authority with TlsMode.VERIFY_FULL",
                    "Set tls(TlsMode.VERIFY_FULL), or leave certificateAuthority out");
        }
        if (settings.clientCertificate() != null && tls == null) {
            throw mapped.refused(
                    "clientCertificate is set and tls is not",
                    "a client certificate with TlsMode.REQUIRED or TlsMode.VERIFY_FULL",
                    "Set tls(TlsMode.VERIFY_FULL), or leave clientCertificate out");
        }
        return settings.values();
    }

    private static SettingsRow postgresql() {
        return new SettingsRow("the PostgreSQL driver")
                .named(Setting.APPLICATION_NAME, "applicationName")
                .place(Setting.TLS, SettingsTable::postgresqlTls)
                .named(Setting.CERTIFICATE_AUTHORITY, "sslRootCert", Object::toString)
                .named(Setting.CLIENT_CERTIFICATE, "sslCert", Object::toString)
                .named(Setting.CLIENT_KEY, "sslKey", Object::toString)
                .speaksUtf8()
                .named(Setting.TIME_ZONE, "timeZone")
                .named(Setting.STATEMENT_TIMEOUT, "statementTimeout")
                .named(Setting.LOCK_TIMEOUT, "lockWaitTimeout");
    }

    /** The driver hands the name to check to Java by way of SNI, which has no addresses. */
    private static void postgresqlTls(Object mode, MappedOptions options) {
        options.refuseGiven(Setting.TLS, "sslmode");
        String host = String.valueOf(options.get("host"));
        if (mode == TlsMode.VERIFY_FULL && ConnectionAddress.isAddress(host)) {
            throw options.unsupported(
                    "a certificate for the address " + ErrorText.quoted(host), "Name the host as its certificate does");
        }
        POSTGRESQL_TLS.write(mode, options);
    }

    private static SettingsRow mysql() {
        return new SettingsRow("the MySQL driver")
                .place(Setting.TLS, MYSQL_TLS)
                .named(Setting.CERTIFICATE_AUTHORITY, "sslCa", Object::toString)
                .named(Setting.CLIENT_CERTIFICATE, "sslCert", Object::toString)
                .named(Setting.CLIENT_KEY, "sslKey", Object::toString)
                .speaksUtf8()
                .fixedZone((offset, options) -> {
                    options.refuseOtherZone("serverZoneId", "preserveInstants");
                    options.put(Setting.TIME_ZONE, "connectionTimeZone", SettingsRow.zoneName(offset));
                    options.put(Setting.TIME_ZONE, "forceConnectionTimeZoneToSession", true);
                })
                .named(Setting.STATEMENT_TIMEOUT, "statementTimeout")
                .wholeSeconds(
                        Setting.LOCK_TIMEOUT,
                        (value, options) -> options.put(Setting.LOCK_TIMEOUT, "lockWaitTimeout", value));
    }

    private static SettingsRow mariadb() {
        return new SettingsRow("the MariaDB driver")
                .place(Setting.APPLICATION_NAME, SettingsTable::mariadbApplicationName)
                .place(Setting.TLS, SettingsTable::mariadbTls)
                .place(Setting.CERTIFICATE_AUTHORITY, (file, options) -> {
                    options.put(Setting.CERTIFICATE_AUTHORITY, "serverSslCert", file.toString());
                    options.drop(SYSTEM_TRUST_STORE);
                })
                .named(Setting.CLIENT_CERTIFICATE, "clientSslCert", Object::toString)
                .named(Setting.CLIENT_KEY, "clientSslKey", Object::toString)
                .speaksUtf8()
                .onlyUtc(
                        (zone, options) -> {
                            options.refuseOtherZone("skipPostCommands");
                            options.put(Setting.TIME_ZONE, "timezone", "UTC");
                        },
                        "Set ZoneOffset.UTC, in which the driver's points in time are right, and convert in the query")
                .place(
                        Setting.STATEMENT_TIMEOUT,
                        (value, options) -> variable(options, Setting.STATEMENT_TIMEOUT, "max_statement_time", value))
                .wholeSeconds(
                        Setting.LOCK_TIMEOUT,
                        (value, options) -> variable(options, Setting.LOCK_TIMEOUT, "innodb_lock_wait_timeout", value));
    }

    /** The driver takes a text of pairs and cuts it at their separators. */
    private static void mariadbApplicationName(Object name, MappedOptions options) {
        if (!PLAIN_NAME.matcher(name.toString()).matches()) {
            throw options.unsupported(
                    "the application name " + ErrorText.quoted(name.toString()),
                    "Choose one of letters, digits, blanks and . _ - / ( )");
        }
        options.append(Setting.APPLICATION_NAME, "connectionAttributes", ",", "program_name", name.toString());
    }

    private static void mariadbTls(Object mode, MappedOptions options) {
        MARIADB_TLS.write(mode, options);
        if (mode == TlsMode.VERIFY_FULL) {
            options.put(Setting.TLS, SYSTEM_TRUST_STORE.name(), true);
        }
    }

    /** In seconds, as MariaDB counts them. */
    private static void variable(MappedOptions options, Setting setting, String variable, Object timeout) {
        options.refuseGiven(setting, "skipPostCommands");
        BigDecimal seconds =
                BigDecimal.valueOf(((Duration) timeout).toMillis(), 3).stripTrailingZeros();
        options.append(setting, "sessionVariables", ",", variable, seconds.toPlainString());
    }

    private static SettingsRow sqlite() {
        return new SettingsRow("SQLite")
                .withoutNetwork()
                .speaksUtf8()
                .onlyUtc((zone, options) -> {}, "Set ZoneOffset.UTC, the only zone that it knows")
                .named(Setting.STATEMENT_TIMEOUT, "statementTimeout")
                .named(Setting.LOCK_TIMEOUT, "lockWaitTimeout");
    }

    private static SettingsRow duckDb() {
        return new SettingsRow("DuckDB")
                .withoutNetwork()
                .speaksUtf8()
                .named(Setting.STATEMENT_TIMEOUT, "statementTimeout");
    }

    private static SettingsRow jdbc() {
        return new SettingsRow("the JDBC bridge").named(Setting.STATEMENT_TIMEOUT, "statementTimeout");
    }

    private static SettingsRow h2() {
        return new SettingsRow("H2")
                .withoutNetwork()
                .speaksUtf8()
                .place(
                        Setting.TIME_ZONE,
                        (zone, options) -> options.append(
                                Setting.TIME_ZONE, "options", ";", "TIME ZONE", SettingsRow.zoneName(zone)))
                .place(
                        Setting.STATEMENT_TIMEOUT,
                        (value, options) -> millis(options, Setting.STATEMENT_TIMEOUT, "QUERY_TIMEOUT", value))
                .place(
                        Setting.LOCK_TIMEOUT,
                        (value, options) -> millis(options, Setting.LOCK_TIMEOUT, "LOCK_TIMEOUT", value));
    }

    private static void millis(MappedOptions options, Setting setting, String variable, Object timeout) {
        options.append(setting, "options", ";", variable, Long.toString(((Duration) timeout).toMillis()));
    }

    private static SettingsRow sqlServer() {
        return new SettingsRow("the SQL Server driver")
                .named(Setting.APPLICATION_NAME, "applicationName")
                .place(Setting.TLS, (mode, options) -> {
                    options.put(Setting.TLS, "ssl", mode != TlsMode.OFF);
                    if (mode != TlsMode.OFF) {
                        options.put(Setting.TLS, "trustServerCertificate", mode == TlsMode.REQUIRED);
                    }
                })
                .refused(Setting.CERTIFICATE_AUTHORITY, TRUST_STORE)
                .refused(Setting.CLIENT_CERTIFICATE, "Log in with user and password")
                .place(Setting.CHARSET, (charset, options) -> {
                    if (!UNICODE.contains(charset)) {
                        throw options.unsupported(
                                "the character set " + ((Charset) charset).name(),
                                "Leave it out or name UTF-8: text then travels as Unicode");
                    }
                    options.put(Setting.CHARSET, "sendStringParametersAsUnicode", true);
                })
                .refused(Setting.TIME_ZONE, "Its sessions have none: keep points in time in datetimeoffset columns")
                .refused(Setting.STATEMENT_TIMEOUT, ON_THE_CONNECTION)
                .named(Setting.LOCK_TIMEOUT, "lockWaitTimeout");
    }

    private static SettingsRow oracle() {
        return new SettingsRow("the Oracle driver")
                .named(Setting.APPLICATION_NAME, "v$session.program")
                .place(Setting.TLS, SettingsTable::oracleTls)
                .refused(Setting.CERTIFICATE_AUTHORITY, TRUST_STORE)
                .refused(Setting.CLIENT_CERTIFICATE, "Name a key store with withOption(..)")
                .refused(Setting.CHARSET, "Leave it out: text is converted to the character set of the database")
                .refused(Setting.TIME_ZONE, "Its sessions take the zone of the JVM: set that, or ALTER SESSION")
                .named(Setting.STATEMENT_TIMEOUT, "statementTimeout")
                .refused(Setting.LOCK_TIMEOUT, "Write SELECT .. FOR UPDATE WAIT 5, or bound the chain with timeout(..)")
                .place(Setting.SID, (value, options) -> {
                    // Written by OracleAddress, which needs the other settings to be there.
                });
    }

    private static void oracleTls(Object mode, MappedOptions options) {
        if (mode == TlsMode.REQUIRED) {
            throw options.unsupported(
                    "TLS without a look at the server's certificate",
                    "Set TlsMode.VERIFY_FULL, with a trust store where Java does not trust its authority");
        }
        options.put(Setting.TLS, "ssl", mode == TlsMode.VERIFY_FULL);
        if (mode == TlsMode.VERIFY_FULL) {
            options.put(Setting.TLS, "oracle.net.ssl_server_dn_match", "true");
        }
    }
}
