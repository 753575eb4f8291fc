package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads what is said about each bad input. */
class ConfigurationErrorsTests {

    private static final String DURATIONS =
            " Allowed: a number and its unit (ms, s, m, h or d), as in 500ms or 30s, or as in PT30S. Correct the duration.";
    private static final String VARIABLES = " Allowed: ${VAR}, ${VAR:default}, and $${ for a plain ${. ";
    private static final String ORDERS = "'switchboard.connections.orders.";

    @TempDir
    private Path folder;

    private WrittenConfiguration written() {
        return new WrittenConfiguration(folder);
    }

    static Stream<Arguments> poolOptions() {
        return Stream.of(
                arguments(
                        "pool.max-size=ten",
                        "'ten' is not a whole number. Allowed: a whole number, as in 10. Correct the number."),
                arguments(
                        "pool.max-size=4000000000",
                        "'4000000000' is not a whole number. Allowed: a whole number, as in 10. Correct the number."),
                arguments("pool.max-size=0", "maxSize is 0. Allowed: 1 or more. Set maxSize in that range."),
                arguments(
                        "pool.lifetime-variance=51",
                        "lifetimeVariance is 51. Allowed: 0 to 50. Set lifetimeVariance in that range."),
                arguments(
                        "pool.validation=maybe",
                        "'maybe' is not a kind of validation. Allowed: local or remote. Correct the kind."),
                arguments("pool.acquire-timeout=30", "'30' has no unit." + DURATIONS),
                arguments("pool.acquire-timeout=30x", "'30x' is not a duration." + DURATIONS),
                arguments("pool.acquire-timeout=-1s", "'-1s' is not a duration." + DURATIONS),
                arguments(
                        "pool.acquire-timeout=999999999999d",
                        "acquireTimeout is 999999999999 days. Allowed: 10 ms to 24 h. Set acquireTimeout in that range."),
                arguments(
                        "pool.acquire-timeout=999999999999999999s",
                        "'999999999999999999s' is not a duration." + DURATIONS),
                arguments(
                        "pool.acquire-timeout=2d",
                        "acquireTimeout is 2 days. Allowed: 10 ms to 24 h. Set acquireTimeout in that range."),
                arguments(
                        "pool.acquire-timeout=PT-1S",
                        "acquireTimeout is -1 s. Allowed: 10 ms to 24 h. Set acquireTimeout in that range."));
    }

    static Stream<Arguments> fields() {
        return Stream.of(
                arguments("port=70000", "the port is '70000'. Allowed: 1 to 65535. Correct the port."),
                arguments(
                        "port=5432a",
                        "'5432a' is not a whole number. Allowed: a whole number, as in 10. Correct the number."),
                arguments(
                        "settings.certificate-authority=ca\\u0000.pem",
                        "'ca\\u0000.pem' is not a path. Allowed: a path of the file system. Correct the path."),
                arguments(
                        "role=standby",
                        "'standby' is not a role of a host. Allowed: primary or replica. Correct the role."),
                arguments(
                        "host=app:hunter2@db",
                        "the host is empty or contains a blank, '@', '/', '?' or '#'. Allowed: a host name or address, or"
                                + " several separated by commas. Write user, password and database in their own places."),
                arguments(
                        "schema= ",
                        "the value is empty. Allowed: a value. Leave the key out where there is nothing to say."),
                arguments(
                        "url=r2dbc:postgresql://app:hunter2@:5432/x",
                        "the host is empty. Allowed: r2dbc:driver://user:password@host:port/database?option=value. Write"
                                + " the host behind the '@', or behind '://' without a user."),
                arguments(
                        "url=jdbc:postgresql://db/x?password=hunter2",
                        "the URL is a JDBC URL. Allowed: r2dbc:driver://user:password@host:port/database?option=value."
                                + " Start it with r2dbc: and the name of the driver."),
                arguments(
                        "driver=pool",
                        "its driver is a pool. Allowed: the name of an R2DBC driver, for example postgresql, mysql, mariadb"
                                + " or sqlite. Name the driver itself, as in r2dbc:postgresql://, and size the pool with"
                                + " withPool(..)."));
    }

    static Stream<Arguments> references() {
        return Stream.of(
                arguments(
                        "port=${SECRET}",
                        "'${SECRET}' is not a whole number. Allowed: a whole number, as in 10. Correct the number."),
                arguments(
                        "template=",
                        "the value is empty. Allowed: a value. Leave the key out where there is nothing to say."),
                arguments(
                        "password=${MISSING}",
                        "the variable 'MISSING' is not set." + VARIABLES
                                + "Set the variable in the environment, or give it a default."),
                arguments(
                        "password=hunter2${MISSING",
                        "a '${' has no '}'." + VARIABLES + "Close it, or write a plain ${ as $${."),
                arguments(
                        "password=${hunter2 x}",
                        "what stands between '${' and '}' is not the name of a variable." + VARIABLES
                                + "Name a variable of letters, digits and underscores, or write a plain ${ as $${."),
                arguments(
                        "password=${A:${B}}",
                        "a default holds another '${'." + VARIABLES
                                + "Give the variable a plain default, or set the variable."),
                arguments(
                        "template=shard",
                        "there is no template 'shard'. Allowed: 'shards' and others. Correct the name, or define the"
                                + " template."));
    }

    @ParameterizedTest
    @MethodSource({"poolOptions", "fields", "references"})
    void aValueThatCannotBeRightIsRefused(String line, String problem) {
        String key = line.substring(0, line.indexOf('='));
        String file = "switchboard.templates.shards.host=db\nswitchboard.connections.orders." + line;
        assertThat(written()
                        .problems(SwitchboardConfiguration.builder()
                                .environment(Map.of("SECRET", "hunter2"))
                                .file(written()
                                        .write(file
                                                + (key.equals("url") || key.equals("driver")
                                                        ? ""
                                                        : "\nswitchboard.defaults.driver=h2")))))
                .isEqualTo("app.properties, line 2, " + ORDERS + key + "': " + problem);
    }

    @Test
    void aPasswordInTheEnvironmentThatLooksLikeAReferenceIsNotShown() {
        assertThat(written()
                        .problems(SwitchboardConfiguration.builder()
                                .environment(Map.of("SWITCHBOARD_DEFAULTS_PASSWORD", "x${hunter2}"))))
                .isEqualTo(
                        "environment variable SWITCHBOARD_DEFAULTS_PASSWORD: the variable that it refers to is not set."
                                + VARIABLES + "Set the variable in the environment, or give it a default.");
    }

    @Test
    void layersThatContradictEachOtherAreNamed() {
        String file = """
                switchboard.defaults.pool.validation-timeout=5s
                switchboard.templates.shards.driver=postgresql
                switchboard.connections.orders.driver=h2
                switchboard.connections.audit.url=r2dbc:sqlite:///a.db
                switchboard.connections.audit.template=shards
                switchboard.connections.lone.host=db
                """;
        assertThat(written()
                        .problems(SwitchboardConfiguration.builder()
                                .environment(Map.of("SWITCHBOARD_CONNECTIONS_ORDERS_POOL_ACQUIRE_TIMEOUT", "4s"))
                                .file(written().write(file)))
                        .lines())
                .containsExactly(
                        "connection 'audit': the driver is 'sqlite' in connection 'audit' (app.properties) and 'postgresql'"
                                + " in template 'shards' (app.properties). Allowed: one driver in everything that is merged."
                                + " Leave the driver and what belongs to it out of the weaker place, or use a template of"
                                + " that driver.",
                        "connection 'lone': neither it nor what it is merged over names a driver. Allowed: a URL, or a driver"
                                + " such as postgresql, mysql, mariadb or sqlite. Set the URL or the driver.",
                        "connection 'orders': validationTimeout is 5 s and acquireTimeout is 4 s (its pool options are set in"
                                + " app.properties, line 1, 'switchboard.defaults.pool.validation-timeout' and environment"
                                + " variable SWITCHBOARD_CONNECTIONS_ORDERS_POOL_ACQUIRE_TIMEOUT). Allowed: a"
                                + " validationTimeout shorter than acquireTimeout. Lower validationTimeout or raise"
                                + " acquireTimeout.");
    }

    @Test
    void whatOnePlaceSaysTwiceIsRefused() {
        assertThat(written()
                        .problems(SwitchboardConfiguration.builder()
                                .environment(Map.of())
                                .file(written()
                                        .write("switchboard.connections.a.url=r2dbc:mysql://u:hunter2@db/x\n"
                                                + "switchboard.connections.a.password=hunter2"))))
                .isEqualTo(
                        "connection 'a': 'password' is said twice in connection 'a' (app.properties), by the URL and on its"
                                + " own. Allowed: one of both. Leave it out of the URL, or leave out the other one.");
    }

    @Test
    void everythingThatIsWrongIsToldAtOnce() {
        assertThatThrownBy(() -> SwitchboardConfiguration.builder()
                        .environment(Map.of("SWITCHBOARD_DEFAULTS_PORT", "x"))
                        .file(written().write("switchboard.defaults.port=y\nswitchboard.defaults.hst=\\u00zz"))
                        .build())
                .isInstanceOf(InvalidConfigurationException.class)
                .message()
                .isEqualToIgnoringWhitespace("""
                        The configuration cannot be used for 3 reasons:
                        (1) FOLDER/app.properties, line 2: a \\u is not followed by four hexadecimal digits. Allowed: \\u and four
                        hexadecimal digits, as in \\u00e4. Write a backslash itself as \\\\.
                        (2) environment variable SWITCHBOARD_DEFAULTS_PORT: 'x' is not a whole number. Allowed: a whole number,
                        as in 10. Correct the number.
                        (3) FOLDER/app.properties, line 1, 'switchboard.defaults.port': 'y' is not a whole number. Allowed: a
                        whole number, as in 10. Correct the number.
                        """.replace("FOLDER/", folder + File.separator));
    }

    @Test
    void aLongListIsCutInTheMessageAndWholeInTheProblems() {
        StringBuilder file = new StringBuilder();
        for (int line = 1; line <= 25; line++) {
            file.append("switchboard.defaults.x").append(line).append("=y\n");
        }
        assertThatThrownBy(() -> SwitchboardConfiguration.builder()
                        .environment(Map.of())
                        .file(written().write(file.toString()))
                        .build())
                .hasMessageStartingWith("The configuration cannot be used for 25 reasons: (1) ")
                .hasMessageEndingWith(" And 15 more.")
                .isInstanceOfSatisfying(
                        InvalidConfigurationException.class,
                        refused -> assertThat(refused.problems()).hasSize(25));
    }

    @Test
    void aFileThatCannotBeReadIsRefused() throws IOException {
        Path missing = folder.resolve("missing.properties");
        Path latin = Files.write(folder.resolve("latin.properties"), "a=\u00e4".getBytes(StandardCharsets.ISO_8859_1));
        String allowed = " Allowed: a properties file in UTF-8 that this process may read. ";
        assertThat(List.of(missing, latin, folder))
                .extracting(file ->
                        written().problems(SwitchboardConfiguration.builder().file(file)))
                .containsExactly(
                        "file missing.properties: the file does not exist." + allowed + "Correct its path.",
                        "file latin.properties: the file is not in UTF-8." + allowed + "Save it in UTF-8.",
                        "file " + folder + ": the file cannot be read (IOException)." + allowed
                                + "Check its path and its permissions.");
    }

    @Test
    void theProgramIsToldTheSame() {
        SwitchboardConfiguration.Builder builder = SwitchboardConfiguration.builder()
                .environment(Map.of())
                .defaults(d -> d)
                .connection("a", d -> d.driver("h2"));
        assertThatThrownBy(() -> builder.connection(ConnectionDefinition.ofDriver("a", "h2")))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessage(
                        "The configuration cannot be used: connection 'a' (program): the program gives it twice. Allowed:"
                                + " one for each name. Remove one of them, or give it a name of its own.");
        assertThatThrownBy(() -> builder.defaults(d -> d))
                .hasMessageContaining(" the defaults (program): the program gives");
        assertThatThrownBy(() -> builder.connection("b", d -> d.url("r2dbc:mysql://u:hunter2@")))
                .hasMessage("The configuration cannot be used: connection 'b' (program): the host is empty. Allowed:"
                        + " r2dbc:driver://user:password@host:port/database?option=value. Write the host behind the '@', or"
                        + " behind '://' without a user.");
        assertThatThrownBy(() -> builder.connection(" ", d -> d)).isInstanceOf(InvalidDefinitionException.class);
        assertThat(written().problems(builder.connection("c", "shards", d -> d.driver("h2"))))
                .isEqualTo(
                        "connection 'c' (program): there is no template 'shards'. Allowed: none, since none is defined."
                                + " Correct the name, or define the template.");
    }
}
