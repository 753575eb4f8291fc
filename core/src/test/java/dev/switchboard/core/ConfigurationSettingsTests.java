package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.r2dbc.spi.ValidationDepth;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a connection asks of its server can be said in a configuration and in a template, value by value. */
class ConfigurationSettingsTests {

    @TempDir
    private Path folder;

    private WrittenConfiguration written() {
        return new WrittenConfiguration(folder);
    }

    private static ConnectionDefinition orders(SwitchboardConfiguration configuration) {
        return configuration.definitions().iterator().next();
    }

    @Test
    void everySettingHasAKey() {
        ConnectionDefinition orders = orders(written().file("""
                        switchboard.connections.orders.url=r2dbc:postgresql://db1/orders
                        switchboard.connections.orders.settings.application-name=billing
                        switchboard.connections.orders.settings.tls=verify-full
                        switchboard.connections.orders.settings.certificate-authority=/certificates/ca.pem
                        switchboard.connections.orders.settings.client-certificate=/certificates/client.pem
                        switchboard.connections.orders.settings.client-key=/certificates/client.key
                        switchboard.connections.orders.settings.charset=UTF-8
                        switchboard.connections.orders.settings.time-zone=Europe/Paris
                        switchboard.connections.orders.settings.statement-timeout=30s
                        switchboard.connections.orders.settings.lock-timeout=500ms
                        """).build());
        assertThat(orders.settings())
                .isEqualTo(ConnectionSettings.builder()
                        .applicationName("billing")
                        .tls(TlsMode.VERIFY_FULL)
                        .certificateAuthority(Path.of("/certificates/ca.pem"))
                        .clientCertificate(Path.of("/certificates/client.pem"), Path.of("/certificates/client.key"))
                        .charset(StandardCharsets.UTF_8)
                        .timeZone(ZoneId.of("Europe/Paris"))
                        .statementTimeout(Duration.ofSeconds(30))
                        .lockTimeout(Duration.ofMillis(500))
                        .build());
    }

    @Test
    void howConnectionsAreValidatedHasKeys() {
        ConnectionDefinition orders = orders(written().file("""
                        switchboard.connections.orders.url=r2dbc:postgresql://db1/orders
                        switchboard.connections.orders.pool.min-idle=2
                        switchboard.connections.orders.pool.max-waiting=50
                        switchboard.connections.orders.pool.validation=local
                        """).build());
        assertThat(orders.pool())
                .isEqualTo(PoolOptions.builder()
                        .minIdle(2)
                        .maxWaiting(50)
                        .validation(ValidationDepth.LOCAL)
                        .build());
    }

    @Test
    void theEnvironmentSaysThemTooAndStronger() {
        SwitchboardConfiguration configuration = SwitchboardConfiguration.builder()
                .environment(Map.of("SWITCHBOARD_CONNECTIONS_ORDERS_SETTINGS_APPLICATION_NAME", "from-outside"))
                .file(written().write("""
                        switchboard.connections.orders.url=r2dbc:postgresql://db1/orders
                        switchboard.connections.orders.settings.application-name=billing
                        switchboard.connections.orders.settings.lock-timeout=1s
                        """))
                .build();
        assertThat(orders(configuration).settings().applicationName()).isEqualTo("from-outside");
        assertThat(orders(configuration).settings().lockTimeout()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void settingsOfATemplateAreCompletedByThoseOfTheDefinition() {
        ConnectionTemplate shards = ConnectionTemplate.builder()
                .driver("postgresql")
                .host("db1")
                .settings(settings -> settings.tls(TlsMode.REQUIRED).applicationName("shards"))
                .build();
        ConnectionDefinition shard = shards.derive(
                "shard02", d -> d.database("shard02").settings(settings -> settings.applicationName("reports")));
        assertThat(shard.settings())
                .isEqualTo(ConnectionSettings.builder()
                        .tls(TlsMode.REQUIRED)
                        .applicationName("reports")
                        .build());
    }

    static Stream<Arguments> wrongValues() {
        return Stream.of(
                arguments(
                        "tls=requierd",
                        "'requierd' is not a mode of TLS. Allowed: off, required or verify-full. Correct the mode."),
                arguments(
                        "charset=utf-9",
                        "'utf-9' is not a character set of this Java. Allowed: its name, as in UTF-8. Correct the name."),
                arguments(
                        "time-zone=Paris",
                        "'Paris' is not a time zone. Allowed: a region or an offset, as in Europe/Paris or +01:00."
                                + " Correct the zone."),
                arguments(
                        "lock-timeout=5",
                        "'5' has no unit. Allowed: a number and its unit (ms, s, m, h or d), as in 500ms or 30s, or as in"
                                + " PT30S. Correct the duration."));
    }

    @ParameterizedTest
    @MethodSource("wrongValues")
    void aValueThatCannotBeReadIsRefused(String entry, String problem) {
        assertThat(written().problems(written().file("switchboard.defaults.settings." + entry)))
                .isEqualTo("app.properties, line 1, 'switchboard.defaults.settings." + entry.replaceAll("=.*", "")
                        + "': " + problem);
    }
}
