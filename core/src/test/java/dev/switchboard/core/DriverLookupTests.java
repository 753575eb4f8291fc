package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DriverLookupTests {

    @ParameterizedTest
    @CsvSource({
        "oracle, com.oracle.database.r2dbc:oracle-r2dbc",
        "sqlserver, io.r2dbc:r2dbc-mssql",
        "mssql, io.r2dbc:r2dbc-mssql"
    })
    void aMissingDriverIsAnsweredWithItsArtifact(String driver, String artifact) {
        ConnectionDefinition definition = ConnectionDefinition.of("orders", "r2dbc:" + driver + "://app@db/x");
        assertThatThrownBy(definition::open)
                .isInstanceOfSatisfying(DriverNotFoundException.class, missing -> {
                    assertThat(missing.artifact()).isEqualTo(artifact);
                    assertThat(missing.available())
                            .contains("h2", "mariadb", "mysql", "postgresql")
                            .doesNotContain("pool")
                            .isSorted();
                })
                .hasMessageStartingWith("Connection 'orders' needs the R2DBC driver '" + driver
                        + "', which is not on the class path. Drivers found: duckdb, h2, jdbc, mariadb, mysql, ")
                .hasMessageEndingWith("Add the Maven artifact " + artifact + ".");
    }

    @Test
    void aDriverThatNobodyKnowsHasNoArtifact() {
        assertThatThrownBy(ConnectionDefinition.ofDriver("orders", "acme")::open)
                .isInstanceOf(DriverNotFoundException.class)
                .hasMessageEndingWith("Correct the name of the driver, or add the Maven artifact that contains it.");
    }

    @Test
    void aMisspeltDriverIsAnsweredWithTheRightSpelling() {
        assertThatThrownBy(ConnectionDefinition.ofDriver("orders", "PostgresSQL")::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: there is no driver 'PostgresSQL'. Allowed: 'postgresql',"
                                + " 'postgres' and others. Correct the name of the driver.");
    }

    @Test
    void aDriverThatRefusesTheOptionsIsQuotedWithoutSecrets() {
        assertThatThrownBy(ConnectionDefinition.of("orders", "r2dbc:postgresql://db/x")::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasNoCause()
                .hasMessage(
                        "Connection 'orders' cannot be defined: the driver 'postgresql' refused its options (No value"
                                + " found for user). Allowed: what its documentation lists. Correct that option.");
        assertThatThrownBy(ConnectionDefinition.of("orders", "r2dbc:mysql://app:PREFERED@db/x?sslMode=prefered")::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("refused its options (")
                .message()
                .doesNotContain("PREFERED");
    }

    @Test
    void aDriverThatIsThereButDoesNotTakeTheOptionsIsNotCalledMissing() {
        assertThatThrownBy(ConnectionDefinition.of("orders", "r2dbc:h2:///x")::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Connection 'orders' cannot be defined: the driver 'h2' does not accept this combination of"
                        + " options. Allowed: what its documentation lists. Compare the protocol, the database and the"
                        + " names of the options with it.");
    }
}
