package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.h2.H2ConnectionOption;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Locale;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which options a driver reads is known without it; the driver at hand may know more. */
class OptionSheetTests {

    @ParameterizedTest
    @ValueSource(strings = {"postgresql", "mysql", "mariadb", "sqlite", "h2"})
    void theSheetOfADriverSaysWhatTheDriverSays(String driver) {
        ConnectionFactoryProvider provider = provider(driver);
        OptionSheet sheet = Objects.requireNonNull(OptionSheet.of(driver));
        Set<String> declared = new TreeSet<>(OptionSheet.constantsOf(provider.getClass()));
        declared.removeAll(OptionSheet.constantsOf(ConnectionFactoryOptions.class));
        if (driver.equals("h2")) {
            assertThat(sheet.options()).containsAll(declared);
            for (H2ConnectionOption setting : H2ConnectionOption.values()) {
                assertThat(sheet.options())
                        .contains(setting.getKey(), setting.getKey().toLowerCase(Locale.ROOT));
            }
        } else {
            assertThat(sheet.options()).containsExactlyInAnyOrderElementsOf(declared);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            r2dbc:sqlserver://app@db/x?trustServerCertficate=true | the driver 'sqlserver' has no option 'trustServerCertficate' and would ignore it | 'trustServerCertificate' and others
            r2dbc:mssql://app@db/x?aplicationName=x               | the driver 'mssql' has no option 'aplicationName' and would ignore it            | 'applicationName' and others
            r2dbc:oracle://app@db/x?oracle.net.ssl_server_dn=true | the driver 'oracle' has no option 'oracle.net.ssl_server_dn' and would ignore it | 'oracle.net.ssl_server_dn_match', 'oracle.net.ssl_server_cert_dn', 'oracle.net.ssl_cipher_suites' and others
            """)
    void driversThatAreNotHereHaveASheetToo(String url, String found, String allowed) {
        assertThatThrownBy(() -> refuse(url)).isInstanceOfSatisfying(InvalidDefinitionException.class, refusal -> {
            assertThat(refusal.found()).isEqualTo(found);
            assertThat(refusal.allowed()).isEqualTo(allowed);
        });
    }

    @Test
    void whatTheDriverAtHandDeclaresIsKnownToo() {
        OptionSheet sheet = Objects.requireNonNull(OptionSheet.of("sqlserver"));
        assertThat(sheet.known(new SilentProvider()))
                .contains("applicationName", "connectTimeout")
                .doesNotContain("sslRootCert");
        assertThat(sheet.known(provider("postgresql"))).contains("sslRootCert");
    }

    @ParameterizedTest
    @ValueSource(strings = {"integratedSecurity=true", "authenticationScheme=NTLM", "trusted_connection=yes"})
    void integratedAuthenticationIsRefusedInWords(String option) {
        String name = option.substring(0, option.indexOf('='));
        assertThatThrownBy(() -> refuse("r2dbc:sqlserver://db/x?" + option))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Connection 'orders' cannot be defined: the option '" + name + "' asks for integrated"
                        + " authentication, which the driver 'sqlserver' does not have. Allowed: a log-in with user and"
                        + " password. Set both; the password may be asked for at each connect, with"
                        + " withPassword(supplier).");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            r2dbc:sqlserver://app@db/x?statementTimeout=PT5S | the SQL Server driver does not support the option 'statementTimeout' and would ignore it. Leave the option out; what the driver can do is set with withSettings(..).
            r2dbc:oracle://app@db/x?lockWaitTimeout=PT5S     | the Oracle driver does not support the option 'lockWaitTimeout' and would ignore it. Leave the option out; what the driver can do is set with withSettings(..).
            """)
    void whatTheyWouldIgnoreIsRefused(String url, String words) {
        assertThatThrownBy(() -> refuse(url))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage("Connection 'orders': " + words);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            r2dbc:jdbc:h2:mem:///x?fetchSzie=5       | the driver 'jdbc' has no option 'fetchSzie' and would ignore it
            r2dbc:duckdb:mem:///x?journalMode=wal    | the driver 'duckdb' has no option 'journalMode' and would ignore it
            r2dbc:jdbc:h2:mem:///x?lockWaitTimeout=PT5S | the JDBC bridge does not support the option 'lockWaitTimeout'
            r2dbc:duckdb:mem:///x?lockWaitTimeout=PT5S  | DuckDB does not support the option 'lockWaitTimeout'
            """)
    void theBridgedDriversHaveSheetsOfTheirOwn(String url, String found) {
        assertThatThrownBy(() -> refuse(url))
                .isInstanceOf(R2dbcNonTransientException.class)
                .hasMessageContaining(found);
    }

    @ParameterizedTest
    @ValueSource(strings = {"duckdb", "jdbc"})
    void whatABridgedDriverReadsIsOnItsSheet(String driver) {
        OptionSheet sheet = Objects.requireNonNull(OptionSheet.of(driver));
        assertThat(sheet.options())
                .containsAll(OptionSheet.constantsOf(provider(driver).getClass()));
        assertThat(Objects.requireNonNull(OptionSheet.of("sqlite")).options())
                .containsAll(Objects.requireNonNull(OptionSheet.of("duckdb")).options());
        refuse("r2dbc:" + driver + ":h2:mem:///x?fetchSize=5&maxThreads=2&statementCacheSize=1&statementTimeout=PT5S");
        assertThat(DriverSheet.of(driver).can(DriverSheet.Capability.CANCEL)).isTrue();
        assertThat(KnownDriver.named(driver)).isNotNull();
    }

    @Test
    void aDriverThatNobodyHasMeasuredHasNoSheet() {
        assertThat(OptionSheet.of("acme")).isNull();
        refuse("r2dbc:acme://app@db/x?whatever=1");
    }

    private static void refuse(String url) {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", url);
        ConnectionFactoryOptions options = Objects.requireNonNull(definition.options());
        new DriverOptions(definition, options).refuseIgnored(new SilentProvider());
    }

    private static ConnectionFactoryProvider provider(String driver) {
        return ServiceLoader.load(ConnectionFactoryProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.getDriver().equals(driver))
                .findFirst()
                .orElseThrow();
    }

    /** A driver that declares no option. */
    private static final class SilentProvider implements ConnectionFactoryProvider {

        private final Set<String> drivers = Set.of("sqlserver", "mssql", "oracle", "acme");

        @Override
        public ConnectionFactory create(ConnectionFactoryOptions options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean supports(ConnectionFactoryOptions options) {
            return drivers.contains(String.valueOf(options.getValue(ConnectionFactoryOptions.DRIVER)));
        }

        @Override
        public String getDriver() {
            return "silent";
        }
    }
}
