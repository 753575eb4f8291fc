package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.net.URI;
import java.nio.CharBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionDefinitionTests {

    private static final String URL = "r2dbc:postgresql://app:hunter2@db.example:6432/orders";

    @Test
    void theSameFactsMakeEqualDefinitionsHoweverTheyAreWritten() {
        ConnectionDefinition fromUrl = ConnectionDefinition.of("orders", URL);
        ConnectionDefinition fromOptions = ConnectionDefinition.of("orders", ConnectionFactoryOptions.parse(URL));
        ConnectionDefinition fromFields = ConnectionDefinition.ofDriver("orders", "postgresql")
                .withHost("db.example")
                .withPort(6432)
                .withUser("app")
                .withPassword("hunter2")
                .withDatabase("orders");
        assertThat(fromUrl).isEqualTo(fromOptions).isEqualTo(fromFields).hasSameHashCodeAs(fromFields);
        assertThat(fromUrl.driver()).isEqualTo("postgresql");
        assertThat(fromUrl.where()).isEqualTo("db.example:6432");
        assertThat(fromUrl.options()).isEqualTo(ConnectionFactoryOptions.parse(URL));
    }

    @Test
    void aDefinitionStartsWithTheSharedDefaults() {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", URL);
        assertThat(definition.name()).isEqualTo("orders");
        assertThat(definition.pool()).isSameAs(PoolOptions.defaults());
        assertThat(definition.schema()).isNull();
        assertThat(definition.role()).isEqualTo(HostRole.PRIMARY);
        assertThat(definition.isUnlisted()).isFalse();
    }

    @Test
    void everyWithReturnsAChangedCopyAndLeavesTheOriginalAlone() {
        ConnectionDefinition original = ConnectionDefinition.of("orders", URL);
        Stream.of(
                        original.withName("orders2"),
                        original.withHost("other"),
                        original.withPort(1),
                        original.withDatabase("other"),
                        original.withUser("other"),
                        original.withPassword("hush"),
                        original.withOption(Option.valueOf("applicationName"), "x"),
                        original.withPool(pool -> pool.maxSize(4)),
                        original.withPool(PoolOptions.builder().maxSize(5).build()),
                        original.withSchema("eu"),
                        original.withRole(HostRole.REPLICA),
                        original.unlisted())
                .forEach(copy -> {
                    assertThat(copy).isNotEqualTo(original);
                    assertThat(copy).isEqualTo(copy.withName(copy.name()));
                });
        assertThat(original).isEqualTo(ConnectionDefinition.of("orders", URL));
    }

    @Test
    void copiesKeepWhatWasSetBefore() {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", URL)
                .withPool(pool -> pool.maxSize(4))
                .withSchema("eu")
                .withRole(HostRole.REPLICA)
                .unlisted()
                .withHost("other")
                .withName("orders2");
        assertThat(definition.pool().maxSize()).isEqualTo(4);
        assertThat(definition.schema()).isEqualTo("eu");
        assertThat(definition.role()).isEqualTo(HostRole.REPLICA);
        assertThat(definition.isUnlisted()).isTrue();
        assertThat(definition.where()).isEqualTo("other:6432");
        assertThat(definition.name()).isEqualTo("orders2");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "none",
            value = {
                "r2dbc:postgresql://db/x, db:5432",
                "r2dbc:mysql://db/x, db:3306",
                "r2dbc:acme://db/x, db",
                "'r2dbc:postgresql:failover://a:1,b:2/x', 'a:1,b:2'",
                "r2dbc:mysql://[::1]:3307/x, [::1]:3307",
                "r2dbc:postgresql://ignored/x?socket=/tmp/.s.PGSQL.5432, /tmp/.s.PGSQL.5432",
                "r2dbc:h2:mem:///orders;PASSWORD=hunter2, mem:orders",
                "r2dbc:sqlite:///file:orders.db?mode=ro, file:orders.db",
                "r2dbc:acme:///, an unnamed place"
            })
    void whereIsTheHostAndPortOrTheFile(String url, String where) {
        assertThat(ConnectionDefinition.of("orders", url).where()).isEqualTo(where);
    }

    @Test
    void theTextShowsNoUserNoPasswordAndNoOption() {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", URL + "?sslPassword=hunter3")
                .withOption(Option.valueOf("clientSecret"), "hunter4")
                .withPool(pool -> pool.maxSize(4));
        assertThat(definition)
                .hasToString("ConnectionDefinition[name=orders, driver=postgresql, where=db.example:6432,"
                        + " database=orders, pool=" + definition.pool() + "]");
        assertThat(ConnectionDefinition.of("orders", "r2dbc:h2:mem:///orders;PASSWORD=hunter2")
                        .toString())
                .contains("database=orders,")
                .doesNotContain("hunter");
    }

    @Test
    void aPasswordIsCopiedWhenItIsSet() {
        StringBuilder password = new StringBuilder("hunter2");
        ConnectionDefinition field = ConnectionDefinition.of("orders", URL).withPassword(password);
        ConnectionDefinition option = ConnectionDefinition.of(
                "orders",
                ConnectionFactoryOptions.parse(URL)
                        .mutate()
                        .option(ConnectionFactoryOptions.PASSWORD, CharBuffer.wrap(password))
                        .build());
        password.setCharAt(0, 'H');
        assertThat(field).isEqualTo(option).isEqualTo(ConnectionDefinition.of("orders", URL));
    }

    @Test
    void aFactoryIsTakenAsItIs() {
        ConnectionFactory factory = ConnectionFactories.get("r2dbc:h2:mem:///taken");
        ConnectionDefinition definition = ConnectionDefinition.of("orders", factory);
        assertThat(definition.open()).isSameAs(factory);
        assertThat(definition.driver()).isEqualTo("h2");
        assertThat(definition.options()).isNull();
        assertThat(definition.where()).isEqualTo("the address of its connection factory");
        assertThat(definition.withPool(pool -> pool.maxSize(3)).withName("b").open())
                .isSameAs(factory);
        assertThat(definition).isEqualTo(ConnectionDefinition.of("orders", factory));
        assertThat(definition).isNotEqualTo(ConnectionDefinition.of("orders", URL));
        assertThatThrownBy(() -> definition.withHost("db"))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: the option 'host' was set on a definition that was made"
                                + " from a connection factory. Allowed: options of drivers that the registry opens itself. Set"
                                + " it where the factory is built.");
    }

    @Test
    void aPoolIsNotPutIntoAPool() {
        ConnectionFactory driver = ConnectionFactories.get("r2dbc:h2:mem:///pooled");
        ConnectionPool pool = new ConnectionPool(
                ConnectionPoolConfiguration.builder(driver).initialSize(0).build());
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", pool))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: its connection factory is a pool. Allowed: a factory"
                                + " that opens a new connection at every subscription. Hand in the factory of the driver, and"
                                + " size the pool of the registry with withPool(..).");
        pool.dispose();
    }

    @Test
    void anSqliteFileIsResolvedWhenItIsNamed() {
        ConnectionDefinition definition = ConnectionDefinition.sqlite("audit", Path.of("data/../audit.db"));
        assertThat(definition.driver()).isEqualTo("sqlite");
        assertThat(definition.where())
                .isEqualTo(Path.of("audit.db").toAbsolutePath().toString());
    }

    @Test
    void anSqliteFileLiesOnDisk(@TempDir Path folder) throws IOException {
        URI archive = URI.create("jar:" + folder.resolve("a.zip").toUri());
        try (FileSystem inside = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            assertThatThrownBy(() -> ConnectionDefinition.sqlite("audit", inside.getPath("audit.db")))
                    .hasMessage(
                            "Connection 'audit' cannot be defined: the SQLite file lies in a file system inside this"
                                    + " process. Allowed: a file on disk. Use a path of the default file system.");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "a\nb", "a\u0000", "a\u202eb", "a\u2028b", "\ud83d"})
    void aNameThatCannotBeSeenIsRefused(String name) {
        assertThatThrownBy(() -> ConnectionDefinition.of(name, URL))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageStartingWith("Cannot be used: ")
                .hasMessageContaining(name.isBlank() ? "a connection name is blank" : "contains a control or invisible")
                .hasMessageEndingWith("Allowed: 1 to 200 characters, without control or invisible characters."
                        + " Choose another name.")
                .message()
                .doesNotContain("\n", "\u0000", "\u202e", "\u2028");
    }

    @Test
    void namesHaveUpTo200CharactersOfAnyScript() {
        assertThat(ConnectionDefinition.of("\u00fc\u6f22 \ud83d\ude00", URL).name())
                .isEqualTo("\u00fc\u6f22 \ud83d\ude00");
        assertThat(ConnectionDefinition.of("x".repeat(200), URL).name()).hasSize(200);
        assertThatThrownBy(() -> ConnectionDefinition.of("x".repeat(201), URL))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Cannot be used: the connection name '" + "x".repeat(60) + "... (201 characters)' is too long."
                                + " Allowed: 1 to 200 characters, without control or invisible characters. Choose another name.");
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", URL).withName(" "))
                .hasMessageContaining("a connection name is blank");
    }

    @Test
    void fieldsThatCannotBeRightAreRefused() {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", URL);
        assertThatThrownBy(() -> definition.withPort(0))
                .hasMessage(
                        "Connection 'orders' cannot be defined: the port is '0'. Allowed: 1 to 65535. Correct the port.");
        assertThatThrownBy(() -> definition.withPort(65_536)).hasMessageContaining("the port is '65536'");
        assertThatThrownBy(() -> definition.withHost("app:hunter2@db"))
                .hasMessage(
                        "Connection 'orders' cannot be defined: the host is empty or contains a blank, '@', '/', '?'"
                                + " or '#'. Allowed: a host name or address, or several separated by commas. Write user,"
                                + " password and database in their own places.");
        assertThatThrownBy(() -> definition.withSchema("a\nb"))
                .hasMessage(
                        "Connection 'orders' cannot be defined: the schema 'a\\u000Ab' is not a name. Allowed: 1 to 128"
                                + " characters, without control or invisible characters. Correct the name of the schema.");
        assertThatThrownBy(() -> definition.withSchema("")).hasMessageContaining("the schema '' is not a name");
        assertThatThrownBy(() -> ConnectionDefinition.ofDriver("orders", " "))
                .hasMessage("Connection 'orders' cannot be defined: its options name no driver. Allowed: the name of an"
                        + " R2DBC driver, for example postgresql, mysql, mariadb or sqlite. Set"
                        + " ConnectionFactoryOptions.DRIVER.");
        assertThatThrownBy(() -> ConnectionDefinition.of(
                        "orders", ConnectionFactoryOptions.builder().build()))
                .hasMessageContaining("its options name no driver");
    }

    @Test
    void badPoolOptionsNameTheirConnection() {
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", URL).withPool(pool -> pool.maxSize(0)))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: maxSize is 0. Allowed: 1 or more. Set maxSize in that"
                                + " range.");
    }
}
