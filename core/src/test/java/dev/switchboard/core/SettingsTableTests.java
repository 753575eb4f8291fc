package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What each driver is told for each setting; no driver is asked, so SQL Server and Oracle need none here. */
class SettingsTableTests {

    private static final Map<String, UnaryOperator<ConnectionSettings.Builder>> SETTINGS = Map.ofEntries(
            Map.entry("applicationName", s -> s.applicationName("billing")),
            Map.entry("application list", s -> s.applicationName("billing,a=b")),
            Map.entry("off", s -> s.tls(TlsMode.OFF)),
            Map.entry("required", s -> s.tls(TlsMode.REQUIRED)),
            Map.entry("verify-full", s -> s.tls(TlsMode.VERIFY_FULL)),
            Map.entry("authority", s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(Path.of("/ca.pem"))),
            Map.entry("client", s -> s.tls(TlsMode.REQUIRED).clientCertificate(Path.of("/c.pem"), Path.of("/k.pem"))),
            Map.entry(
                    "client verified",
                    s -> s.tls(TlsMode.VERIFY_FULL).clientCertificate(Path.of("/c.pem"), Path.of("/k.pem"))),
            Map.entry("utf-8", s -> s.charset(StandardCharsets.UTF_8)),
            Map.entry("latin", s -> s.charset(StandardCharsets.ISO_8859_1)),
            Map.entry("utc", s -> s.timeZone(ZoneOffset.UTC)),
            Map.entry("zone utc", s -> s.timeZone(ZoneId.of("UTC"))),
            Map.entry("+09:00", s -> s.timeZone(ZoneOffset.ofHours(9))),
            Map.entry("berlin", s -> s.timeZone(ZoneId.of("Europe/Berlin"))),
            Map.entry("statement", s -> s.statementTimeout(Duration.ofMillis(2500))),
            Map.entry("lock", s -> s.lockTimeout(Duration.ofSeconds(5))),
            Map.entry("short lock", s -> s.lockTimeout(Duration.ofMillis(500))),
            Map.entry("sid", s -> s.sid("ORCL")));

    private static final Map<String, String> PLACES = Map.of(
            "postgresql", "r2dbc:postgresql://app@db/x",
            "mysql", "r2dbc:mysql://app@db/x",
            "mariadb", "r2dbc:mariadb://app@db/x",
            "sqlite", "r2dbc:sqlite:///x.db",
            "h2", "r2dbc:h2:mem:///x",
            "sqlserver", "r2dbc:sqlserver://app@db/x",
            "oracle", "r2dbc:oracle://app@db/x");

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            postgresql | applicationName | applicationName=billing
            postgresql | off             | sslMode=disable
            postgresql | required        | sslMode=require
            postgresql | verify-full     | sslMode=verify-full
            postgresql | authority       | sslMode=verify-full, sslRootCert=/ca.pem
            postgresql | client          | sslCert=/c.pem, sslKey=/k.pem, sslMode=require
            postgresql | utf-8           | -
            postgresql | +09:00          | timeZone=+09:00
            postgresql | berlin          | timeZone=Europe/Berlin
            postgresql | statement       | statementTimeout=PT2.5S
            postgresql | lock            | lockWaitTimeout=PT5S
            postgresql | short lock      | lockWaitTimeout=PT0.5S
            mysql      | off             | sslMode=DISABLED
            mysql      | required        | sslMode=REQUIRED
            mysql      | verify-full     | sslMode=VERIFY_IDENTITY
            mysql      | authority       | sslCa=/ca.pem, sslMode=VERIFY_IDENTITY
            mysql      | client          | sslCert=/c.pem, sslKey=/k.pem, sslMode=REQUIRED
            mysql      | utf-8           | -
            mysql      | utc             | connectionTimeZone=UTC, forceConnectionTimeZoneToSession=true
            mysql      | zone utc        | connectionTimeZone=UTC, forceConnectionTimeZoneToSession=true
            mysql      | +09:00          | connectionTimeZone=+09:00, forceConnectionTimeZoneToSession=true
            mysql      | statement       | statementTimeout=PT2.5S
            mysql      | lock            | lockWaitTimeout=PT5S
            mariadb    | applicationName | connectionAttributes=program_name=billing
            mariadb    | off             | sslMode=disable
            mariadb    | required        | sslMode=trust
            mariadb    | verify-full     | fallbackToSystemTrustStore=true, sslMode=verify-full
            mariadb    | authority       | serverSslCert=/ca.pem, sslMode=verify-full
            mariadb    | client          | clientSslCert=/c.pem, clientSslKey=/k.pem, sslMode=trust
            mariadb    | utf-8           | -
            mariadb    | utc             | timezone=UTC
            mariadb    | zone utc        | timezone=UTC
            mariadb    | statement       | sessionVariables=max_statement_time=2.5
            mariadb    | lock            | sessionVariables=innodb_lock_wait_timeout=5
            sqlite     | off             | -
            sqlite     | utf-8           | -
            sqlite     | utc             | -
            sqlite     | statement       | statementTimeout=PT2.5S
            sqlite     | lock            | lockWaitTimeout=PT5S
            h2         | off             | -
            h2         | utf-8           | -
            h2         | utc             | options=TIME ZONE=UTC
            h2         | berlin          | options=TIME ZONE=Europe/Berlin
            h2         | statement       | options=QUERY_TIMEOUT=2500
            h2         | lock            | options=LOCK_TIMEOUT=5000
            sqlserver  | applicationName | applicationName=billing
            sqlserver  | off             | ssl=false
            sqlserver  | required        | ssl=true, trustServerCertificate=true
            sqlserver  | verify-full     | ssl=true, trustServerCertificate=false
            sqlserver  | utf-8           | sendStringParametersAsUnicode=true
            sqlserver  | lock            | lockWaitTimeout=PT5S
            oracle     | applicationName | v$session.program=billing
            oracle     | off             | ssl=false
            oracle     | verify-full     | oracle.net.ssl_server_dn_match=true, ssl=true
            oracle     | statement       | statementTimeout=PT2.5S
            """)
    void aSettingBecomesTheDriversOwnOption(String driver, String setting, String added) {
        Map<String, Object> mapped = mapped(definition(driver, setting));
        assertThat(String.join(
                        ", ", mapped.entrySet().stream().map(Object::toString).toList()))
                .isEqualTo(added == null ? "" : added);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            postgresql | latin           | the PostgreSQL driver does not support the character set ISO-8859-1 and would ignore it. Leave it out or name UTF-8: the driver speaks it, and the server converts to that of its tables.
            postgresql | sid             | the PostgreSQL driver does not support a SID and would ignore it. Leave it out for this connection.
            mysql      | applicationName | the MySQL driver does not support an application name and would ignore it. Leave it out for this connection.
            mysql      | berlin          | the MySQL driver does not support the time zone Europe/Berlin without losing points in time when its clocks go back and would ignore it. Set a zone without summer time, such as ZoneOffset.UTC.
            mysql      | short lock      | the MySQL driver does not support a lock time-out of the session of 500 ms and would ignore it. Set it in whole seconds.
            mariadb    | application list | the MariaDB driver does not support the application name 'billing,a=b' and would ignore it. Choose one of letters, digits, blanks and . _ - / ( ).
            mariadb    | berlin          | the MariaDB driver does not support the time zone Europe/Berlin and would ignore it. Set ZoneOffset.UTC, in which the driver's points in time are right, and convert in the query.
            mariadb    | +09:00          | the MariaDB driver does not support the time zone +09:00 and would ignore it. Set ZoneOffset.UTC, in which the driver's points in time are right, and convert in the query.
            mariadb    | short lock      | the MariaDB driver does not support a lock time-out of the session of 500 ms and would ignore it. Set it in whole seconds.
            sqlite     | applicationName | SQLite does not support an application name and would ignore it. Leave it out for this connection.
            sqlite     | required        | SQLite does not support TLS, as it runs inside this process and would ignore it. Set TlsMode.OFF for this connection.
            sqlite     | berlin          | SQLite does not support the time zone Europe/Berlin and would ignore it. Set ZoneOffset.UTC, the only zone that it knows.
            h2         | verify-full     | H2 does not support TLS, as it runs inside this process and would ignore it. Set TlsMode.OFF for this connection.
            sqlserver  | authority       | the SQL Server driver does not support a certificate authority in a PEM file and would ignore it. Put it into a trust store and name that with withOption(..), as the driver's documentation says.
            sqlserver  | client          | the SQL Server driver does not support a client certificate in a PEM file and would ignore it. Log in with user and password.
            sqlserver  | latin           | the SQL Server driver does not support the character set ISO-8859-1 and would ignore it. Leave it out or name UTF-8: text then travels as Unicode.
            sqlserver  | utc             | the SQL Server driver does not support a time zone of the session and would ignore it. Its sessions have none: keep points in time in datetimeoffset columns.
            sqlserver  | statement       | the SQL Server driver does not support a statement time-out of the session and would ignore it. Call setStatementTimeout of the connection, or bound the chain with timeout(..).
            oracle     | required        | the Oracle driver does not support TLS without a look at the server's certificate and would ignore it. Set TlsMode.VERIFY_FULL, with a trust store where Java does not trust its authority.
            oracle     | authority       | the Oracle driver does not support a certificate authority in a PEM file and would ignore it. Put it into a trust store and name that with withOption(..), as the driver's documentation says.
            oracle     | client verified | the Oracle driver does not support a client certificate in a PEM file and would ignore it. Name a key store with withOption(..).
            oracle     | utf-8           | the Oracle driver does not support a character set and would ignore it. Leave it out: text is converted to the character set of the database.
            oracle     | utc             | the Oracle driver does not support a time zone of the session and would ignore it. Its sessions take the zone of the JVM: set that, or ALTER SESSION.
            oracle     | lock            | the Oracle driver does not support a lock time-out of the session and would ignore it. Write SELECT .. FOR UPDATE WAIT 5, or bound the chain with timeout(..).
            """)
    void aSettingThatADriverDoesNotHaveIsRefused(String driver, String setting, String words) {
        assertThatThrownBy(() -> mapped(definition(driver, setting)))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage("Connection 'orders': " + words);
    }

    @Test
    void aDriverThatNobodyHasMeasuredTakesNoSettings() {
        assertThatThrownBy(() -> mapped(changed("r2dbc:acme://app@db/x", s -> s.lockTimeout(Duration.ofSeconds(1)))))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage(
                        "Connection 'orders': the driver 'acme' does not support a lock time-out of the session in words"
                                + " that are known here and would ignore it. Set the driver's own option with withOption(..).");
        assertThat(mapped(ConnectionDefinition.of("orders", "r2dbc:acme://app@db/x")))
                .isEmpty();
    }

    static Stream<Arguments> contradictions() {
        UnaryOperator<ConnectionSettings.Builder> off = s -> s.tls(TlsMode.OFF);
        UnaryOperator<ConnectionSettings.Builder> full = s -> s.tls(TlsMode.VERIFY_FULL);
        UnaryOperator<ConnectionSettings.Builder> utc = s -> s.timeZone(ZoneOffset.UTC);
        UnaryOperator<ConnectionSettings.Builder> statement = s -> s.statementTimeout(Duration.ofSeconds(1));
        return Stream.of(
                Arguments.of("r2dbc:postgresql://app@db/x?sslMode=disable", full, "tls", "sslMode"),
                Arguments.of("r2dbc:postgresql://app@db/x?sslmode=disable", full, "tls", "sslmode"),
                Arguments.of("r2dbcs:postgresql://app@db/x", off, "tls", "ssl"),
                Arguments.of("r2dbcs:mysql://app@db/x", off, "tls", "ssl"),
                Arguments.of("r2dbc:mariadb://app@db/x?sslMode=trust", full, "tls", "sslMode"),
                Arguments.of("r2dbcs:sqlserver://app@db/x", off, "tls", "ssl"),
                Arguments.of("r2dbc:mysql://app@db/x?connectionTimeZone=LOCAL", utc, "timeZone", "connectionTimeZone"),
                Arguments.of("r2dbc:mysql://app@db/x?serverZoneId=UTC", utc, "timeZone", "serverZoneId"),
                Arguments.of(
                        "r2dbc:mariadb://app@db/x?sessionVariables=time_zone='%2B01:00'",
                        utc, "timeZone", "sessionVariables"),
                Arguments.of("r2dbc:mariadb://app@db/x?timezone=auto", utc, "timeZone", "timezone"),
                Arguments.of(
                        "r2dbc:mariadb://app@db/x?sessionVariables=max_statement_time=9",
                        statement,
                        "statementTimeout",
                        "sessionVariables"),
                Arguments.of(
                        "r2dbc:mariadb://app@db/x?skipPostCommands=true",
                        statement,
                        "statementTimeout",
                        "skipPostCommands"),
                Arguments.of("r2dbc:h2:mem:///x?options=QUERY_TIMEOUT%3D5", statement, "statementTimeout", "options"));
    }

    @ParameterizedTest
    @MethodSource("contradictions")
    void aSettingAndAnOptionThatSayDifferentThingsAreRefused(
            String url, UnaryOperator<ConnectionSettings.Builder> change, String setting, String option) {
        assertThatThrownBy(() -> mapped(changed(url, change)))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: the setting " + setting + " and the driver's option '"
                                + option
                                + "' say different things. Allowed: one of them. Remove the option from the definition, or"
                                + " leave " + setting + " out.");
    }

    @Test
    void aSettingAndAnOptionThatSayTheSameAreFine() {
        assertThat(mapped(changed("r2dbcs:postgresql://app@db/x", s -> s.tls(TlsMode.VERIFY_FULL))))
                .containsOnly(Map.entry("sslMode", "verify-full"));
        assertThat(mapped(changed("r2dbc:mysql://app@db/x?sslMode=REQUIRED", s -> s.tls(TlsMode.REQUIRED))))
                .isEmpty();
    }

    @Test
    void listsOfVariablesAreCompletedAndNotReplaced() {
        UnaryOperator<ConnectionSettings.Builder> both =
                s -> s.statementTimeout(Duration.ofSeconds(2)).lockTimeout(Duration.ofSeconds(3));
        String variables = "sessionVariables";
        String added = "max_statement_time=2,innodb_lock_wait_timeout=3";
        ConnectionDefinition text = changed("r2dbc:mariadb://app@db/x?sessionVariables=wait_timeout=9", both);
        assertThat(value(text, variables)).hasToString("wait_timeout=9," + added);
        ConnectionDefinition h2 = changed("r2dbc:h2:mem:///x?options=MODE%3DMySQL", both);
        assertThat(value(h2, "options")).hasToString("MODE=MySQL;QUERY_TIMEOUT=2000;LOCK_TIMEOUT=3000");
    }

    @Test
    void aCertificateThatNobodyWouldLookAtIsRefused() {
        Path file = Path.of("/ca.pem");
        assertThatThrownBy(() -> mapped(changed(PLACES.get("postgresql"), s -> s.certificateAuthority(file))))
                .hasMessage(
                        "Connection 'orders' cannot be defined: certificateAuthority is set and tls is not. Allowed: a"
                                + " certificate authority with TlsMode.VERIFY_FULL. Set tls(TlsMode.VERIFY_FULL), or leave"
                                + " certificateAuthority out.");
        assertThatThrownBy(() -> mapped(changed(
                        PLACES.get("mariadb"), s -> s.tls(TlsMode.REQUIRED).certificateAuthority(file))))
                .hasMessageContaining("certificateAuthority is set and tls is REQUIRED, which checks nothing.");
        assertThatThrownBy(() -> mapped(changed(PLACES.get("mysql"), s -> s.clientCertificate(file, file))))
                .hasMessageContaining("clientCertificate is set and tls is not.");
        assertThat(mapped(changed(
                        PLACES.get("postgresql"),
                        s -> s.tls(TlsMode.OFF).certificateAuthority(file).clientCertificate(file, file))))
                .as("whoever switches TLS off over defaults with certificates means it")
                .containsOnly(Map.entry("sslMode", "disable"));
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1", "'[::1]'", "'db.example,10.0.0.1'"})
    void postgresqlsDriverCannotCompareAnAddressWithACertificate(String host) {
        ConnectionDefinition definition = changed(PLACES.get("postgresql"), s -> s.tls(TlsMode.VERIFY_FULL))
                .withHost(host);
        assertThatThrownBy(() -> mapped(definition))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessageContaining("a certificate for the address '" + host + "'")
                .hasMessageEndingWith("Name the host as its certificate does.");
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        ConnectionDefinition definition = changed(
                PLACES.get("postgresql"),
                s -> s.tls(TlsMode.VERIFY_FULL).certificateAuthority(Path.of("/no/such/ca.pem")));
        assertThatThrownBy(definition::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: the file '/no/such/ca.pem' is not there or cannot be"
                                + " read. Allowed: a PEM file that this process may read. Correct the path in its settings, or the"
                                + " rights of the file.");
    }

    private static ConnectionDefinition definition(String driver, String setting) {
        return changed(PLACES.get(driver), SETTINGS.get(setting));
    }

    private static ConnectionDefinition changed(String url, UnaryOperator<ConnectionSettings.Builder> change) {
        return ConnectionDefinition.of("orders", url).withSettings(change);
    }

    private static Object value(ConnectionDefinition definition, String option) {
        return all(definition).getRequiredValue(Option.<Object>valueOf(option));
    }

    private static ConnectionFactoryOptions all(ConnectionDefinition definition) {
        return SettingsTable.mapped(definition, Objects.requireNonNull(definition.options()));
    }

    /** What the settings added to the options of the definition. */
    private static Map<String, Object> mapped(ConnectionDefinition definition) {
        ConnectionFactoryOptions given = Objects.requireNonNull(definition.options());
        ConnectionFactoryOptions mapped = all(definition);
        Map<String, Object> added = new TreeMap<>();
        for (Option<?> option : Secrets.names(mapped)) {
            if (!given.hasOption(option)) {
                added.put(option.name(), mapped.getRequiredValue(option));
            }
        }
        return added;
    }
}
