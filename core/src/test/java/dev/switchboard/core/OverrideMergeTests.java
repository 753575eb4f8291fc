package dev.switchboard.core;

import static dev.switchboard.core.ConnectionOverrideTests.override;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** What an override may change about a definition, and what comes out; nothing is opened. */
class OverrideMergeTests {

    private static final String SECRET = "hunter2";
    private static final String HOST_NOT_ALLOWED = ": it leads to a host or port that its definition does not allow."
            + " Allowed: the host of the definition at its own port, and the hosts that the definition lists. Correct the"
            + " host, or allow it with withOverrides(allowed -> allowed.hosts(..)).";

    private static final ConnectionDefinition ORDERS =
            ConnectionDefinition.of("orders", "r2dbc:postgresql://app:" + SECRET + "@Db01.example/orders");

    static ConnectionOverride difference(ConnectionDefinition base, UnaryOperator<ConnectionOverride.Builder> change) {
        return new OverrideMerge(base, override(change)).difference();
    }

    static ConnectionDefinition merged(ConnectionDefinition base, UnaryOperator<ConnectionOverride.Builder> change) {
        return OverrideMerge.merged(base, difference(base, change));
    }

    static @Nullable Object option(ConnectionDefinition definition, io.r2dbc.spi.Option<?> option) {
        ConnectionFactoryOptions options = definition.options();
        return options == null ? null : options.getValue(option);
    }

    // ---- hosts

    /** The allowed hosts of the definition, what is asked for, and what the driver gets; null where it is refused. */
    static Stream<Arguments> hosts() {
        return Stream.of(
                // the definition's own host, in any case, at its own port
                arguments("", "db01.example", 0, "Db01.example:null"),
                arguments("", "DB01.EXAMPLE", 5432, "Db01.example:null"),
                arguments("", "db01.example", 5433, null),
                arguments("", null, 5432, "Db01.example:null"),
                arguments("", null, 5433, null),
                // any other
                arguments("", "db02", 0, null),
                arguments("", "db01", 0, null),
                arguments("", "db01.example.evil", 0, null),
                arguments("", "evil-db01.example", 0, null),
                arguments("", "127.0.0.1", 0, null),
                // listed ones, in the spelling of the list
                arguments("db02", "DB02", 0, "db02:5432"),
                arguments("db02", "db02", 5432, "db02:5432"),
                arguments("db02", "db02", 5433, null),
                arguments("db02:5433", "db02", 0, "db02:5433"),
                arguments("db02:5433", "db02", 5433, "db02:5433"),
                arguments("db02:5433", "db02", 5432, null),
                arguments("db02:5433 db02", "db02", 5432, "db02:5432"),
                arguments("DB01.example:5433", "db01.example", 5433, "DB01.example:5433"),
                arguments("db01.example:5433", null, 5433, "db01.example:5433"),
                // addresses, however they are written
                arguments("[2001:db8::1]", "2001:DB8:0:0:0:0:0:1", 0, "[2001:db8::1]:5432"),
                arguments("[::1]:5433", "0:0:0:0:0:0:0:1", 0, "[::1]:5433"),
                arguments("[::1]:5433", "::2", 0, null),
                arguments("10.0.0.7", "10.0.0.7", 0, "10.0.0.7:5432"),
                arguments("10.0.0.7", "10.0.0.07", 0, null),
                arguments("10.0.0.7", "167772167", 0, null));
    }

    @ParameterizedTest(name = "allowed [{0}], asked {1}:{2}, connects to {3}")
    @MethodSource("hosts")
    void anOverrideLeadsOnlyToAnAllowedHost(String listed, @Nullable String host, int port, @Nullable String expected) {
        ConnectionDefinition base =
                ORDERS.withOverrides(allowed -> listed.isEmpty() ? allowed : allowed.hosts(listed.split(" ")));
        UnaryOperator<ConnectionOverride.Builder> change = options -> {
            ConnectionOverride.Builder named = host == null ? options : options.host(host);
            return port == 0 ? named : named.port(port);
        };

        if (expected == null) {
            assertThatThrownBy(() -> difference(base, change))
                    .isInstanceOf(OverrideRefusedException.class)
                    .hasMessage("Connection 'orders' cannot be used with the override " + override(change)
                            + HOST_NOT_ALLOWED)
                    .hasMessageNotContaining(SECRET);
        } else {
            ConnectionDefinition merged = merged(base, change);
            assertThat(option(merged, ConnectionFactoryOptions.HOST) + ":"
                            + option(merged, ConnectionFactoryOptions.PORT))
                    .isEqualTo(expected);
        }
    }

    @Test
    void ofSeveralHostsOneMayBeChosen() {
        ConnectionDefinition base = ConnectionDefinition.of(
                "orders", "r2dbc:postgresql:failover://app:" + SECRET + "@db01,db02:5433/orders");

        assertThat(merged(base, options -> options.host("db02")).where()).isEqualTo("db02:5433");
        assertThat(merged(base, options -> options.host("db01")).where()).isEqualTo("db01:5432");
        assertThat(merged(base, options -> options.database("x")).where()).isEqualTo("db01,db02:5433");
        assertThatThrownBy(() -> difference(base, options -> options.port(5433)))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage("Connection 'orders' cannot be used with the override [port=5433]: it names a port, and its"
                        + " definition leads to several hosts. Allowed: a port together with its host. Name the host as"
                        + " well.");
        assertThatThrownBy(() -> difference(base, options -> options.host("db03")))
                .isInstanceOf(OverrideRefusedException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "r2dbc:sqlite:////data/orders.db",
                "r2dbc:h2:mem:///orders",
                "r2dbc:postgresql://db01/orders?socket=/run/postgresql",
                "r2dbc:mysql://db01/orders?unixSocket=/run/mysqld.sock"
            })
    void aHostIsRefusedWhereTheDefinitionDoesNotLeadToOne(String url) {
        ConnectionDefinition base = ConnectionDefinition.of("orders", url);

        assertThatThrownBy(() -> difference(base, options -> options.host("db01")))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage(
                        "Connection 'orders' cannot be used with the override [host=db01]: its definition does not lead"
                                + " to a host by name. Allowed: another database. Register a connection of its own for another"
                                + " host.");
    }

    @Test
    void aDefinitionFromAFactoryCannotBeOverridden() {
        ConnectionDefinition base =
                ConnectionDefinition.of("orders", ConnectionFactories.get("r2dbc:h2:mem:///orders"));

        assertThatThrownBy(() -> difference(base, options -> options.database("x")))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage(
                        "Connection 'orders' cannot be used with the override [database=x]: its definition does not name"
                                + " its database apart from everything else. Allowed: a definition with the option database."
                                + " Register a connection of its own for another database.");
        assertThatThrownBy(() -> difference(base, options -> options.host("db02")))
                .isInstanceOf(OverrideRefusedException.class);
    }

    // ---- what comes out

    @Test
    void whatComesToTheSameIsTheSame() {
        assertThat(difference(ORDERS, options -> options.host("db01.example").database("orders")))
                .isEqualTo(override(options -> options));
        assertThat(difference(
                        ORDERS,
                        options -> options.host("DB01.example").port(5432).database("shard02")))
                .isEqualTo(override(options -> options.database("shard02")));
        assertThat(difference(ORDERS.withSchema("eu"), options -> options.schema("eu")))
                .isEqualTo(override(options -> options));
    }

    @Test
    void everythingElseStays() {
        ConnectionDefinition base = ORDERS.withPool(pool -> pool.maxSize(3))
                .withSchema("eu")
                .withRole(HostRole.REPLICA)
                .unlisted();

        assertThat(merged(base, options -> options.database("shard02")))
                .isEqualTo(base.withDatabase("shard02").withName("orders[database=shard02]"))
                .hasToString(base.withDatabase("shard02")
                        .withName("orders[database=shard02]")
                        .toString());
    }

    @Test
    void aLongNameIsShortenedToWhatADefinitionTakes() {
        ConnectionDefinition base = ORDERS.withName("n".repeat(190) + "\ud83d\ude00".repeat(5));

        assertThat(merged(base, options -> options.database("\ud83d\ude00".repeat(60)))
                        .name())
                .startsWith("nnn")
                .hasSizeLessThanOrEqualTo(ConnectionDefinition.LONGEST_NAME);
    }

    @Test
    void credentialsNeedAPermission() {
        UnaryOperator<ConnectionOverride.Builder> other = options -> options.credentials("root", "swordfish");

        assertThatThrownBy(() -> difference(ORDERS, other))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage(
                        "Connection 'orders' cannot be used with the override [other credentials]: it brings credentials"
                                + " of its own. Allowed: the credentials of the definition. Leave them out, or allow them with"
                                + " withOverrides(allowed -> allowed.credentials(true)).");
        ConnectionDefinition merged = merged(ORDERS.withOverrides(allowed -> allowed.credentials(true)), other);
        assertThat(option(merged, ConnectionFactoryOptions.USER)).isEqualTo("root");
        assertThat(option(merged, ConnectionFactoryOptions.PASSWORD)).isEqualTo("swordfish");
        assertThat(merged.toString() + merged.name()).doesNotContain("root", "swordfish", SECRET);
    }

    @Test
    void aSchemaDoesNotReplaceASessionPreparation() {
        ConnectionDefinition base = ORDERS.withPreparation(new SessionPreparation() {
            @Override
            public Object wanted(Route route, ContextView context) {
                return "tenant";
            }

            @Override
            public Publisher<Void> prepare(Connection connection, Object wanted) {
                return Mono.empty();
            }
        });

        assertThatThrownBy(() -> difference(base, options -> options.schema("eu")))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage("Connection 'orders' cannot be used with the override [schema=eu]: its definition prepares"
                        + " sessions itself, and a schema would take the place of that. Allowed: a schema on a connection"
                        + " without a session preparation. Leave the schema to the preparation.");
        assertThat(merged(base, options -> options.database("x")).preparation()).isNotNull();
    }

    // ---- databases that are no servers

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x;INIT=RUNSCRIPT FROM 'http://evil'",
                "x;IFEXISTS=FALSE",
                "../x",
                "tcp://evil/x",
                "a b",
                "x?y",
                "\u0445"
            })
    void aNameInTheMemoryOfH2IsANameAndNothingElse(String hostile) {
        ConnectionDefinition base = ConnectionDefinition.of("orders", "r2dbc:h2:mem:///orders");

        assertThatThrownBy(() -> difference(base, options -> options.database(hostile)))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage("Connection 'orders' cannot be used with the override [database=" + hostile
                        + "]: the database is not a plain name. Allowed: 1 to 100 letters, digits and _ . -. Correct the"
                        + " database.");
        assertThatThrownBy(() -> difference(
                        ConnectionDefinition.of("orders", "r2dbc:sqlite:mem:///orders"),
                        options -> options.database(hostile)))
                .isInstanceOf(OverrideRefusedException.class);
    }

    @Test
    void theSettingsBehindTheNameInH2Stay() {
        ConnectionDefinition base =
                ConnectionDefinition.of("orders", "r2dbc:h2:mem:///orders").withDatabase("orders;ACCESS_MODE_DATA=r");

        assertThat(option(merged(base, options -> options.database("x")), ConnectionFactoryOptions.DATABASE))
                .isEqualTo("x;ACCESS_MODE_DATA=r;IFEXISTS=TRUE");
        assertThat(difference(base, options -> options.database("orders")).isEmpty())
                .isTrue();
        ConnectionDefinition creating =
                ConnectionDefinition.of("orders", "r2dbc:h2:mem:///orders?options=IFEXISTS=FALSE");
        assertThat(option(merged(creating, options -> options.database("x")), ConnectionFactoryOptions.DATABASE))
                .isEqualTo("x");
    }

    @Test
    void anotherFileOfH2IsRefused() {
        assertThatThrownBy(() -> difference(
                        ConnectionDefinition.of("orders", "r2dbc:h2:file:////data/orders"),
                        options -> options.database("x")))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage(
                        "Connection 'orders' cannot be used with the override [database=x]: another file of H2. Allowed:"
                                + " another database of H2 in memory. Register a connection of its own for another file.");
        assertThatThrownBy(() -> difference(
                        ConnectionDefinition.of(
                                "orders",
                                ConnectionFactoryOptions.parse("r2dbc:h2:mem:///orders")
                                        .mutate()
                                        .option(io.r2dbc.spi.Option.valueOf("url"), "mem:other")
                                        .build()),
                        options -> options.database("x")))
                .isInstanceOf(OverrideRefusedException.class);
    }
}
