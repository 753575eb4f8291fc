package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTests {

    private static final String ORDERS = "r2dbc:postgresql://app:hunter2@db.example:6432/orders";

    @Test
    void thePartsOfAUrlAreRead() {
        DatabaseUrl url = DatabaseUrl.parse(ORDERS + "?sslMode=require");
        assertThat(url.driver()).isEqualTo("postgresql");
        assertThat(url.host()).isEqualTo("db.example");
        assertThat(url.port()).isEqualTo(6432);
        assertThat(url.user()).isEqualTo("app");
        assertThat(url.database()).isEqualTo("orders");
        assertThat(url.options()).isEqualTo(ConnectionFactoryOptions.parse(ORDERS + "?sslMode=require"));
    }

    @Test
    void whatAUrlDoesNotSayIsNull() {
        DatabaseUrl url = DatabaseUrl.parse("r2dbc:sqlite:///orders.db");
        assertThat(url.host()).isNull();
        assertThat(url.port()).isNull();
        assertThat(url.user()).isNull();
        assertThat(DatabaseUrl.parse("r2dbc:mysql://db").database()).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            r2dbc:postgresql://app:hunter2@db.example:6432/orders       | r2dbc:postgresql://app:***@db.example:6432/orders
            r2dbc:postgresql://app@db/orders                            | r2dbc:postgresql://app@db/orders
            r2dbc:postgresql:failover://app:hunter2@a:1,b:2/orders      | r2dbc:postgresql:failover://app:***@a:1,b:2/orders
            r2dbcs:mysql://a%40b:hunter2@db/x?tcpKeepAlive=true         | r2dbc:mysql://a%40b:***@db/x?ssl=true&tcpKeepAlive=true
            r2dbc:postgresql://db/x?sslPassword=hunter2&fetchSize=7     | r2dbc:postgresql://db/x?fetchSize=7&sslPassword=***
            r2dbc:sqlite:////var/orders.db                              | r2dbc:sqlite:////var/orders.db
            r2dbc:h2:mem:///orders;PASSWORD=hunter2                     | r2dbc:h2:mem:///orders
            r2dbc:h2:mem:///orders?options=MODE%3DMySQL                 | r2dbc:h2:mem:///orders?options=MODE%3DMySQL
            """)
    void theTextIsAUrlWithoutItsSecrets(String url, String shown) {
        assertThat(DatabaseUrl.parse(url)).hasToString(shown);
    }

    @Test
    void urlsThatSayTheSameAreEqual() {
        DatabaseUrl url = DatabaseUrl.parse(ORDERS + "?fetchSize=7&sslMode=require");
        assertThat(url)
                .isEqualTo(DatabaseUrl.parse(ORDERS + "?sslMode=require&fetchSize=7"))
                .hasSameHashCodeAs(DatabaseUrl.parse(ORDERS + "?sslMode=require&fetchSize=7"))
                .isNotEqualTo(DatabaseUrl.parse(ORDERS))
                .isNotEqualTo(DatabaseUrl.parse(ORDERS.replace("hunter2", "hunter3")));
    }

    @Test
    void anotherDatabaseKeepsAllElse() {
        DatabaseUrl url = DatabaseUrl.parse(ORDERS + "?sslMode=require");
        assertThat(url.withDatabase("tenant 7"))
                .isEqualTo(DatabaseUrl.parse(ORDERS.replace("/orders", "/tenant%207") + "?sslMode=require"));
        assertThat(url.database()).isEqualTo("orders");
        assertThat(DatabaseUrl.parse("r2dbc:mysql://db").withDatabase("x"))
                .isEqualTo(DatabaseUrl.parse("r2dbc:mysql://db/x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "x;INIT=RUNSCRIPT FROM '/tmp/x'", "x?sslMode=disable", "x#", "a\nb"})
    void aDatabaseThatCouldCarryMoreThanItsNameIsRefused(String database) {
        assertThatThrownBy(() -> DatabaseUrl.parse("r2dbc:h2:mem:///orders").withDatabase(database))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining(
                        "is not a name. Allowed: 1 to 1024 characters without ';', '?', '#' and hidden ones."
                                + " Correct the name of the database.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdbc:postgresql://app:hunter2@db/x", "r2dbc:postgresql//app:hunter2@db", "hunter2", ""})
    void whatCannotBeReadIsRefusedWithoutQuotingIt(String url) {
        assertThatThrownBy(() -> DatabaseUrl.parse(url))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasNoCause()
                .hasMessageStartingWith("Cannot be used: the URL ")
                .message()
                .doesNotContain("hunter2");
    }

    @Test
    void aDefinitionTakesIt() {
        assertThat(ConnectionDefinition.of("orders", DatabaseUrl.parse(ORDERS)))
                .isEqualTo(ConnectionDefinition.of("orders", ORDERS));
    }
}
