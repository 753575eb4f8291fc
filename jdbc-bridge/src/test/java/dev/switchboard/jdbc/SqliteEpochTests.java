package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/** Points in time as milliseconds, where the option asks for them. */
class SqliteEpochTests {
    private static final OffsetDateTime TIME =
            LocalDateTime.of(2024, 1, 2, 3, 4, 5, 678_000_000).atOffset(ZoneOffset.ofHours(2));

    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.at(
                        directory.resolve("test.db"), Map.of(SqliteConnectionFactoryProvider.TIMES, "epoch_millis"))
                .open();
        run(connection, "CREATE TABLE t (ts TIMESTAMP, tz TIMESTAMPTZ, d DATE, n INTEGER)");
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    private void write(Object ts, Object tz) {
        Flux.from(connection
                        .createStatement("INSERT INTO t VALUES (?, ?, ?, ?)")
                        .bind(0, ts)
                        .bind(1, tz)
                        .bind(2, LocalDate.of(2024, 1, 2))
                        .bind(3, 5)
                        .execute())
                .concatMap(Result::getRowsUpdated)
                .blockLast(PATIENCE);
    }

    @Test
    void pointsInTimeAreNumbersAndComeBackAsWhatIsAsked() {
        write(TIME.toLocalDateTime(), TIME);
        assertThat(values(connection, "SELECT typeof(ts) || typeof(tz) || typeof(d) FROM t"))
                .containsExactly("integerintegertext");
        assertThat(values(connection, "SELECT unixepoch('2024-01-02 01:04:05') * 1000 + 678 = tz FROM t"))
                .containsExactly(1);
        Flux.from(connection.createStatement("SELECT * FROM t").execute())
                .concatMap(result -> result.map((row, metadata) -> {
                    OffsetDateTime utc = TIME.withOffsetSameInstant(ZoneOffset.UTC);
                    assertThat(row.get("ts")).isEqualTo(TIME.toLocalDateTime());
                    assertThat(row.get("tz")).isEqualTo(utc);
                    assertThat(row.get("tz", Instant.class)).isEqualTo(TIME.toInstant());
                    assertThat(row.get("tz", ZonedDateTime.class)).isEqualTo(utc.toZonedDateTime());
                    assertThat(row.get("d")).isEqualTo(LocalDate.of(2024, 1, 2));
                    assertThat(row.get("n")).isEqualTo(5);
                    assertThat(row.get("tz", Long.class))
                            .isEqualTo(TIME.toInstant().toEpochMilli());
                    assertThatThrownBy(() -> row.get("ts", LocalDate.class)).hasMessageContaining("LocalDateTime");
                    return row;
                }))
                .blockLast(PATIENCE);
    }

    @Test
    void whatIsFinerThanAMillisecondIsRefused() {
        assertThatThrownBy(() -> write(TIME.toLocalDateTime().withNano(1), TIME))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("fraction of a millisecond", "times=TEXT");
    }

    @Test
    void textIsReadToo() {
        run(connection, "INSERT INTO t (ts) VALUES ('2024-01-02 03:04:05')");
        assertThat(values(connection, "SELECT ts FROM t")).containsExactly(LocalDateTime.of(2024, 1, 2, 3, 4, 5));
    }

    @Test
    void whatIsTooFarAwayForANumberIsRefused() {
        assertThatThrownBy(() ->
                        connection.createStatement("SELECT ?").bind(0, Instant.MAX.truncatedTo(ChronoUnit.SECONDS)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("too far away", "times=TEXT");
    }
}
