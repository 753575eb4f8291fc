package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What a configuration means; what it refuses stands in {@link ConfigurationErrorsTests}. */
class SwitchboardConfigurationTests {

    @TempDir
    private Path folder;

    private SwitchboardConfiguration.Builder file(String text) {
        return new WrittenConfiguration(folder).file(text);
    }

    private static ConnectionDefinition only(SwitchboardConfiguration configuration) {
        assertThat(configuration.definitions()).hasSize(1);
        return configuration.definitions().iterator().next();
    }

    private static ConnectionFactoryOptions url(String url) {
        return ConnectionFactoryOptions.parse(url);
    }

    @Test
    void everyKeyOfAFileGetsIntoTheDefinition() {
        SwitchboardConfiguration configuration = file("""
                        # a comment \\
                        app.title=not ours
                        switchboard.default-connection=orders
                        switchboard.connections.orders.driver = postgresql
                        switchboard.connections.orders.protocol = failover
                        switchboard.connections.orders.host : db01,db02
                        switchboard.connections.orders.port = 6432
                        switchboard.connections.orders.database   orders
                        switchboard.connections.orders.user=app
                        switchboard.connections.orders.password=hush$$ word\\u00e4\\\\
                        switchboard.connections.orders.schema=eu
                        switchboard.connections.orders.role=replica
                        switchboard.connections.orders.options.sslMode=require
                        """).build();
        assertThat(configuration.defaultConnection()).isEqualTo("orders");
        assertThat(only(configuration))
                .isEqualTo(ConnectionDefinition.ofDriver("orders", "postgresql")
                        .withOption(ConnectionFactoryOptions.PROTOCOL, "failover")
                        .withHost("db01,db02")
                        .withPort(6432)
                        .withDatabase("orders")
                        .withUser("app")
                        .withPassword("hush$$ word\u00e4\\")
                        .withSchema("eu")
                        .withRole(HostRole.REPLICA)
                        .withOption(Option.valueOf("sslMode"), "require"));
    }

    @Test
    void everyPoolOptionOfAFileGetsIntoTheDefinition() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.connections.orders.driver=h2
                        switchboard.connections.orders.pool.max-size=4
                        switchboard.connections.orders.pool.acquire-timeout=\\
                            9s
                        switchboard.connections.orders.pool.create-timeout=8s
                        switchboard.connections.orders.pool.validation-timeout=7s
                        switchboard.connections.orders.pool.validate-after-idle=6s
                        switchboard.connections.orders.pool.idle-timeout=5s
                        switchboard.connections.orders.pool.max-lifetime=4s
                        switchboard.connections.orders.pool.lifetime-variance=3
                        switchboard.connections.orders.pool.reset-timeout=2s
                        switchboard.connections.orders.pool.drain-timeout=1s
                        switchboard.connections.orders.pool.leak-threshold=5m
                        switchboard.connections.orders.pool.keep-alive=3m
                        switchboard.connections.orders.pool.always-reset=true
                        """).build();
        assertThat(only(configuration).pool())
                .isEqualTo(PoolOptions.builder()
                        .maxSize(4)
                        .acquireTimeout(Duration.ofSeconds(9))
                        .createTimeout(Duration.ofSeconds(8))
                        .validationTimeout(Duration.ofSeconds(7))
                        .validateAfterIdle(Duration.ofSeconds(6))
                        .idleTimeout(Duration.ofSeconds(5))
                        .maxLifetime(Duration.ofSeconds(4))
                        .lifetimeVariance(3)
                        .resetTimeout(Duration.ofSeconds(2))
                        .drainTimeout(Duration.ofSeconds(1))
                        .leakThreshold(Duration.ofMinutes(5))
                        .keepAlive(Duration.ofMinutes(3))
                        .alwaysReset(true)
                        .build());
    }

    @Test
    void everyPoolOptionHasAKey() {
        long knobs = Stream.of(PoolOptions.Builder.class.getMethods())
                .filter(method -> method.getReturnType() == PoolOptions.Builder.class)
                .count();
        assertThat(ConfigurationKey.texts(ConfigurationScope.DEFAULTS))
                .filteredOn(key -> key.startsWith("pool."))
                .hasSize((int) knobs);
    }

    @Test
    void aConnectionIsMergedOverItsTemplateAndTheDefaults() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.connections.shard01.template=shards
                        switchboard.connections.shard01.database=shard01
                        switchboard.connections.shard01.pool.acquire-timeout=5s
                        switchboard.connections.audit.url=r2dbc:sqlite:///audit.db
                        switchboard.templates.shards.url=r2dbc:postgresql://db01/?sslMode=require
                        switchboard.templates.shards.user=app
                        switchboard.templates.shards.pool.max-size=4
                        switchboard.defaults.pool.max-size=3
                        switchboard.defaults.pool.idle-timeout=PT1M
                        """).build();
        assertThat(configuration.definitions())
                .containsExactly(
                        ConnectionDefinition.of("audit", "r2dbc:sqlite:///audit.db")
                                .withPool(pool -> pool.maxSize(3).idleTimeout(Duration.ofMinutes(1))),
                        ConnectionDefinition.of("shard01", "r2dbc:postgresql://app@db01/shard01?sslMode=require")
                                .withPool(pool -> pool.maxSize(4)
                                        .acquireTimeout(Duration.ofSeconds(5))
                                        .idleTimeout(Duration.ofMinutes(1))));
        assertThat(configuration.template("shards").derive("shard07", d -> d.database("shard07")))
                .isEqualTo(ConnectionDefinition.of("shard07", "r2dbc:postgresql://app@db01/shard07?sslMode=require")
                        .withPool(pool -> pool.maxSize(4).idleTimeout(Duration.ofMinutes(1))));
        assertThat(configuration
                        .defaults()
                        .derive("x", d -> d.driver("h2"))
                        .pool()
                        .maxSize())
                .isEqualTo(3);
    }

    @Test
    void theProgramIsHeardBeforeTheEnvironmentAndThatBeforeTheFile() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.default-connection=of-file
                        switchboard.connections.orders.url=r2dbc:h2:mem:///orders
                        switchboard.connections.orders.template=of-file
                        switchboard.connections.orders.pool.max-size=3
                        switchboard.connections.orders.pool.idle-timeout=3s
                        switchboard.connections.orders.pool.max-lifetime=3s
                        switchboard.templates.of-environment.pool.reset-timeout=3s
                        """)
                .environment(Map.of(
                        "SWITCHBOARD_DEFAULT_CONNECTION", "of-environment",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_URL", "r2dbc:postgresql://app@db01/orders",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_TEMPLATE", "of-environment",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_POOL_MAX_SIZE", "2",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_POOL_IDLE_TIMEOUT", "2s",
                        "SWITCHBOARD_TEMPLATES_OF_ENVIRONMENT_POOL_RESET_TIMEOUT", "2s"))
                .defaultConnection("orders")
                .connection("orders", d -> d.host("db02").pool(pool -> pool.maxSize(1)))
                .build();
        assertThat(configuration.defaultConnection()).isEqualTo("orders");
        assertThat(only(configuration))
                .isEqualTo(ConnectionDefinition.of("orders", "r2dbc:postgresql://app@db02/orders")
                        .withPool(pool -> pool.maxSize(1)
                                .idleTimeout(Duration.ofSeconds(2))
                                .maxLifetime(Duration.ofSeconds(3))
                                .resetTimeout(Duration.ofSeconds(2))));
    }

    @Test
    void aStrongerUrlTakesThePlaceOfAWeakerOneWithEverythingInIt() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.connections.orders.url=r2dbc:h2:mem:///orders?MODE=PostgreSQL
                        switchboard.connections.orders.password=hunter2
                        """)
                .environment(Map.of("SWITCHBOARD_CONNECTIONS_ORDERS_URL", "r2dbc:postgresql://app@db01/orders"))
                .build();
        assertThat(only(configuration).options()).isEqualTo(url("r2dbc:postgresql://app:hunter2@db01/orders"));
    }

    @Test
    void theProgramMayUseTemplatesOfTheFileAndTheFileThoseOfTheProgram() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.templates.of-file.url=r2dbc:mysql://db01/
                        switchboard.connections.b.template=of-program
                        """)
                .template("of-program", t -> t.url("r2dbc:mariadb://db02/b"))
                .connection("a", "of-file", d -> d.database("a"))
                .connection(ConnectionDefinition.of("c", "r2dbc:h2:mem:///c"))
                .defaults(d -> d.role(HostRole.REPLICA))
                .build();
        assertThat(configuration.definitions())
                .containsExactly(
                        ConnectionDefinition.of("a", "r2dbc:mysql://db01/a").withRole(HostRole.REPLICA),
                        ConnectionDefinition.of("b", "r2dbc:mariadb://db02/b").withRole(HostRole.REPLICA),
                        ConnectionDefinition.of("c", "r2dbc:h2:mem:///c"));
    }

    @Test
    void namesMayHoldDashesDotsAndCapitals() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.connections.orders-eu.driver=h2
                        switchboard.connections.[orders.us].driver=h2
                        switchboard.connections.Orders_\\ AP.driver=h2
                        """)
                .environment(Map.of(
                        "SWITCHBOARD_CONNECTIONS_ORDERS_EU_DATABASE", "eu",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_US_DATABASE", "us",
                        "SWITCHBOARD_CONNECTIONS_ORDERS__AP_DATABASE", "ap",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_NEW_DRIVER", "h2",
                        "SWITCHBOARD_CONNECTIONS_BY_PROGRAM_DATABASE", "program"))
                .connection("by.program", d -> d.driver("h2"))
                .build();
        assertThat(configuration.definitions())
                .extracting(definition -> definition.name() + ":"
                        + (definition.options() == null
                                ? ""
                                : definition.options().getValue(ConnectionFactoryOptions.DATABASE)))
                .containsExactly(
                        "Orders_ AP:ap", "by.program:program", "orders-eu:eu", "orders.us:us", "orders_new:null");
    }

    @Test
    void aVariableThatCanBeReadInTwoWaysIsReadAsTheNameThatIsKnown() {
        SwitchboardConfiguration configuration = file("switchboard.connections.trade_options.driver=h2\n")
                .environment(Map.of("SWITCHBOARD_CONNECTIONS_TRADE_OPTIONS_HOST", "db01"))
                .build();
        assertThat(only(configuration).where()).isEqualTo("db01");
    }

    @Test
    void anOptionInTheEnvironmentIsTakenInCamelCase() {
        SwitchboardConfiguration configuration = SwitchboardConfiguration.builder()
                .environment(Map.of(
                        "SWITCHBOARD_DEFAULTS_DRIVER", "postgresql",
                        "SWITCHBOARD_DEFAULTS_OPTIONS_TCP_KEEP_ALIVE", "false",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_OPTIONS_SSL_MODE", "require"))
                .build();
        assertThat(only(configuration).options())
                .isEqualTo(url("r2dbc:postgresql:///?tcpKeepAlive=false&sslMode=require"));
    }

    @Test
    void variablesOfOthersArePassedOver() {
        SwitchboardConfiguration configuration = SwitchboardConfiguration.builder()
                .environment(Map.of(
                        "PATH", "/bin",
                        "SWITCHBOARDS", "x",
                        "SWITCHBOARD_SERVICE_HOST", "10.0.0.1",
                        "SWITCHBOARD_SERVICE_PORT", "80",
                        "SWITCHBOARD_SERVICE_PORT_HTTP", "80",
                        "SWITCHBOARD_PORT", "tcp://10.0.0.1:80",
                        "SWITCHBOARD_PORT_80_TCP_ADDR", "10.0.0.1"))
                .build();
        assertThat(configuration.definitions()).isEmpty();
    }

    @Test
    void variablesStandForThemselvesAndAreNotReadAgain() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.connections.orders.url=r2dbc:postgresql://${DB_HOST}:${DB_PORT:6432}/${DB:}orders${EMPTY}
                        switchboard.connections.orders.user=$${DB_HOST}$
                        switchboard.connections.orders.password=${PASSWORD}
                        switchboard.connections.orders.pool.max-size=${SIZE:4}
                        """)
                .environment(Map.of(
                        "DB_HOST", "db01",
                        "EMPTY", "",
                        "PASSWORD", "hush${DB_HOST}$${a}\\u0041 ",
                        "SIZE", "7",
                        "SWITCHBOARD_CONNECTIONS_ORDERS_SCHEMA", "s_${DB_HOST}"))
                .build();
        assertThat(only(configuration))
                .isEqualTo(ConnectionDefinition.of("orders", "r2dbc:postgresql://db01:6432/orders")
                        .withUser("${DB_HOST}$")
                        .withPassword("hush${DB_HOST}$${a}\\u0041 ")
                        .withSchema("s_db01")
                        .withPool(pool -> pool.maxSize(7)));
    }

    @ParameterizedTest
    @CsvSource({
        "500ms, PT0.5S",
        "30s, PT30S",
        "30 s, PT30S",
        "10m, PT10M",
        "2H, PT2H",
        "1d, P1D",
        "PT30S, PT30S",
        "pt1.5s, PT1.5S"
    })
    void durationsAreWrittenWithTheirUnit(String written, Duration meant) {
        SwitchboardConfiguration configuration =
                file("switchboard.defaults.pool.idle-timeout=" + written).build();
        assertThat(configuration
                        .defaults()
                        .derive("x", d -> d.driver("h2"))
                        .pool()
                        .idleTimeout())
                .isEqualTo(meant);
    }

    @Test
    void aPasswordMayBeEmptyAndEndWithABlank() {
        SwitchboardConfiguration configuration = file("""
                        switchboard.connections.a.driver=mysql
                        switchboard.connections.a.password=
                        switchboard.connections.b.driver=mysql
                        switchboard.connections.b.password=hush\\u0020
                        """).build();
        assertThat(configuration.definitions())
                .containsExactly(
                        ConnectionDefinition.ofDriver("a", "mysql").withPassword(""),
                        ConnectionDefinition.ofDriver("b", "mysql").withPassword("hush "));
    }

    @Test
    void aFileMayComeFromAnySystem() {
        SwitchboardConfiguration configuration = file("\uFEFFswitchboard.connections.a.driver=\\\r\n  h2\r\n\r\n!x\r"
                        + "switchboard.connections.a.database=\u6f22")
                .build();
        assertThat(only(configuration))
                .isEqualTo(ConnectionDefinition.ofDriver("a", "h2").withDatabase("\u6f22"));
    }

    @Test
    void loadingReadsAgainAtEachSubscriptionOnAThreadThatMayBlock() throws IOException {
        Mono<SwitchboardConfiguration> loading =
                file("switchboard.connections.a.driver=h2").load().subscribeOn(Schedulers.parallel());
        StepVerifier.create(loading.map(configuration ->
                        only(configuration).name() + Thread.currentThread().getName()))
                .assertNext(nameAndThread -> assertThat(nameAndThread).startsWith("aboundedElastic"))
                .verifyComplete();
        Files.writeString(folder.resolve("app.properties"), "switchboard.connections.b.driver=h2");
        StepVerifier.create(loading.map(configuration -> only(configuration).name()))
                .expectNext("b")
                .verifyComplete();
        Files.delete(folder.resolve("app.properties"));
        StepVerifier.create(loading).verifyError(InvalidConfigurationException.class);
    }

    @Test
    void theEnvironmentOfThisProcessIsReadUnlessAnotherIsGiven() {
        Map.Entry<String, String> any = System.getenv().entrySet().stream()
                .filter(variable -> variable.getKey().matches("[A-Z_]+")
                        && variable.getValue().matches("[a-z/]+"))
                .findFirst()
                .orElseThrow();
        assertThat(SwitchboardConfiguration.builder()
                        .connection("a", d -> d.driver("h2"))
                        .file(new WrittenConfiguration(folder)
                                .write("switchboard.connections.a.schema=${" + any.getKey() + "}"))
                        .build()
                        .definitions())
                .containsExactly(ConnectionDefinition.ofDriver("a", "h2").withSchema(any.getValue()));
    }

    @Test
    void theTextShowsNamesOnly() {
        assertThat(file("switchboard.connections.a.url=r2dbc:mysql://u:hunter2@db/x\nswitchboard.default-connection=a")
                        .build())
                .hasToString("SwitchboardConfiguration[connections=[a], default=a]");
    }

    @Test
    void aTemplateThatIsNotThereIsRefused() {
        SwitchboardConfiguration configuration =
                file("switchboard.templates.shards.host=db01").build();
        assertThatThrownBy(() -> configuration.template("shard"))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessage(
                        "The configuration cannot be used: template 'shard': it is not in the configuration. Allowed:"
                                + " 'shards' and others. Correct the name, or define the template.");
    }
}
