package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class SqliteTypeTests {
    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    private Object read(String sql, Function<Row, Object> reader) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> Mono.justOrEmpty(reader.apply(row))))
                .concatMap(value -> value)
                .blockLast(PATIENCE);
    }

    private void write(String declared, Object value) {
        run(connection, "DROP TABLE IF EXISTS t", "CREATE TABLE t (v " + declared + ")");
        Flux.from(connection
                        .createStatement("INSERT INTO t VALUES (?)")
                        .bind(0, value)
                        .execute())
                .concatMap(Result::getRowsUpdated)
                .blockLast(PATIENCE);
    }

    static Stream<Object> values() {
        LocalDateTime time = LocalDateTime.of(2024, 1, 2, 3, 4, 5, 123_456_789);
        return Stream.of(
                Integer.MIN_VALUE,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                (short) -7,
                (byte) -8,
                1.0e-300,
                -0.1f,
                Float.MAX_VALUE,
                Double.NEGATIVE_INFINITY,
                true,
                false,
                'x',
                "",
                "embedded \0 nul, ümlaut, 😀",
                new BigDecimal("-1234567.125"),
                new BigDecimal("9223372036854775807"),
                new BigInteger("-9223372036854775808"),
                LocalDate.of(2024, 2, 29),
                LocalDate.of(-44, 3, 15),
                LocalTime.of(23, 59),
                LocalTime.of(0, 0, 0, 1),
                time,
                time.withNano(0),
                time.withNano(500_000_000),
                time.atOffset(ZoneOffset.ofHoursMinutes(-9, -30)),
                time.atZone(ZoneId.of("Europe/Berlin")),
                time.atZone(ZoneOffset.UTC),
                Instant.EPOCH,
                Instant.parse("2024-01-02T03:04:05.000001Z"),
                UUID.fromString("12345678-1234-1234-1234-123456789abc"),
                DayOfWeek.FRIDAY);
    }

    @ParameterizedTest
    @MethodSource("values")
    void aValueComesBackAsItWasStored(Object value) {
        write("BLOB", value);
        Object back = read("SELECT v FROM t", row -> row.get(0, value.getClass()));
        assertThat(back).isEqualTo(value);
    }

    @Test
    void bytesComeBackAsTheyWereStored() {
        byte[] bytes = {0, 1, -1, 0};
        write("BLOB", bytes);
        assertThat(read("SELECT v FROM t", row -> row.get(0, byte[].class))).isEqualTo(bytes);
        assertThat(read("SELECT v FROM t", row -> row.get(0))).isEqualTo(ByteBuffer.wrap(bytes));
        ByteBuffer part = ByteBuffer.wrap(bytes, 1, 2);
        write("BLOB", part);
        assertThat(part.remaining()).isEqualTo(2);
        assertThat(read("SELECT v FROM t", row -> row.get(0, ByteBuffer.class)))
                .isEqualTo(ByteBuffer.wrap(new byte[] {1, -1}));
        write("BLOB", new byte[0]);
        assertThat(read("SELECT v FROM t", row -> row.get(0, byte[].class))).isEqualTo(new byte[0]);
    }

    @Test
    void largeObjectsAreStreamedInAndOut() {
        write("BLOB", Blob.from(Flux.just("ab", "cd").map(StandardCharsets.UTF_8::encode)));
        Blob blob = (Blob) read("SELECT v FROM t", row -> row.get(0, Blob.class));
        assertThat(Flux.from(blob.stream())
                        .map(part -> StandardCharsets.UTF_8.decode(part).toString())
                        .blockLast(PATIENCE))
                .isEqualTo("abcd");
        write("TEXT", Clob.from(Flux.just("ab", "cd")));
        Clob clob = (Clob) read("SELECT v FROM t", row -> row.get(0, Clob.class));
        assertThat(Flux.from(clob.stream()).blockLast(PATIENCE).toString()).isEqualTo("abcd");
    }

    @Test
    void theDeclaredTypeDecidesWhatAnUntypedGetGives() {
        run(connection, """
                  CREATE TABLE d (b BOOLEAN, big BIGINT, i INTEGER, dec DECIMAL(20, 4), da DATE, ti TIME, ts TIMESTAMP,
                    tz TIMESTAMP WITH TIME ZONE, vc VARCHAR(10), r REAL, bl BLOB)\
                  """, """
                  INSERT INTO d VALUES (1, 2, 3, 4.5, '2024-01-02', '03:04:05', '2024-01-02T03:04:05.123456',
                    '2024-01-02 03:04:05+02:00', 'x', 1, x'01')\
                  """);
        Object natural = read(
                "SELECT * FROM d",
                row -> Stream.iterate(0, i -> i < 11, i -> i + 1).map(row::get).toList());
        assertThat(natural)
                .isEqualTo(List.of(
                        true,
                        2L,
                        3,
                        new BigDecimal("4.5"),
                        LocalDate.of(2024, 1, 2),
                        LocalTime.of(3, 4, 5),
                        LocalDateTime.of(2024, 1, 2, 3, 4, 5, 123_456_000),
                        OffsetDateTime.parse("2024-01-02T03:04:05+02:00"),
                        "x",
                        1.0,
                        ByteBuffer.wrap(new byte[] {1})));
        Object types = read(
                "SELECT * FROM d",
                row -> row.getMetadata().getColumnMetadatas().stream()
                        .map(column -> column.getType())
                        .toList());
        assertThat(((List<?>) types).get(3)).isEqualTo(R2dbcType.DECIMAL);
        assertThat(read(
                        "SELECT dec FROM d",
                        row -> row.getMetadata().getColumnMetadata(0).getPrecision()))
                .isEqualTo(20);
        assertThat(read(
                        "SELECT dec FROM d",
                        row -> row.getMetadata().getColumnMetadata(0).getScale()))
                .isEqualTo(4);
    }

    @Test
    void aValueThatIsNotOfTheDeclaredFormIsGivenAsItIsStored() {
        run(connection, "CREATE TABLE d (v DATE, b BOOLEAN)", "INSERT INTO d VALUES ('soon', 7)");
        assertThat(read("SELECT v FROM d", row -> row.get(0))).isEqualTo("soon");
        assertThat(read("SELECT b FROM d", row -> row.get(0))).isEqualTo(7);
    }

    @Test
    void aDeclaredWordThatSqliteDoesNotKnowPromisesNothing() {
        run(connection, "CREATE TABLE d (j JSON, u UUID)", "INSERT INTO d VALUES ('5', '5e1')");
        assertThat(read("SELECT j FROM d", row -> row.get(0))).isEqualTo(5);
        assertThat(read(
                        "SELECT j FROM d",
                        row -> row.getMetadata().getColumnMetadata(0).getJavaType()))
                .isEqualTo(Object.class);
        assertThat(read(
                        "SELECT j FROM d",
                        row -> row.getMetadata().getColumnMetadata(0).getNativeTypeMetadata()))
                .isEqualTo("JSON");
    }

    @Test
    void sqlitesOwnTimestampsAreRead() {
        run(connection, "CREATE TABLE d (v TIMESTAMP DEFAULT CURRENT_TIMESTAMP, i)", "INSERT INTO d (i) VALUES (1)");
        assertThat((LocalDateTime) read("SELECT v FROM d", row -> row.get(0, LocalDateTime.class)))
                .isBetween(
                        LocalDateTime.now(ZoneOffset.UTC).minusMinutes(1),
                        LocalDateTime.now(ZoneOffset.UTC).plusMinutes(1));
        write("TIMESTAMP", LocalDateTime.of(2024, 1, 2, 3, 4, 5));
        assertThat(read("SELECT v = datetime('2024-01-02T03:04:05') FROM t", row -> row.get(0)))
                .isEqualTo(1);
        write("TIMESTAMP", ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 0, ZoneOffset.ofHours(2)));
        assertThat(read("SELECT datetime(v) FROM t", row -> row.get(0))).isEqualTo("2024-01-02 01:04:05");
    }

    @Test
    void whatWouldLoseSomethingIsRefused() {
        assertThatThrownBy(() -> write("REAL", Double.NaN)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> write("INTEGER", BigInteger.ONE.shiftLeft(64))).hasMessageContaining("64 bits");
        run(
                connection,
                "CREATE TABLE d (big, frac, word, bytes, digits, moment, there, huge)",
                "INSERT INTO d VALUES (9223372036854775807, 1.5, 'hidden', x'00', '1.00000000000000000001',"
                        + " '2024-01-02 10:00', '2024-01-02 00:00+02:00', '1E100000000')");
        for (Function<Row, Object> lossy : List.<Function<Row, Object>>of(
                row -> row.get("big", Integer.class),
                row -> row.get("big", Double.class),
                row -> row.get("big", Float.class),
                row -> row.get("digits", Double.class),
                row -> row.get("frac", Integer.class),
                row -> row.get("frac", Long.class),
                row -> row.get("word", Integer.class),
                row -> row.get("word", Boolean.class),
                row -> row.get("word", LocalDate.class),
                row -> row.get("word", UUID.class),
                row -> row.get("huge", BigInteger.class),
                row -> row.get("huge", Long.class),
                row -> row.get("huge", Double.class),
                row -> row.get("word", DayOfWeek.class),
                row -> row.get("big", LocalDateTime.class),
                row -> row.get("moment", LocalDate.class),
                row -> row.get("moment", LocalTime.class),
                row -> row.get("there", LocalDateTime.class),
                row -> row.get("there", LocalDate.class),
                row -> row.get("bytes", String.class),
                row -> row.get("word", Thread.class))) {
            assertThatThrownBy(() -> read("SELECT * FROM d", lossy))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cannot be read as")
                    .satisfies(error -> assertThat(
                                    new StringWriter() {
                                        {
                                            error.printStackTrace(new PrintWriter(this));
                                        }
                                    }.toString())
                            .as("what is stored is nobody's affair")
                            .doesNotContain("hidden", "2024-01-02"));
        }
    }

    @Test
    void whatLosesNothingIsRead() {
        run(connection, "CREATE TABLE d (big)", "INSERT INTO d VALUES (9223372036854775807)");
        assertThat(read("SELECT 1.1", row -> row.get(0, float.class))).isEqualTo(1.1f);
        assertThatThrownBy(() -> read("SELECT 1.123456789", row -> row.get(0, float.class)))
                .hasMessageContaining("lose digits");
        assertThat(read("SELECT '0.1'", row -> row.get(0, double.class))).isEqualTo(0.1);
        assertThat(read("SELECT big FROM d", row -> row.get(0, long.class))).isEqualTo(Long.MAX_VALUE);
        assertThat(read("SELECT big FROM d", row -> row.get(0, Number.class))).isEqualTo(Long.MAX_VALUE);
        assertThat(read("SELECT big FROM d", row -> row.get(0, String.class))).isEqualTo("9223372036854775807");
    }

    @Test
    void anUnsupportedTypeIsRefusedWhenItIsBound() {
        assertThatThrownBy(() -> write("BLOB", new Object()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Object")
                .hasMessageContaining("BigDecimal");
        assertThatThrownBy(() -> connection.createStatement("SELECT ?").bindNull(0, Thread.class))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void columnsAreFoundWithoutRegardToCaseAndTheFirstOfEqualNamesWins() {
        String sql = "SELECT 1 AS Name, 2 AS name, 3 AS other";
        assertThat(read(sql, row -> row.get("NAME"))).isEqualTo(1);
        assertThat(read(sql, row -> row.getMetadata().contains("OTHER"))).isEqualTo(true);
        assertThat(read(sql, row -> row.getMetadata().contains("nobody"))).isEqualTo(false);
        for (Function<Row, Object> wrong : List.<Function<Row, Object>>of(
                row -> row.get(-1), row -> row.get(3), row -> row.getMetadata().getColumnMetadata(3))) {
            assertThatThrownBy(() -> read(sql, wrong)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        for (Function<Row, Object> wrong : List.<Function<Row, Object>>of(
                row -> row.get("nobody"), row -> row.getMetadata().getColumnMetadata("nobody"))) {
            assertThatThrownBy(() -> read(sql, wrong))
                    .isInstanceOf(NoSuchElementException.class)
                    .hasMessageContaining("[Name, name, other]");
        }
        assertThatThrownBy(() -> read(sql, row -> row.get((String) null))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read(sql, row -> row.get(0, (Class<Object>) null)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNullIsNullInEveryType() {
        assertThat(read("SELECT NULL", row -> row.get(0) == null && row.get(0, LocalDate.class) == null))
                .isEqualTo(true);
    }

    @Test
    void aRowStaysValidAfterItsMappingFunction() {
        List<Row> rows = Flux.from(connection.createStatement("VALUES (1), (2)").execute())
                .concatMap(result -> result.map((row, metadata) -> row))
                .collectList()
                .block(PATIENCE);
        assertThat(rows).extracting(row -> row.get(0)).containsExactly(1, 2);
    }
}
