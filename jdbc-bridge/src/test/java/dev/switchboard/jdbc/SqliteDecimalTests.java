package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A decimal number comes back equal from a column of any type, or is refused; nothing is rounded in silence. */
class SqliteDecimalTests {
    private static final BigDecimal EXACT_IN_REAL = new BigDecimal(1L << 53);

    @TempDir
    Path directory;

    private Connection connection;

    private void open(Map<io.r2dbc.spi.Option<?>, ?> options) {
        connection = TestDatabase.at(directory.resolve("test.db"), options).open();
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    private static List<BigDecimal> numbers() {
        List<BigDecimal> numbers = new ArrayList<>(Stream.of(
                        "12345678901234567890.1234",
                        "9007199254740993.5",
                        "9007199254740993",
                        "9007199254740993.00",
                        "9223372036854775807",
                        "-9223372036854775808",
                        "9223372036854775808",
                        "1E+400",
                        "1E-400",
                        "1E+1000000000",
                        "1E-1000000000",
                        "0E+1000000000",
                        "0E-1000000000",
                        "0.00",
                        "10.00",
                        "1.50",
                        "8.2877925815652",
                        "8.28779258156523",
                        "0.000986",
                        "-0.1",
                        "123456789012345",
                        "1234567890123456.1",
                        "1E+20",
                        "1E+18",
                        "1.23456789012345E-300",
                        "1.23456789012345E-310",
                        "1.7976931348623157E+308",
                        "9.99999999999999E+307",
                        "4.9E-324")
                .map(BigDecimal::new)
                .toList());
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            BigInteger digits = new BigInteger(1 + random.nextInt(64), random);
            numbers.add(new BigDecimal(digits, random.nextInt(620) - 310).negate());
            numbers.add(new BigDecimal(digits, random.nextInt(20)));
        }
        return numbers;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DECIMAL(30, 10)",
                "NUMERIC",
                "INTEGER",
                "REAL",
                "TEXT",
                "BLOB",
                "",
                "INTEGER STRICT",
                "REAL STRICT",
                "TEXT STRICT",
                "BLOB STRICT",
                "ANY STRICT"
            })
    void aDecimalNumberComesBackEqualOrIsRefused(String declared) {
        open(Map.of());
        boolean strict = declared.endsWith(" STRICT");
        run(connection, "CREATE TABLE t (v " + declared.replace(" STRICT", "") + ")" + (strict ? " STRICT" : ""));
        int kept = 0;
        await(connection.beginTransaction());
        for (BigDecimal number : numbers()) {
            // A whole number in a column of floating-point numbers is rounded whatever Java type it has.
            boolean roundedByReal = declared.startsWith("REAL")
                    && number.scale() > -20
                    && number.stripTrailingZeros().scale() <= 0
                    && number.abs().compareTo(EXACT_IN_REAL) > 0;
            if (!roundedByReal && isStored(number)) {
                kept++;
                assertThat(readBack()).as(number + " in " + declared).isEqualByComparingTo(number);
            }
        }
        await(connection.commitTransaction());
        assertThat(kept).isGreaterThan(declared.equals("BLOB STRICT") ? -1 : 5);
    }

    private boolean isStored(BigDecimal number) {
        Statement insert = connection.createStatement("INSERT INTO t VALUES (?)");
        try {
            insert.bind(0, number);
        } catch (IllegalArgumentException refused) {
            assertThat(refused).hasMessageContainingAll("toString()", "TEXT column", "decimals=TEXT");
            assertThat(refused.getMessage()).hasSizeLessThan(400);
            return false;
        }
        Mono<Boolean> stored = Flux.from(insert.execute())
                .concatMap(Result::getRowsUpdated)
                .then(Mono.just(true))
                .onErrorReturn(R2dbcDataIntegrityViolationException.class, false);
        return Boolean.TRUE.equals(stored.block(PATIENCE));
    }

    private BigDecimal readBack() {
        return Flux.from(connection
                        .createStatement("SELECT v FROM t ORDER BY rowid DESC LIMIT 1")
                        .execute())
                .concatMap(result -> result.map(row -> row.get(0, BigDecimal.class)))
                .blockLast(PATIENCE);
    }

    @Test
    void whatFifteenDigitsAndSixtyFourBitsHoldIsKept() {
        open(Map.of());
        run(connection, "CREATE TABLE t (v DECIMAL)");
        for (String number : List.of("0.1", "10.00", "123456789012.345", "9223372036854775807", "1E+20", "1E-300")) {
            assertThat(isStored(new BigDecimal(number))).as(number).isTrue();
        }
        for (String number : List.of("12345678901234567890.1234", "9007199254740993.5", "1E+400", "1E-400")) {
            assertThat(isStored(new BigDecimal(number))).as(number).isFalse();
        }
    }

    @Test
    void aDecimalNumberComparesWithComputedOnes() {
        open(Map.of());
        run(
                connection,
                "CREATE TABLE item (price DECIMAL(10, 2), amount INTEGER)",
                "INSERT INTO item VALUES (2.5, 3), (4, 5)");
        for (String limit : List.of("10", "10.00", "27.25")) {
            assertThat(column(connection
                                    .createStatement(
                                            "SELECT sum(price * amount) FROM item HAVING sum(price * amount) > :l")
                                    .bind("l", new BigDecimal(limit)))
                            .blockLast(PATIENCE))
                    .as(limit)
                    .isEqualTo(27.5);
        }
        assertThat(column(connection.createStatement("SELECT ? / 4").bind(0, new BigDecimal("10.0")))
                        .blockLast(PATIENCE))
                .isEqualTo(2.5);
    }

    @Test
    void asTextEveryDigitIsKept() {
        open(Map.of(SqliteConnectionFactoryProvider.DECIMALS, "text"));
        run(connection, "CREATE TABLE t (v TEXT)");
        for (String number : List.of("12345678901234567890.12345678901234567800", "1.50", "1E+400")) {
            assertThat(isStored(new BigDecimal(number))).isTrue();
            assertThat(readBack()).isEqualTo(new BigDecimal(number));
        }
        assertThatThrownBy(() -> open(Map.of(SqliteConnectionFactoryProvider.DECIMALS, "float")))
                .hasMessageContaining("decimals is 'float'; allowed is one of [CHECKED, TEXT]");
    }
}
