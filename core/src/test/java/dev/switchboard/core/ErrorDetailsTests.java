package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ErrorDetailsTests {

    @Test
    void gettersAnswerTheFactsThatProgramsNeed() {
        assertThat(new UnknownConnectionException("a", List.of("ab")).nearMisses())
                .containsExactly("ab");

        DriverNotFoundException driver = new DriverNotFoundException("a", "mysql", null, List.of("h2"));
        assertThat(driver.driver()).isEqualTo("mysql");
        assertThat(driver.artifact()).isNull();
        assertThat(driver.available()).containsExactly("h2");

        InvalidDefinitionException definition = new InvalidDefinitionException(null, "f", "a", "n");
        assertThat(definition.connectionName()).isNull();
        assertThat(definition.found()).isEqualTo("f");
        assertThat(definition.allowed()).isEqualTo("a");
        assertThat(definition.next()).isEqualTo("n");

        PoolCounts counts = new PoolCounts(1, 2, 3, 4, 5);
        AcquireTimeoutException acquire = new AcquireTimeoutException("a", Duration.ofSeconds(2), counts);
        assertThat(acquire.waited()).isEqualTo(Duration.ofSeconds(2));
        assertThat(acquire.counts()).isSameAs(counts);

        Throwable cause = new ConnectException();
        assertThat(new AuthenticationRefusedException("a", "app", cause).user()).isEqualTo("app");
        assertThat(new CannotConnectException("a", "h:1", cause).where()).isEqualTo("h:1");
        assertThat(new ConnectionReleasedException(null, "batch").operation()).isEqualTo("batch");
    }

    @Test
    void gettersOfTheHandlesErrorsAnswerToo() {
        OverlappingStatementException overlap =
                new OverlappingStatementException(null, "SELECT 2", "SELECT 1", Duration.ofSeconds(1));
        assertThat(overlap.waitingSql()).isEqualTo("SELECT 2");
        assertThat(overlap.openSql()).isEqualTo("SELECT 1");
        assertThat(overlap.waited()).isEqualTo(Duration.ofSeconds(1));

        TransactionStateException state = new TransactionStateException(null, "f", "n");
        assertThat(state.found()).isEqualTo("f");
        assertThat(state.next()).isEqualTo("n");

        TransactionLostException lost = new TransactionLostException(null, "SELECT 1", Duration.ofSeconds(3));
        assertThat(lost.abandonedSql()).isEqualTo("SELECT 1");
        assertThat(lost.drained()).isEqualTo(Duration.ofSeconds(3));

        UnsupportedFeatureException unsupported = new UnsupportedFeatureException(null, "p", "f", "n");
        assertThat(unsupported.product()).isEqualTo("p");
        assertThat(unsupported.feature()).isEqualTo("f");
        assertThat(unsupported.next()).isEqualTo("n");
    }

    @Test
    void missingFactsHaveWordsOfTheirOwn() {
        assertThat(new UnknownConnectionException("a", List.of()))
                .hasMessage("Connection 'a' is not registered. No registered name looks like it."
                        + " Correct the name, or register it with register(..).");
        assertThat(new DriverNotFoundException("a", "acme", null, List.of()))
                .hasMessage(
                        "Connection 'a' needs the R2DBC driver 'acme', which is not on the class path. Drivers found:"
                                + " none. Correct the name of the driver, or add the Maven artifact that contains it.");
        assertThat(new InvalidDefinitionException(null, "maxSize is 0", "1 or more", "Raise it"))
                .hasMessage("Cannot be used: maxSize is 0. Allowed: 1 or more. Raise it.");
        assertThat(new AuthenticationRefusedException("a", null, new ConnectException()))
                .hasMessageContaining("refused to log in its user.");
        assertThat(new ConnectionReleasedException(null, "batch"))
                .hasMessageStartingWith("The connection: batch was asked of");
        assertThat(new ValidationFailedException("a", null).facts()).containsOnlyKeys("connectionName");
    }

    @Test
    void factsKeepTheOrderOfTheMessage() {
        AcquireTimeoutException error =
                new AcquireTimeoutException("a", Duration.ofSeconds(1), new PoolCounts(1, 2, 3, 4, 5));
        assertThat(error.facts().keySet())
                .containsExactly("connectionName", "waited", "inUse", "idle", "opening", "waiting", "max");
    }

    @Test
    void whoWaitsWhereOneConnectionWritesHearsWhichKindWasMissing() {
        assertThat(AcquireTimeoutException.reading("a", Duration.ofSeconds(2), new PoolCounts(3, 0, 0, 7, 3), null))
                .hasMessage(
                        "Connection 'a': none of the connections that read became free within 2 s (in use 3, idle 0,"
                                + " opening 0, waiting 7, max 3; one more is kept for writing). Hold connections for a shorter"
                                + " time, or raise maxSize or acquireTimeout of its PoolOptions.");
        AcquireTimeoutException writing = AcquireTimeoutException.writing(
                "a",
                Duration.ofSeconds(2),
                new PoolCounts(1, 0, 0, 7, 1),
                "[DELETE FROM audit]",
                Duration.ofSeconds(90));
        assertThat(writing)
                .hasMessage(
                        "Connection 'a': its one writer did not become free within 2 s; [DELETE FROM audit] has held it"
                                + " for 90 s, and 7 others wait. Keep what writes short and close its connection, read in"
                                + " read-only transactions, or raise acquireTimeout of its PoolOptions or the lock wait"
                                + " time-out.");
        assertThat(writing.facts())
                .containsEntry("heldBy", "[DELETE FROM audit]")
                .containsEntry("heldFor", Duration.ofSeconds(90));
    }

    @Test
    void aHostileNameIsShortenedAndItsHiddenCharactersAreShown() {
        UnknownConnectionException longName = new UnknownConnectionException("x".repeat(10_000), List.of());
        assertThat(longName).hasMessageStartingWith("Connection '" + "x".repeat(60) + "... (10000 characters)' is not");
        assertThat(longName.getMessage()).hasSizeLessThan(250);
        assertThat(longName.facts().get("connectionName").toString()).hasSizeLessThan(100);
        assertThat(longName.connectionName()).hasSize(10_000);

        UnknownConnectionException forged =
                new UnknownConnectionException("a\r\nINFO all \u001b[32mgood\u202e", List.of());
        assertThat(forged).hasMessageStartingWith("Connection 'a\\u000D\\u000AINFO all \\u001B[32mgood\\u202E' is not");
        assertThat(forged.facts()).containsEntry("connectionName", "a\\u000D\\u000AINFO all \\u001B[32mgood\\u202E");

        UnknownConnectionException halves = new UnknownConnectionException("x".repeat(59) + "\ud83d\ude00y", List.of());
        assertThat(halves.getMessage()).startsWith("Connection '" + "x".repeat(59) + "... (62 characters)'");
    }

    @Test
    void sqlIsShortenedToOneLineOfAtMost120Characters() {
        String sql = "SELECT  *\n\tFROM t WHERE a IN (" + "?, ".repeat(10_000) + "?)";
        TransactionLostException lost = new TransactionLostException("a", sql, Duration.ofSeconds(1));
        assertThat(lost.abandonedSql())
                .hasSize(120)
                .startsWith("SELECT * FROM t WHERE a IN (?, ?,")
                .endsWith("...");
        assertThat(new TransactionLostException("a", "S".repeat(120), Duration.ofSeconds(1)).abandonedSql())
                .isEqualTo("S".repeat(120));
    }

    @Test
    void theCodesOfADriverAreFoundBehindAWrapper() {
        R2dbcException driverError = new io.r2dbc.spi.R2dbcTransientResourceException("gone", "08006", 7);
        OutcomeUnknownException error = new OutcomeUnknownException("a", new IllegalStateException(driverError));
        assertThat(error.getSqlState()).isEqualTo("08006");
        assertThat(error.getErrorCode()).isEqualTo(7);
        assertThat(error.facts()).containsEntry("cause", "R2dbcTransientResourceException");
    }

    @Test
    void aPlaceIsShownWithoutUserAndPassword() {
        assertThat(where("app:pass/word@db:5432")).isEqualTo("db:5432");
        assertThat(where("r2dbc:mysql://app:hush/w@rd@db:3306")).isEqualTo("db:3306");
        assertThat(where("app:hush@db:5432")).isEqualTo("db:5432");
        assertThat(where("[::1]:5432")).isEqualTo("[::1]:5432");
        assertThat(where("/data/a@b.db")).isEqualTo("/data/a@b.db");
    }

    private static String where(String where) {
        return new CannotConnectException("a", where, new ConnectException()).where();
    }

    @Test
    void durationsAreWrittenAsPeopleSayThem() {
        assertThat(ErrorText.duration(Duration.ZERO)).isEqualTo("0 ms");
        assertThat(ErrorText.duration(Duration.ofMillis(300))).isEqualTo("300 ms");
        assertThat(ErrorText.duration(Duration.ofMillis(1050))).isEqualTo("1.05 s");
        assertThat(ErrorText.duration(Duration.ofSeconds(30))).isEqualTo("30 s");
        assertThat(ErrorText.duration(Duration.ofMinutes(10))).isEqualTo("10 min");
        assertThat(ErrorText.duration(Duration.ofHours(24))).isEqualTo("24 h");
        assertThat(ErrorText.duration(Duration.ofMillis(-100_500))).isEqualTo("-100.5 s");
        assertThat(ErrorText.duration(Duration.ofDays(365))).isEqualTo("365 days");
        assertThat(ErrorText.duration(Duration.ofSeconds(Long.MAX_VALUE))).endsWith(" days");
    }
}
