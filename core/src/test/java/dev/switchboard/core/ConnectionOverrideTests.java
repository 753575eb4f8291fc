package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The form of an override, whose values may come from a request. */
class ConnectionOverrideTests {

    private static final String SECRET = "hunter2";

    static ConnectionOverride override(UnaryOperator<ConnectionOverride.Builder> change) {
        return change.apply(ConnectionOverride.builder()).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"db02", "DB02", "my_db", "db-02.eu.example", "10.0.0.7", "::1", "[::1]", "[2001:DB8::1]"})
    void aHostIsANameOrAnAddress(String host) {
        assertThat(override(options -> options.host(host)).host()).isEqualTo(host);
    }

    static Stream<Arguments> hostileHosts() {
        return Stream.of(
                arguments("db01@evil", "the host contains the character U+0040"),
                arguments("app:" + SECRET + "@evil", "the host contains the character U+0040"),
                arguments("db01,evil", "the host contains the character U+002C"),
                arguments("db01 evil", "the host contains the character U+0020"),
                arguments("db01\nevil", "the host contains the character U+000A"),
                arguments("db01\0evil", "the host contains the character U+0000"),
                arguments("db01/evil", "the host contains the character U+002F"),
                arguments("db01?ssl=false", "the host contains the character U+003F"),
                arguments("db01#evil", "the host contains the character U+0023"),
                arguments("db01%2eevil", "the host contains the character U+0025"),
                arguments("db01\\evil", "the host contains the character U+005C"),
                arguments("d\u044201", "the host contains the character U+0442"), // Cyrillic
                arguments("\uff44\uff4201", "the host contains the character U+FF44"), // full width
                arguments("db01\u3002evil", "the host contains the character U+3002"), // an ideographic full stop
                arguments("db\u200b01", "the host contains the character U+200B"), // a space of no width
                arguments("db01.", "the host is not a name or an address"),
                arguments("db01..evil", "the host is not a name or an address"),
                arguments("-db01", "the host is not a name or an address"),
                arguments("db01:5433", "the host is not a name or an address"),
                arguments("[db01]", "the host is not a name or an address"),
                arguments("[::1", "the host is not a name or an address"),
                arguments("[::1]:5433", "the host is not a name or an address"),
                arguments("::1%eth0", "the host contains the character U+0025"),
                arguments("1::2::3", "the host is not a name or an address"),
                arguments("d".repeat(254), "the host is not a name or an address"),
                arguments("", "the host is not a name or an address"),
                arguments(" ", "the host contains the character U+0020"));
    }

    @ParameterizedTest
    @MethodSource("hostileHosts")
    void whatIsNotOneHostIsRefusedWithoutQuotingIt(String host, String found) {
        assertThatThrownBy(() -> override(options -> options.host(host)))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage("The override cannot be used: " + found + ". Allowed: one host name or address in ASCII,"
                        + " without port and without a dot at its end. Correct the host, and give the port with"
                        + " port(..).")
                .hasMessageNotContaining(SECRET);
    }

    static Stream<Arguments> otherValues() {
        return Stream.of(
                arguments(
                        change(options -> options.port(0)),
                        "The override cannot be used: the port is 0. Allowed: 1 to 65535. Correct the port."),
                arguments(
                        change(options -> options.port(70_000)),
                        "The override cannot be used: the port is 70000. Allowed: 1 to 65535. Correct the port."),
                arguments(
                        change(options -> options.database(" ")),
                        "The override cannot be used: the database is blank. Allowed: 1 to 1000 characters, without"
                                + " control or invisible characters. Correct the database."),
                arguments(
                        change(options -> options.database("a.db\0.txt")),
                        "The override cannot be used: the database contains the character U+0000. Allowed: 1 to 1000"
                                + " characters, without control or invisible characters. Correct the database."),
                arguments(
                        change(options -> options.database("d".repeat(1001))),
                        "The override cannot be used: the database is too long. Allowed: 1 to 1000 characters, without"
                                + " control or invisible characters. Correct the database."),
                arguments(
                        change(options -> options.schema("s\u202e")),
                        "The override cannot be used: the schema contains the character U+202E. Allowed: 1 to 128"
                                + " characters, without control or invisible characters. Correct the schema."),
                arguments(
                        change(options -> options.credentials("", SECRET)),
                        "The override cannot be used: the user is blank. Allowed: 1 to 128 characters, without control"
                                + " or invisible characters. Correct the user."));
    }

    private static UnaryOperator<ConnectionOverride.Builder> change(UnaryOperator<ConnectionOverride.Builder> change) {
        return change;
    }

    @ParameterizedTest
    @MethodSource("otherValues")
    void whatCannotBeUsedIsRefusedInWords(UnaryOperator<ConnectionOverride.Builder> change, String message) {
        assertThatThrownBy(() -> override(change))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessage(message);
    }

    @Test
    void itsWordsShowNoUserAndNoPassword() {
        ConnectionOverride all = override(options ->
                options.host("db02").port(5433).database("shard02").schema("eu").credentials("root", SECRET));

        assertThat(all)
                .hasToString("[host=db02, port=5433, database=shard02, schema=eu, other credentials]")
                .isEqualTo(override(options -> options.credentials("root", SECRET)
                        .schema("eu")
                        .database("shard02")
                        .port(5433)
                        .host("db02")))
                .isNotEqualTo(override(options -> options.host("db02")));
        assertThat(String.valueOf(all.login())).isEqualTo("Login[***]");
        assertThat(all.isEmpty()).isFalse();
        assertThat(override(options -> options).isEmpty()).isTrue();
    }

    @Test
    void allowedHostsAreOneEach() {
        ConnectionDefinition orders = ConnectionDefinition.of("orders", "r2dbc:postgresql://db01/orders");

        assertThatThrownBy(() -> orders.withOverrides(allowed -> allowed.hosts("app:" + SECRET + "@db02,db03")))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: the allowed host 'db02,db03' is not one host. Allowed:"
                                + " one host name or address in ASCII, with or without a port, as in db02:5433 or [::1]:5433."
                                + " Write each host as a text of its own.");
        assertThatThrownBy(() -> orders.withOverrides(allowed -> allowed.hosts("db02:70000")))
                .isInstanceOf(InvalidDefinitionException.class);
        assertThatThrownBy(() -> orders.withOverrides(allowed -> allowed.maxPools(0)))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: maxPools is 0. Allowed: 1 to 10000. Set maxPools in that"
                                + " range.");
    }

    @Test
    void whatIsAllowedAddsUp() {
        ConnectionDefinition orders = ConnectionDefinition.of("orders", "r2dbc:postgresql://db01/orders")
                .withOverrides(allowed -> allowed.hosts("db02").maxPools(3))
                .withOverrides(allowed -> allowed.hosts("[::1]:5433").credentials(true));

        assertThat(orders.overrides())
                .hasToString(
                        "AllowedOverrides[hosts=[db02, [::1]:5433], directories=[], credentials=true, maxPools=3]");
        assertThat(orders.overrides().maxPools()).isEqualTo(3);
        assertThat(orders).isNotEqualTo(orders.withOverrides(allowed -> allowed.maxPools(4)));
        assertThat(orders).isEqualTo(orders.withOverrides(allowed -> allowed.maxPools(3)));
    }
}
