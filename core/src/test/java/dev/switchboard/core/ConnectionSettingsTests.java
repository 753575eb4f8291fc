package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactories;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionSettingsTests {

    private static final ConnectionDefinition ORDERS =
            ConnectionDefinition.of("orders", "r2dbc:postgresql://app:hunter2@db.example/orders");

    private static ConnectionSettings all() {
        return ConnectionSettings.builder()
                .applicationName("billing")
                .tls(TlsMode.VERIFY_FULL)
                .certificateAuthority(Path.of("ca.pem"))
                .clientCertificate(Path.of("/etc/client.pem"), Path.of("/etc/client-key.pem"))
                .charset(StandardCharsets.UTF_8)
                .timeZone(ZoneOffset.UTC)
                .statementTimeout(Duration.ofSeconds(30))
                .lockTimeout(Duration.ofSeconds(5))
                .sid("ORCL")
                .build();
    }

    @Test
    void nothingIsSetUnlessItWasSetHere() {
        ConnectionSettings none = ConnectionSettings.none();
        assertThat(ORDERS.settings()).isSameAs(none);
        assertThat(none.applicationName()).isNull();
        assertThat(none.tls()).isNull();
        assertThat(none.certificateAuthority()).isNull();
        assertThat(none.clientCertificate()).isNull();
        assertThat(none.clientKey()).isNull();
        assertThat(none.charset()).isNull();
        assertThat(none.timeZone()).isNull();
        assertThat(none.statementTimeout()).isNull();
        assertThat(none.lockTimeout()).isNull();
        assertThat(none.sid()).isNull();
    }

    @Test
    void whatWasSetIsRead() {
        ConnectionSettings all = all();
        assertThat(all.applicationName()).isEqualTo("billing");
        assertThat(all.tls()).isEqualTo(TlsMode.VERIFY_FULL);
        assertThat(all.certificateAuthority())
                .as("resolved when it is set")
                .isEqualTo(Path.of("ca.pem").toAbsolutePath());
        assertThat(all.clientCertificate()).isEqualTo(Path.of("/etc/client.pem"));
        assertThat(all.clientKey()).isEqualTo(Path.of("/etc/client-key.pem"));
        assertThat(all.charset()).isEqualTo(StandardCharsets.UTF_8);
        assertThat(all.timeZone()).isEqualTo(ZoneOffset.UTC);
        assertThat(all.statementTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(all.lockTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(all.sid()).isEqualTo("ORCL");
        assertThat(all).isEqualTo(all().mutate().build()).hasSameHashCodeAs(all());
        assertThat(all.mutate().sid("OTHER").build()).isNotEqualTo(all);
    }

    @Test
    void settingsLieOverOthers() {
        ConnectionSettings defaults = ConnectionSettings.builder()
                .applicationName("everything")
                .tls(TlsMode.VERIFY_FULL)
                .build();
        ConnectionSettings special =
                ConnectionSettings.builder().applicationName("billing").build();
        ConnectionSettings both = special.over(defaults);
        assertThat(both.applicationName()).isEqualTo("billing");
        assertThat(both.tls()).isEqualTo(TlsMode.VERIFY_FULL);
        assertThat(defaults.applicationName()).isEqualTo("everything");
        assertThat(special.over(ConnectionSettings.none())).isEqualTo(special);
        assertThat(ConnectionSettings.none().over(special)).isEqualTo(special);
    }

    @Test
    void aDefinitionKeepsItsSettingsThroughEveryCopy() {
        ConnectionDefinition definition = ORDERS.withSettings(s -> s.applicationName("billing"))
                .withSettings(s -> s.tls(TlsMode.OFF))
                .withHost("other")
                .withName("invoices")
                .withSchema("eu")
                .withPool(pool -> pool.maxSize(3))
                .unlisted();
        assertThat(definition.settings().applicationName()).isEqualTo("billing");
        assertThat(definition.settings().tls()).isEqualTo(TlsMode.OFF);
        assertThat(definition).isNotEqualTo(definition.withSettings(ConnectionSettings.none()));
        assertThat(ORDERS.withSettings(all())).isEqualTo(ORDERS.withSettings(all()));
        assertThat(ORDERS.settings()).isEqualTo(ConnectionSettings.none());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "über", "a\nb", "0123456789012345678901234567890123456789012345678901234567890123"})
    void anApplicationNameThatServersWouldChangeIsRefused(String name) {
        assertThatThrownBy(() -> ORDERS.withSettings(s -> s.applicationName(name)))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageStartingWith("Connection 'orders' cannot be defined: applicationName is '")
                .hasMessageEndingWith("Allowed: 1 to 63 printable ASCII characters. Correct applicationName.");
    }

    @Test
    void valuesThatNoProductTakesAreRefused() {
        assertThatThrownBy(() -> ORDERS.withSettings(s -> s.sid("A)(HOST=evil")))
                .hasMessage(
                        "Connection 'orders' cannot be defined: sid is 'A)(HOST=evil'. Allowed: 1 to 64 letters, digits,"
                                + " '_', '$' and '#'. Correct sid.");
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(2))) {
            assertThatThrownBy(() -> ORDERS.withSettings(s -> s.statementTimeout(wrong)))
                    .isInstanceOf(InvalidDefinitionException.class)
                    .hasMessageContaining("statementTimeout is ")
                    .hasMessageContaining("Allowed: 1 ms to 24 h.");
            assertThatThrownBy(() -> ORDERS.withSettings(s -> s.lockTimeout(wrong)))
                    .hasMessageContaining("lockTimeout is ");
        }
    }

    @Test
    void aDefinitionFromAFactoryTakesNoSettings() {
        ConnectionDefinition definition =
                ConnectionDefinition.of("orders", ConnectionFactories.get("r2dbc:h2:mem:///settings"));
        assertThatThrownBy(() -> definition.withSettings(s -> s.applicationName("billing")))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: a setting was set on a definition that was made from a"
                                + " connection factory. Allowed: options of drivers that the registry opens itself. Set it where the"
                                + " factory is built.");
    }
}
