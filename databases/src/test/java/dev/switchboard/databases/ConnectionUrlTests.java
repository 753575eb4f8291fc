package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The database of a URL can be replaced, whatever else the URL says. */
class ConnectionUrlTests {

    @ParameterizedTest
    @CsvSource({
        "r2dbc:mysql://app:hush@there:1234, r2dbc:mysql://app:hush@there:1234/fruit",
        "r2dbc:mysql://app:hush@there:1234/, r2dbc:mysql://app:hush@there:1234/fruit",
        "r2dbc:mysql://app@there/old?sslMode=DISABLED, r2dbc:mysql://app@there/fruit?sslMode=DISABLED",
        "r2dbc:mysql://app@there?sslMode=DISABLED, r2dbc:mysql://app@there/fruit?sslMode=DISABLED",
        "r2dbcs:postgresql://app@there/old, r2dbcs:postgresql://app@there/fruit"
    })
    void onlyTheDatabaseIsReplaced(String url, String expected) {
        assertThat(new ConnectionUrl(url).withDatabase("fruit").text()).isEqualTo(expected);
    }

    @Test
    void whereThereIsNoPortTheProductKnowsIt() {
        assertThat(new ConnectionUrl("r2dbc:mysql://app@there").port(Product.MYSQL))
                .isEqualTo(3306);
        assertThat(new ConnectionUrl("r2dbc:mysql://app@there:7").port(Product.MYSQL))
                .isEqualTo(7);
    }

    @Test
    void thePasswordIsNotPrinted() {
        ConnectionUrl url = new ConnectionUrl("r2dbc:mysql://app:hush@there:1234/fruit");
        assertThat(url.password()).isEqualTo("hush");
        assertThat(url).asString().contains("there").doesNotContain("hush");
    }

    @Test
    void aUrlOfAnotherFormIsRefusedInWords() {
        assertThatThrownBy(() -> new ConnectionUrl("r2dbc:h2:mem:///old").withDatabase("fruit"))
                .hasMessageContaining("r2dbc:driver://user:password@host:port/database");
    }
}
