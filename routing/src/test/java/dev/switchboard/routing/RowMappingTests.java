package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Currency;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What goes into a column comes back as the type that is asked for, on every product. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.switchboard.databases.Databases#available")
class RowMappingTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Fleet fleet = new Fleet();

    @Parameter
    Product product;

    enum Colour {
        RED,
        GREEN
    }

    record Everything(
            int id,
            boolean active,
            @Nullable Colour colour,
            @Nullable UUID code,
            @Nullable BigDecimal price,
            double ratio) {}

    record Times(Instant happened, OffsetDateTime happenedToo, LocalDateTime local, LocalDate onDay, LocalTime clock) {}

    record Narrow(int id, byte big) {}

    record Even(int id) {

        Even {
            if (id % 2 != 0) {
                throw new ArithmeticException("odd");
            }
        }
    }

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a");
        fleet.execute(
                "a",
                "CREATE TABLE everything (id INT PRIMARY KEY, active BOOLEAN, colour VARCHAR(20), code "
                        + uuidType(product) + ", price DECIMAL(10, 2), ratio " + doubleType(product)
                        + ", big BIGINT, note VARCHAR(20))");
        fleet.execute(
                "a",
                "CREATE TABLE times (happened " + instantType(product) + ", happened_too " + instantType(product)
                        + ", local " + localType(product) + ", on_day DATE, clock " + timeType(product) + ")");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    private static String uuidType(Product product) {
        return switch (product) {
            case POSTGRESQL, H2 -> "UUID";
            case MYSQL, MARIADB, SQLITE -> "CHAR(36)";
        };
    }

    private static String doubleType(Product product) {
        return product == Product.SQLITE ? "REAL" : "DOUBLE PRECISION";
    }

    private static String instantType(Product product) {
        return switch (product) {
            case POSTGRESQL, H2 -> "TIMESTAMP(6) WITH TIME ZONE";
            case MYSQL, MARIADB -> "TIMESTAMP(6) NULL";
            case SQLITE -> "TIMESTAMP";
        };
    }

    private static String localType(Product product) {
        return switch (product) {
            case MYSQL, MARIADB -> "DATETIME(6)";
            case POSTGRESQL, H2, SQLITE -> "TIMESTAMP";
        };
    }

    private static String timeType(Product product) {
        return product == Product.MYSQL || product == Product.MARIADB ? "TIME(6)" : "TIME";
    }

    private static SqlStatement sql(String sql) {
        return fleet.db().sql(sql);
    }

    private static <T> Mono<T> onA(Mono<T> work) {
        return work.contextWrite(usingConnection("a"));
    }

    private void insert(int id, long big) {
        Object code = UUID.fromString("0f8fad5b-d9cb-469f-a165-70867728950e");
        onA(sql("DELETE FROM everything")
                        .rowsUpdated()
                        .then(sql("INSERT INTO everything (id, active, colour, code, price, ratio, big, note)"
                                        + " VALUES (:id, :active, :colour, :code, :price, :ratio, :big, :note)")
                                .bind("id", id)
                                .bind("active", true)
                                .bind("colour", Colour.GREEN)
                                .bind("code", code)
                                .bind("price", new BigDecimal("12.50"))
                                .bind("ratio", 0.1)
                                .bind("big", big)
                                .bind("note", "n")
                                .rowsUpdated()))
                .block(PATIENCE);
    }

    @Test
    void valuesComeBackAsTheyWere() {
        insert(7, 1);

        StepVerifier.create(onA(
                        sql("SELECT * FROM everything").map(Everything.class).one()))
                .assertNext(row -> {
                    assertThat(row.id()).isEqualTo(7);
                    assertThat(row.active()).isTrue();
                    assertThat(row.colour()).isEqualTo(Colour.GREEN);
                    assertThat(row.code()).hasToString("0f8fad5b-d9cb-469f-a165-70867728950e");
                    assertThat(row.price()).isEqualByComparingTo("12.5");
                    assertThat(row.ratio()).isEqualTo(0.1);
                })
                .verifyComplete();
    }

    @Test
    void timesComeBackAsTheyWere() {
        Instant instant = Instant.parse("2024-02-29T23:59:58.123456Z");
        LocalDateTime local = LocalDateTime.parse("2024-06-30T01:02:03.654321");
        onA(sql("INSERT INTO times (happened, happened_too, local, on_day, clock) VALUES (:a, :b, :c, :d, :e)")
                        .bind("a", instant)
                        .bind("b", instant.atOffset(ZoneOffset.UTC))
                        .bind("c", local)
                        .bind("d", local.toLocalDate())
                        .bind("e", LocalTime.parse("04:05:06"))
                        .rowsUpdated())
                .block(PATIENCE);

        StepVerifier.create(onA(sql("SELECT * FROM times").map(Times.class).one()))
                .assertNext(row -> {
                    assertThat(row.happened()).isEqualTo(instant);
                    assertThat(row.happenedToo().toInstant()).isEqualTo(instant);
                    assertThat(row.local()).isEqualTo(local);
                    assertThat(row.onDay()).isEqualTo("2024-06-30");
                    assertThat(row.clock()).isEqualTo("04:05:06");
                })
                .verifyComplete();
    }

    @Test
    void nullBecomesNullWhereTheComponentAllowsIt() {
        insert(7, 1);
        onA(sql("UPDATE everything SET colour = NULL, code = NULL, price = NULL")
                        .rowsUpdated())
                .block(PATIENCE);

        StepVerifier.create(onA(
                        sql("SELECT * FROM everything").map(Everything.class).one()))
                .assertNext(row -> {
                    assertThat(row.colour()).isNull();
                    assertThat(row.code()).isNull();
                    assertThat(row.price()).isNull();
                })
                .verifyComplete();
    }

    @Test
    void nullForAPrimitiveIsAnErrorInWords() {
        insert(7, 1);
        onA(sql("UPDATE everything SET ratio = NULL").rowsUpdated()).block(PATIENCE);

        StepVerifier.create(onA(sql("SELECT id, active, colour, code, price, ratio FROM everything")
                        .map(Everything.class)
                        .one()))
                .expectErrorSatisfies(
                        error -> assertThat(error)
                                .isInstanceOf(RowMappingException.class)
                                .message()
                                .isEqualToIgnoringCase(
                                        "A row cannot become Everything: column 'ratio' is NULL, and the component"
                                                + " 'ratio' is the primitive double. Declare it Double, or use COALESCE in the SQL."))
                .verify();
    }

    @Test
    void aNumberThatDoesNotFitIsAnErrorAndNotCut() {
        insert(7, 300);

        StepVerifier.create(onA(
                        sql("SELECT id, big FROM everything").map(Narrow.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .hasMessageContaining("that does not fit Byte. Declare a wider type, or round in the SQL."))
                .verify();
        StepVerifier.create(
                        onA(sql("SELECT price FROM everything").map(Long.class).one()))
                .expectError(RowMappingException.class)
                .verify();
        StepVerifier.create(
                        onA(sql("SELECT big FROM everything").map(Integer.class).one()))
                .expectNext(300)
                .verifyComplete();
    }

    @Test
    void aMissingColumnIsAnErrorThatListsWhatIsThere() {
        insert(7, 1);

        StepVerifier.create(
                        onA(sql("SELECT id FROM everything").map(Narrow.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .message()
                        .isEqualToIgnoringCase(
                                "A row cannot become Narrow: no column fits the component 'big'; the columns"
                                        + " are 'id'. Select it, or name a column 'big' with AS."))
                .verify();
    }

    @Test
    void twoColumnsForOneComponentAreAnError() {
        insert(7, 1);

        StepVerifier.create(onA(sql("SELECT a.id, a.big, b.big FROM everything a JOIN everything b ON a.id = b.id")
                        .map(Narrow.class)
                        .one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .message()
                        .containsIgnoringCase("the columns 'big' and 'big' both fit one component"))
                .verify();
    }

    @Test
    void textThatIsNoConstantOrUuidIsAnError() {
        insert(7, 1);

        StepVerifier.create(
                        onA(sql("SELECT note FROM everything").map(Colour.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .hasMessageContaining(
                                "holds text that is no constant of Colour, whose constants are [RED, GREEN]"))
                .verify();
        StepVerifier.create(
                        onA(sql("SELECT note FROM everything").map(UUID.class).one()))
                .expectErrorSatisfies(
                        error -> assertThat(error).hasMessageContaining("holds text that is no UUID of 36 characters"))
                .verify();
    }

    @Test
    void aTypeThatNobodyCanMakeIsAnErrorThatNamesBoth() {
        insert(7, 1);

        StepVerifier.create(onA(
                        sql("SELECT note FROM everything").map(Currency.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .message()
                        .isEqualToIgnoringCase(
                                "A row cannot become Currency: column 'note' holds String, which the driver does"
                                        + " not turn into Currency. Cast it in the SQL, or map by a function."))
                .verify();
    }

    @Test
    void aRecordThatRefusesItsValuesIsAnErrorWithTheReasonAsItsCause() {
        insert(7, 1);

        StepVerifier.create(onA(sql("SELECT id FROM everything").map(Even.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .hasMessage("A row cannot become Even: its constructor refused the values with"
                                + " ArithmeticException. The cause tells why.")
                        .hasRootCauseMessage("odd"))
                .verify();
    }

    @Test
    void aSingleValueMustBeThereAndAlone() {
        insert(7, 1);

        StepVerifier.create(onA(sql("SELECT max(id) FROM everything WHERE id < 0")
                        .map(Integer.class)
                        .one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .hasMessageContaining("is NULL, which no Flux can carry"))
                .verify();
        StepVerifier.create(onA(
                        sql("SELECT id, big FROM everything").map(Long.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .hasMessage(
                                "A row cannot become Long: it has 2 columns. Select one column, or map to a record or by"
                                        + " a function."))
                .verify();
        StepVerifier.create(onA(
                        sql("SELECT count(*) FROM everything").map(long.class).one()))
                .expectNext(1L)
                .verifyComplete();
    }

    @Test
    void aFunctionThatReturnsNullIsAnErrorInWords() {
        insert(7, 1);

        StepVerifier.create(onA(
                        sql("SELECT id FROM everything").map(row -> nothing()).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RowMappingException.class)
                        .hasMessageContaining("the function given to map(..) returned null"))
                .verify();
    }

    @SuppressWarnings("NullAway") // what a caller without null checks does
    private static Object nothing() {
        return null;
    }
}
