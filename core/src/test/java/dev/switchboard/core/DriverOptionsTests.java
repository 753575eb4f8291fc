package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What open() adds to the options of a definition and what it refuses, with the real drivers. */
class DriverOptionsTests {

    @Test
    void connectsTimeOutWithTheirCreationAndDeadPeersAreNoticed() {
        assertThat(added("r2dbc:postgresql://app@db/x"))
                .containsOnly(Map.entry("tcpKeepAlive", true), Map.entry("connectTimeout", Duration.ofSeconds(10)));
    }

    @Test
    void anInstantMeansTheSameInEveryZone() {
        assertThat(added("r2dbc:mysql://app@db/x"))
                .containsEntry("connectionTimeZone", "UTC")
                .containsEntry("forceConnectionTimeZoneToSession", true)
                .containsKeys("tcpKeepAlive", "connectTimeout")
                .hasSize(4);
        assertThat(added("r2dbc:mariadb://app@db/x"))
                .containsEntry("timezone", "UTC")
                .containsKeys("tcpKeepAlive", "connectTimeout")
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "r2dbc:mysql://app@db/x?connectionTimeZone=LOCAL",
                "r2dbc:mysql://app@db/x?preserveInstants=false",
                "r2dbc:mysql://app@db/x?serverZoneId=Asia/Tokyo",
                "r2dbc:mysql://app@db/x?forceConnectionTimeZoneToSession=true",
                "r2dbc:mysql://app@db/x?sessionVariables=TIME_ZONE='%2B09:00'",
                "r2dbc:mariadb://app@db/x?timezone=auto",
                "r2dbc:mariadb://app@db/x?skipPostCommands=true",
                "r2dbc:mariadb://app@db/x?sessionVariables=time_zone='%2B09:00'",
                "r2dbc:acme://app@db/x"
            })
    void aChosenTimeZoneIsLeftAlone(String url) {
        assertThat(added(url)).doesNotContainKeys("connectionTimeZone", "forceConnectionTimeZoneToSession", "timezone");
    }

    @Test
    void aTimeZoneAmongSeveralTypedVariablesIsSeenToo() {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", "r2dbc:mysql://app@db/x")
                .withOption(Option.valueOf("sessionVariables"), new String[] {"a=1", "time_zone='+09:00'"});
        assertThat(added(definition)).doesNotContainKey("connectionTimeZone");
    }

    @ParameterizedTest
    @ValueSource(strings = {"r2dbc:sqlite:///x.db", "r2dbc:duckdb:///x.duckdb", "r2dbc:jdbc:h2:mem:///x"})
    void theBridgeGivesUpBeforeThePoolAndCanSayWhy(String url) {
        assertThat(added(url)).containsExactly(Map.entry("connectTimeout", Duration.ofSeconds(9)));
    }

    @Test
    void whatTheUserSetIsKept() {
        assertThat(added("r2dbc:postgresql://app@db/x?tcpKeepAlive=false&connectTimeout=PT3S"))
                .isEmpty();
        ConnectionDefinition patient = ConnectionDefinition.of("orders", "r2dbc:mariadb://app@db/x")
                .withPool(pool -> pool.createTimeout(Duration.ofSeconds(3)));
        assertThat(added(patient)).containsEntry("connectTimeout", Duration.ofSeconds(3));
        assertThat(added("r2dbc:mysql:///x?unixSocket=/tmp/s")).doesNotContainKey("tcpKeepAlive");
    }

    @Test
    void tlsAskedOfMariaDbIsNotDropped() {
        assertThat(added("r2dbcs:mariadb://app@db/x"))
                .containsEntry("sslMode", "verify-full")
                .containsEntry("fallbackToSystemTrustStore", true);
        assertThat(added("r2dbcs:mariadb://app@db/x?serverSslCert=/ca.pem"))
                .containsEntry("sslMode", "verify-full")
                .doesNotContainKey("fallbackToSystemTrustStore");
        assertThat(added("r2dbcs:mariadb://app@db/x?sslMode=trust")).doesNotContainKey("sslMode");
        assertThat(added("r2dbc:mariadb://app@db/x?ssl=false")).doesNotContainKey("sslMode");
        assertThat(added("r2dbc:mariadb://app@db/x?ssl=true")).containsEntry("sslMode", "verify-full");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "r2dbc:postgresql://app:hush@db/x?sslmode=require&applicationName=a",
                "r2dbc:postgresql:failover://app@a:1,b:2/x?targetServerType=primary",
                "r2dbc:mysql://app:hush@db/x?sslMode=required",
                "r2dbcs:mariadb://app:hush@db/x",
                "r2dbc:mariadb:sequential://app:hush@a,b/x",
                "r2dbc:sqlite:///target/x.db",
                "r2dbc:h2:mem:///x"
            })
    void aGoodDefinitionOpensItsDriver(String url) {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", url);
        String product = definition.open().getMetadata().getName();
        assertThat(product).isEqualToIgnoringCase(definition.driver());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            r2dbc:postgresql://app@db/x?sslmod=require   | the driver 'postgresql' has no option 'sslmod' and would ignore it | 'sslMode', 'sslmode', 'ssl' and others
            r2dbc:mysql://app@db/x?tcpKeepalives=true    | the driver 'mysql' has no option 'tcpKeepalives' and would ignore it | 'tcpKeepAlive' and others
            r2dbc:sqlite:///x.db?journalMod=wal          | the driver 'sqlite' has no option 'journalMod' and would ignore it | 'journalMode' and others
            r2dbc:h2:mem:///x?option=DB_CLOSE_DELAY=-1   | the driver 'h2' has no option 'option' and would ignore it | 'options' and others
            r2dbc:mariadb://app@db/x?sslMod=trust        | the driver 'mariadb' has no option 'sslMod' and would ignore it | 'sslMode', 'ssl' and others
            """)
    void anOptionThatTheDriverDoesNotKnowIsRefused(String url, String found, String allowed) {
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", url).open())
                .isInstanceOfSatisfying(InvalidDefinitionException.class, refusal -> {
                    assertThat(refusal.found()).isEqualTo(found);
                    assertThat(refusal.allowed()).isEqualTo(allowed);
                    assertThat(refusal.next())
                            .isEqualTo(
                                    "Correct the option or leave it out; sizes and time-outs of the pool are set with"
                                            + " withPool(..), and an option newer than this list with"
                                            + " withUncheckedOption(..)");
                });
    }

    @Test
    void anOptionThatIsNewerThanTheListPassesUnchecked() {
        Option<String> ofTomorrow = Option.valueOf("channelBindings");
        ConnectionDefinition definition = ConnectionDefinition.of("orders", "r2dbc:postgresql://app@db/x");
        assertThatThrownBy(definition.withOption(ofTomorrow, "require")::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("has no option 'channelBindings'");
        ConnectionDefinition unchecked = definition.withUncheckedOption(ofTomorrow, "require");
        assertThat(unchecked.open().getMetadata().getName()).isEqualTo("PostgreSQL");
        assertThat(added(unchecked)).doesNotContainKey("channelBindings");
        assertThat(unchecked.options())
                .isNotNull()
                .satisfies(options -> assertThat(options.getValue(ofTomorrow)).isEqualTo("require"));
        assertThat(unchecked)
                .isNotEqualTo(definition.withOption(ofTomorrow, "require"))
                .isEqualTo(definition.withUncheckedOption(ofTomorrow, "require"));
        assertThatThrownBy(unchecked.withOption(Option.valueOf("sslmod"), "require")::open)
                .as("the escape is for that option alone")
                .hasMessageContaining("has no option 'sslmod'");
    }

    @Test
    void anOptionLikeNoOtherIsAnsweredWithAllThatThereAre() {
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", "r2dbc:postgresql://app@db/x?maxSize=20")
                        .open())
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("has no option 'maxSize'")
                .hasMessageContaining("applicationName, autodetectExtensions, compatibilityMode, connectTimeout");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            r2dbc:mariadb://app@db/x?lockWaitTimeout=PT5S   | the MariaDB driver does not support the option 'lockWaitTimeout' and would ignore it. Leave the option out; what the driver can do is set with withSettings(..).
            r2dbc:mariadb://app@db/x?statementTimeout=PT5S  | the MariaDB driver does not support the option 'statementTimeout' and would ignore it. Leave the option out; what the driver can do is set with withSettings(..).
            r2dbc:h2:mem:///x?statementTimeout=PT5S         | H2 does not support the option 'statementTimeout' and would ignore it. Leave the option out; what the driver can do is set with withSettings(..).
            r2dbcs:sqlite:///x.db                           | SQLite does not support the option 'ssl' and would ignore it. Leave the option out.
            r2dbc:mysql:loadbalance://app@a,b/x             | the MySQL driver does not support the protocol 'loadbalance' and would ignore it. Write r2dbc:mysql:// with one host.
            r2dbc:postgresql:pipes://app@db/x               | the PostgreSQL driver does not support the protocol 'pipes' and would ignore it. Write r2dbc:postgresql:failover:// with several hosts, or r2dbc:postgresql:// with one.
            r2dbc:postgresql://app@a,b/x                    | the PostgreSQL driver does not support several hosts or a type of server without failover and would ignore it. Write r2dbc:postgresql:failover:// with several hosts, or r2dbc:postgresql:// with one.
            r2dbc:postgresql://app@a/x?targetServerType=any | the PostgreSQL driver does not support several hosts or a type of server without failover and would ignore it. Write r2dbc:postgresql:failover:// with several hosts, or r2dbc:postgresql:// with one.
            """)
    void whatADriverWouldIgnoreIsRefused(String url, String words) {
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", url).open())
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage("Connection 'orders': " + words);
    }

    private static Map<String, Object> added(String url) {
        return added(ConnectionDefinition.of("orders", url));
    }

    private static Map<String, Object> added(ConnectionDefinition definition) {
        ConnectionFactoryOptions given = Objects.requireNonNull(definition.options());
        ConnectionFactoryOptions completed = new DriverOptions(definition, given).withDefaults();
        Map<String, Object> added = new TreeMap<>();
        for (Option<?> option : Secrets.names(completed)) {
            if (!given.hasOption(option)) {
                added.put(option.name(), completed.getRequiredValue(option));
            }
        }
        return added;
    }
}
