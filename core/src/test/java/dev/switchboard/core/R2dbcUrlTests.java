package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class R2dbcUrlTests {

    private static final String FORM = "r2dbc:driver://user:password@host:port/database?option=value";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            "  " | the URL is blank | Write the URL in that form
            " r2dbc:mysql://h" | the URL contains a space, a line break or a control character | Remove it, or write it percent-encoded (a space is %20)
            r2dbc:mysql://app:hunter 2@h | the URL contains a space, a line break or a control character | Remove it, or write it percent-encoded (a space is %20)
            jdbc:mysql://app:hunter2@h | the URL is a JDBC URL | Start it with r2dbc: and the name of the driver
            mysql://app:hunter2@h | the URL does not start with r2dbc: or r2dbcs: | Start it with r2dbc: and the name of the driver
            r2dbc://app:hunter2@h | the URL names no driver | Write the driver between r2dbc: and ://, for example r2dbc:postgresql://
            r2dbcs://app:hunter2@h | the URL names no driver | Write the driver between r2dbc: and ://, for example r2dbc:postgresql://
            r2dbc:mysql:app:hunter2@h | the URL has no '://' behind the driver | Write the driver between r2dbc: and ://, for example r2dbc:postgresql://
            r2dbc:app:hunter2@://h | the part of the URL before '://' is not the name of a driver | Write the driver between r2dbc: and ://, for example r2dbc:postgresql://
            r2dbc:pool:mysql://app:hunter2@h | its driver is a pool | Name the driver itself, as in r2dbc:postgresql://, and size the pool with withPool(..)
            r2dbc:proxy:mysql://app:hunter2@h | its driver is a proxy that hides what the driver behind it can do | Name the driver itself, as in r2dbc:postgresql://
            r2dbc:mysql://app:hunter2@h:33O6/db | the port is not a number from 1 to 65535 | Correct the port; a ':' or '@' in the user or password is written %3A or %40
            r2dbc:mysql://app:hunter2@h:0/db | the port is not a number from 1 to 65535 | Correct the port; a ':' or '@' in the user or password is written %3A or %40
            r2dbc:mysql://app:hunter2@h:65536/db | the port is not a number from 1 to 65535 | Correct the port; a ':' or '@' in the user or password is written %3A or %40
            r2dbc:postgresql:failover://app:hunter2@a:1,b:x/db | the port is not a number from 1 to 65535 | Correct the port; a ':' or '@' in the user or password is written %3A or %40
            r2dbc:mysql://app:hunter2 | the port is not a number from 1 to 65535 | Correct the port; a ':' or '@' in the user or password is written %3A or %40
            r2dbc:mysql://app:hunter2@/db | the host is empty | Write the host behind the '@', or behind '://' without a user
            r2dbc:mysql://:3306/db | the host is empty | Write the host behind the '@', or behind '://' without a user
            r2dbc:mysql://::1:3306/db | the host is empty | Write the host behind the '@', or behind '://' without a user
            r2dbc:mysql://fe80::1/db | the host contains more than one ':' | Write an IPv6 address in brackets, as in [::1]:5432, and a ':' in the user or password as %3A
            r2dbc:mysql://h/db?password=hunter2 | the option 'password' stands behind '?' | Write it in its own place in the URL
            r2dbc:mysql://h/db?ssl=true&user=hunter2 | the option 'user' stands behind '?' | Write it in its own place in the URL
            r2dbc:mysql://h/db?hunter2 | an option behind '?' has no name or no '=' | Write it as option=value
            r2dbc:mysql://h/db?=hunter2 | an option behind '?' has no name or no '=' | Write it as option=value
            r2dbc:mysql://h/db?a=b#hunter2 | the URL has a part behind '#', which no driver reads | Write # as %23
            r2dbc:mysql://app:hunter%2@h/db | the URL cannot be read (Malformed escape pair) | Write special characters percent-encoded, a '%' itself as %25
            r2dbc:mysql://app:<hunter2>@h/db | the URL cannot be read (Illegal character in authority) | Write special characters percent-encoded, a '%' itself as %25
            r2dbc:mysql://h/db?pass%77ord=hunter2 | the URL cannot be read (a percent-encoded character or an option behind '?' is wrong) | Write special characters percent-encoded, a '%' itself as %25
            """)
    void aBadUrlIsRefusedByThePartThatIsWrong(String url, String found, String next) {
        InvalidDefinitionException refusal = refusal(url);
        assertThat(refusal.found()).isEqualTo(found);
        assertThat(refusal.next()).isEqualTo(next);
        assertThat(refusal).hasMessageStartingWith("Connection 'orders' cannot be defined: " + found + ". Allowed: ");
        assertThat(refusal).hasMessageEndingWith(". " + next + ".");
        assertThat(refusal.toString() + refusal.facts())
                .doesNotContain("hunter")
                .doesNotContain("app:");
        assertThat(refusal).hasNoCause();
    }

    @Test
    void theAllowedFormIsWrittenOut() {
        assertThat(refusal("mysql").allowed()).isEqualTo(FORM);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "r2dbc:mysql://app:hu/hunter2@h/db",
                "r2dbc:mysql://app:12/hunter2@h/db",
                "r2dbc:mysql://app:12?hunter2@h/db",
                "r2dbc:mysql://app:12#hunter2@h/db",
                "r2dbc:mysql://app:12/hunter2@h:3306/db?sslMode=required"
            })
    void aSpecialCharacterInThePasswordIsExplained(String url) {
        InvalidDefinitionException refusal = refusal(url);
        assertThat(refusal.found()).isEqualTo("a '/', '?' or '#' stands before the '@' that ends user and password");
        assertThat(refusal.next())
                .isEqualTo("Write the user and the password percent-encoded (/ is %2F, ? is %3F, # is %23),"
                        + " and an '@' behind the host as %40");
        assertThat(refusal.toString()).doesNotContain("hunter2").doesNotContain("app");
    }

    @Test
    void everyPartOfAGoodUrlIsRead() {
        ConnectionFactoryOptions options = R2dbcUrl.parse(
                "orders",
                "r2dbcs:postgresql:failover://app:hunter2%2F%40%3A@db.example:6432/orders?applicationName=a%20b");
        assertThat(options.getValue(ConnectionFactoryOptions.DRIVER)).isEqualTo("postgresql");
        assertThat(options.getValue(ConnectionFactoryOptions.PROTOCOL)).isEqualTo("failover");
        assertThat(options.getValue(ConnectionFactoryOptions.SSL)).isEqualTo(true);
        assertThat(options.getValue(ConnectionFactoryOptions.USER)).isEqualTo("app");
        assertThat(options.getValue(ConnectionFactoryOptions.PASSWORD)).hasToString("hunter2/@:");
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("db.example");
        assertThat(options.getValue(ConnectionFactoryOptions.PORT)).isEqualTo(6432);
        assertThat(options.getValue(ConnectionFactoryOptions.DATABASE)).isEqualTo("orders");
        assertThat(options.getValue(io.r2dbc.spi.Option.valueOf("applicationName")))
                .isEqualTo("a b");
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:mysql://my_db:3307/x, my_db, 3307",
        "r2dbc:mysql://a:hush@my_db:3307/x, my_db, 3307",
        "r2dbc:mysql://a:hush@c@my_db:3307/x, my_db, 3307",
        "r2dbc:mysql://my_db/x, my_db,",
        "r2dbc:mysql://10.0.0.1:3307/x, 10.0.0.1, 3307",
        "r2dbc:mysql://[::1]:3307/x, [::1], 3307",
        "r2dbc:mysql://h:/x, h,"
    })
    void hostAndPortComeApartForEveryKindOfHost(String url, String host, Integer port) {
        ConnectionFactoryOptions options = R2dbcUrl.parse("orders", url);
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo(host);
        assertThat(options.getValue(ConnectionFactoryOptions.PORT)).isEqualTo(port);
    }

    @Test
    void severalHostsKeepTheirPorts() {
        ConnectionFactoryOptions options = R2dbcUrl.parse("orders", "r2dbc:postgresql:failover://u:hush@a_1:1,b:2/x");
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("a_1:1,b:2");
    }

    @Test
    void aFileNeedsNoHostAndMayContainAnAtSign() {
        ConnectionFactoryOptions options = R2dbcUrl.parse("orders", "r2dbc:h2:file:///data/a@b");
        assertThat(options.getValue(ConnectionFactoryOptions.DATABASE)).isEqualTo("data/a@b");
        assertThat(options.hasOption(ConnectionFactoryOptions.HOST)).isFalse();
    }

    private static InvalidDefinitionException refusal(String url) {
        InvalidDefinitionException refusal =
                catchThrowableOfType(InvalidDefinitionException.class, () -> ConnectionDefinition.of("orders", url));
        assertThat(refusal).as("%s is refused", url).isNotNull();
        return refusal;
    }
}
