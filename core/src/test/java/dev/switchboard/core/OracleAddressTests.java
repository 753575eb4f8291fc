package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Oracle names a database by a service or by a SID; its driver alone takes the service only. */
class OracleAddressTests {

    private static final Option<String> DESCRIPTOR = Option.valueOf("oracle.r2dbc.descriptor");
    private static final String ALLOWED =
            " Allowed: a service name (the database of the definition), a SID (a setting), or"
                    + " the option 'oracle.r2dbc.descriptor'.";

    @Test
    void theDatabaseIsTheServiceName() {
        ConnectionDefinition service = ConnectionDefinition.of("orders", "r2dbc:oracle://app:hush@db:1522/sales");
        assertThat(mapped(service)).isEqualTo(service.options());
    }

    @Test
    void aSidBecomesADescriptorInPlaceOfHostAndPort() {
        ConnectionFactoryOptions options = mapped(ConnectionDefinition.of("orders", "r2dbc:oracle://app:hush@db:1522")
                .withSettings(s -> s.sid("ORCL")));
        assertThat(options.getValue(DESCRIPTOR))
                .isEqualTo("(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=db)(PORT=1522))(CONNECT_DATA=(SID=ORCL)))");
        assertThat(options.hasOption(ConnectionFactoryOptions.HOST)).isFalse();
        assertThat(options.hasOption(ConnectionFactoryOptions.PORT)).isFalse();
        assertThat(options.getValue(ConnectionFactoryOptions.USER)).isEqualTo("app");
    }

    @Test
    void aSidWithTlsGoesThroughTcps() {
        ConnectionFactoryOptions options = mapped(ConnectionDefinition.of("orders", "r2dbc:oracle://app:hush@db")
                .withSettings(s -> s.sid("ORCL").tls(TlsMode.VERIFY_FULL)));
        assertThat(options.getValue(DESCRIPTOR))
                .isEqualTo("(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=db)(PORT=1521))(CONNECT_DATA=(SID=ORCL)))");
        assertThat(options.hasOption(ConnectionFactoryOptions.SSL)).isFalse();
        assertThat(options.getValue(Option.valueOf("oracle.net.ssl_server_dn_match")))
                .isEqualTo("true");
    }

    @Test
    void bothAreRefused() {
        assertThatThrownBy(() -> mapped(ConnectionDefinition.of("orders", "r2dbc:oracle://app@db/sales")
                        .withSettings(s -> s.sid("ORCL"))))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Connection 'orders' cannot be defined: both the SID 'ORCL' and a service name are given."
                        + ALLOWED + " Keep the one that the database has.");
        assertThatThrownBy(() -> mapped(ConnectionDefinition.of("orders", "r2dbc:oracle://app@db")
                        .withOption(DESCRIPTOR, "(DESCRIPTION=..)")
                        .withSettings(s -> s.sid("ORCL"))))
                .hasMessageContaining("both the SID 'ORCL' and the option 'oracle.r2dbc.descriptor' are given.");
    }

    @Test
    void neitherIsRefused() {
        assertThatThrownBy(() -> mapped(ConnectionDefinition.of("orders", "r2dbc:oracle://app@db")))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Connection 'orders' cannot be defined: neither a service name nor a SID is given."
                        + ALLOWED + " Name the one that the database has.");
        assertThat(mapped(ConnectionDefinition.ofDriver("orders", "oracle").withOption(DESCRIPTOR, "sales_alias"))
                        .getValue(DESCRIPTOR))
                .isEqualTo("sales_alias");
    }

    @Test
    void aHostCannotCarryADescriptorOfItsOwn() {
        assertThatThrownBy(() -> mapped(ConnectionDefinition.ofDriver("orders", "oracle")
                        .withHost("db)(PORT=1)")
                        .withSettings(s -> s.sid("ORCL"))))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("the host of the SID 'ORCL' is not a host name or address.");
    }

    private static ConnectionFactoryOptions mapped(ConnectionDefinition definition) {
        return SettingsTable.mapped(definition, Objects.requireNonNull(definition.options()));
    }
}
