package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads what is said about each key of a file, and each variable of the environment, that means nothing or two things. */
class ConfigurationKeysTests {

    private static final String KEYS = "url, driver, protocol, host, port, database, user, password, schema, role,"
            + " pool.name, pool.max-size, pool.min-idle, pool.max-waiting, pool.acquire-timeout, pool.create-timeout,"
            + " pool.validation-timeout, pool.validate-after-idle, pool.validation, pool.validation-query,"
            + " pool.keep-alive, pool.idle-timeout, pool.max-lifetime, pool.lifetime-variance,"
            + " pool.reset-timeout, pool.drain-timeout, pool.leak-threshold, pool.always-reset, settings.application-name, settings.tls,"
            + " settings.certificate-authority, settings.client-certificate, settings.client-key, settings.charset,"
            + " settings.time-zone, settings.statement-timeout, settings.lock-timeout, settings.sid,"
            + " options.<option of the driver>";
    private static final String SECTIONS = " Allowed: switchboard.connections.<name>.<key>,"
            + " switchboard.templates.<name>.<key>, switchboard.defaults.<key>, switchboard.budget.<key> and switchboard.default-connection."
            + " Correct the key.";
    private static final String ORDERS = "'switchboard.connections.orders.";

    @TempDir
    private Path folder;

    private WrittenConfiguration written() {
        return new WrittenConfiguration(folder);
    }

    static Stream<Arguments> misspeltKeys() {
        return Stream.of(
                arguments(
                        "\n# x\nswitchboard.connections.orders.pool.maxSize=4",
                        "app.properties, line 3, " + ORDERS + "pool.maxSize': 'pool.maxSize' is not a key of connection"
                                + " 'orders'. Allowed: 'pool.max-size', 'pool.max-waiting' and others. Correct the key."),
                arguments(
                        "switchboard.connections.orders.eu.url=x",
                        "app.properties, line 1, 'switchboard.connections.orders.eu.url': 'eu.url' is not a key of connection"
                                + " 'orders'. Allowed: " + KEYS
                                + ", template. Correct the key; a name that holds dots stands"
                                + " in brackets, as in [orders.eu].url."),
                arguments(
                        "switchboard.connections.orders.usr=hunter2",
                        "app.properties, line 1, " + ORDERS
                                + "usr': 'usr' is not a key of connection 'orders'. Allowed:"
                                + " 'user', 'url' and others. Correct the key."),
                arguments(
                        "switchboard.templates.shards.template=x",
                        "app.properties, line 1, 'switchboard.templates.shards.template': 'template' is not a key of"
                                + " template 'shards'. Allowed: " + KEYS + ". Correct the key."),
                arguments(
                        "switchboard.defaults.zzz=x",
                        "app.properties, line 1, 'switchboard.defaults.zzz': 'zzz' is not a key of the defaults. Allowed: "
                                + KEYS + ". Correct the key."),
                arguments(
                        "switchboard.connection.orders.url=hunter2",
                        "app.properties, line 1, 'switchboard.connection.orders.url': 'connection' is not a section of the"
                                + " configuration." + SECTIONS),
                arguments(
                        "switchboard.connections.[orders.url=x",
                        "app.properties, line 1, 'switchboard.connections.[orders.url': the bracket around the name is not"
                                + " closed. Allowed: a name and a key, as in orders.url or [orders.eu].url. Complete the"
                                + " key."),
                arguments(
                        "Switchbord.connections.orders.url=x",
                        "app.properties, line 1, 'Switchbord.connections.orders.url': the key starts with 'Switchbord' and"
                                + " would be passed over. Allowed: keys that start with 'switchboard.'. Correct the key."),
                arguments(
                        "switchboard.connections.orders.options.password=hunter2",
                        "app.properties, line 1, " + ORDERS
                                + "options.password': 'password' is not an option of the driver."
                                + " Allowed: 'password', a key of its own. Leave out 'options.'."));
    }

    static Stream<Arguments> incompleteKeys() {
        return Stream.of(
                arguments(
                        "switchboard.connections=x",
                        "app.properties, line 1, 'switchboard.connections': the key ends too early, or goes on where it"
                                + " should end." + SECTIONS),
                arguments(
                        "switchboard=x",
                        "app.properties, line 1, 'switchboard': '' is not a section of the configuration." + SECTIONS),
                arguments(
                        "switchboard.default-connection.name=x",
                        "app.properties, line 1, 'switchboard.default-connection.name': the key ends too early, or goes on"
                                + " where it should end." + SECTIONS),
                arguments(
                        "switchboard.connections.orders=x",
                        "app.properties, line 1, 'switchboard.connections.orders': no key stands behind the name. Allowed: a"
                                + " name and a key, as in orders.url or [orders.eu].url. Complete the key."),
                arguments(
                        "switchboard.connections..url=x",
                        "app.properties, line 1, 'switchboard.connections..url': a connection name is blank. Allowed: 1 to"
                                + " 200 characters, without control or invisible characters. Choose another name."),
                arguments(
                        "switchboard.connections.orders.driver=h2\nswitchboard.connections.[orders].driver=h2",
                        "app.properties, line 2, 'switchboard.connections.[orders].driver': the key stands in the file"
                                + " already (app.properties, line 1, " + ORDERS + "driver'). Allowed: each key once."
                                + " Remove one of them, or give the other connection a name of its own."));
    }

    @ParameterizedTest
    @MethodSource({"misspeltKeys", "incompleteKeys"})
    void aKeyThatMeansNothingIsRefused(String file, String problem) {
        assertThat(written().problems(written().file(file))).isEqualTo(problem);
    }

    static Stream<Arguments> badVariables() {
        String correct = " Correct the variable, or unset it.";
        String forms = "Allowed: SWITCHBOARD_CONNECTIONS_<NAME>_<KEY>, SWITCHBOARD_TEMPLATES_<NAME>_<KEY>,"
                + " SWITCHBOARD_DEFAULTS_<KEY>, SWITCHBOARD_BUDGET_<KEY> and SWITCHBOARD_DEFAULT_CONNECTION. Correct its name, or unset it.";
        return Stream.of(
                arguments("SWITCHBOARD_CONNECTION_ORDERS_URL", "no such variable is known. " + forms),
                arguments("SWITCHBOARD_LOG_LEVEL", "no such variable is known. " + forms),
                arguments(
                        "SWITCHBOARD_DEFAULTS_POOL_MAXSIZE",
                        "'POOL_MAXSIZE' is not a key of the defaults. Allowed: 'POOL_MAX_SIZE',"
                                + " 'POOL_MAX_WAITING' and others."
                                + correct),
                arguments(
                        "SWITCHBOARD_CONNECTIONS_ORDERS_EU_POOL_MAXSIZE",
                        "'POOL_MAXSIZE' is not a key of connection 'orders_eu'. Allowed: 'POOL_MAX_SIZE',"
                                + " 'POOL_MAX_WAITING' and others." + correct),
                arguments(
                        "SWITCHBOARD_CONNECTIONS_ORDERS_zzz",
                        "the variable does not end with a name and a key. Allowed: the keys "
                                + KEYS.replace("options.<option of the driver>", "OPTIONS_<OPTION_OF_THE_DRIVER>")
                                        .toUpperCase(Locale.ROOT)
                                        .replace('-', '_')
                                        .replace('.', '_')
                                + ", TEMPLATE." + correct),
                arguments(
                        "SWITCHBOARD_CONNECTIONS_ORDERS_EU_PORT",
                        "the variable may mean 'port' of connection 'orders-eu' or 'port' of connection 'orders.eu'."
                                + " Allowed: variables that can be read in one way. Set this value in the file or by the"
                                + " program, or rename one of the two."),
                arguments(
                        "SWITCHBOARD_CONNECTIONS_TRADE_OPTIONS_PORT",
                        "the variable may mean 'options.port' of connection 'trade' or 'port' of connection"
                                + " 'trade_options'. Allowed: variables that can be read in one way. Set this value in the"
                                + " file or by the program, or rename one of the two."),
                arguments(
                        "SWITCHBOARD_CONNECTIONS_BILLING_PORT",
                        "'hunter' is not a whole number. Allowed: a whole number, as in 10. Correct the number."),
                arguments(
                        "SWITCHBOARD_CONNECTIONS_WHOLE_HOST",
                        "the program defines connection 'whole' as a whole, so this would have no effect. Allowed: values of"
                                + " connections that the program defines in part or not at all. Remove the value, or let the"
                                + " program say only what it must, with connection(name, change)."));
    }

    @ParameterizedTest
    @MethodSource("badVariables")
    void aVariableThatMeansNothingOrTwoThingsIsRefused(String variable, String problem) {
        assertThat(written()
                        .problems(SwitchboardConfiguration.builder()
                                .environment(Map.of(variable, "hunter"))
                                .connection("orders-eu", d -> d.driver("h2"))
                                .connection("orders.eu", d -> d.driver("h2"))
                                .connection(ConnectionDefinition.ofDriver("whole", "h2"))))
                .isEqualTo("environment variable " + variable + ": " + problem);
    }
}
