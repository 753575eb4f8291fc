package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Values and names from a hostile request stay values and names, on every product. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.switchboard.databases.Databases#available")
class SqlInjectionTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final List<String> VALUES = List.of(
            "'; DROP TABLE secret; --",
            "' OR '1'='1",
            "\\' OR 1=1 -- ",
            "\\",
            "\\\\' OR 1=1 # ",
            "\" OR 1=1 -- ",
            "` OR 1=1",
            "$$; DROP TABLE secret; $$",
            ":id {table} ? $1 ?1 @x ::text",
            "/* */ -- # //",
            "\u2019 OR 1=1",
            "\uff07 OR 1=1",
            "\u00bf' OR 1=1",
            "%' OR '%'='",
            "E'\\'' OR 1=1",
            "\n\r\t' OR 1=1 --",
            "\ud83d\ude00'");

    private static final List<String> NAMES = List.of(
            "x\"; DROP TABLE secret; --",
            "x`; DROP TABLE secret; --",
            "x]; DROP TABLE secret; --",
            "x' OR '1'='1",
            "word FROM secret; --",
            "word, (SELECT 1)",
            "word\" UNION SELECT word AS \"x",
            "a\"\"b",
            "a``b",
            "a\\\"b",
            "a\\`b",
            "a;b",
            ":id",
            "{x}",
            "? $1",
            "/* x",
            "-- x",
            "U&\"\\0022",
            "select",
            "\u00e9\u4e2d");

    private static Fleet fleet = new Fleet();

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a");
        fleet.execute("a", "CREATE TABLE secret (id INT PRIMARY KEY, word VARCHAR(200))");
        fleet.execute("a", "INSERT INTO secret (id, word) VALUES (0, 'hidden')");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @AfterEach
    void theTableIsStillThere() {
        assertThat(answer(sql("SELECT word FROM secret WHERE id = 0")
                        .map(String.class)
                        .one()))
                .isEqualTo("hidden");
        fleet.execute("a", "DELETE FROM secret WHERE id > 0");
    }

    private static SqlStatement sql(String sql) {
        return fleet.db().sql(sql);
    }

    private static <T> @Nullable T answer(Mono<T> work) {
        return work.contextWrite(usingConnection("a")).block(PATIENCE);
    }

    private static List<String> words(SqlStatement statement) {
        return Objects.requireNonNull(answer(statement.map(String.class).all().collectList()));
    }

    private static List<Map<String, Object>> rows() {
        return Flux.fromIterable(VALUES)
                .index((index, word) -> Map.<String, Object>of("id", index + 1, "word", word))
                .collectList()
                .block();
    }

    @Test
    void aHostileValueComesBackAsItWas() {
        for (Map<String, Object> row : rows()) {
            answer(sql("INSERT INTO secret (id, word) VALUES (:id, :word)")
                    .bind(row)
                    .rowsUpdated());
        }
        assertThat(words(sql("SELECT word FROM secret WHERE id > 0 ORDER BY id")))
                .isEqualTo(VALUES);
    }

    @Test
    void aHostileValueFindsItselfAndNothingElse() {
        answer(fleet.db().insertInto("secret").rows(rows()).rowsUpdated());

        for (String hostile : VALUES) {
            assertThat(words(sql("SELECT word FROM secret WHERE word = :word").bind("word", hostile)))
                    .containsExactly(hostile);
            assertThat(words(sql("SELECT word FROM secret WHERE word IN (:words)")
                            .bind("words", List.of(hostile, "-"))))
                    .containsExactly(hostile);
        }
        assertThat(words(sql("SELECT word FROM secret WHERE word IN (:words) ORDER BY id")
                        .bind("words", VALUES)))
                .isEqualTo(VALUES);
    }

    @Test
    void aHostileValueStaysOneInABatch() {
        answer(sql("INSERT INTO secret (id, word) VALUES (:id, :word)")
                .batch(rows())
                .rowsUpdated());

        assertThat(words(sql("SELECT word FROM secret WHERE id > 0 ORDER BY id")))
                .isEqualTo(VALUES);
    }

    /** On MySQL and MariaDB the same backslash is a letter or an escape, as the session wishes. */
    @Test
    void aServerWithoutBackslashEscapesIsNoWayIn() {
        boolean hasModes = product == Product.MYSQL || product == Product.MARIADB;
        String mode = hasModes
                ? "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'"
                : "UPDATE secret SET word = word WHERE id = 0";
        Mono<List<String>> work = sql(mode)
                .rowsUpdated()
                .thenMany(Flux.fromIterable(VALUES))
                .concatMap(hostile -> sql("SELECT CAST(:word AS CHAR(60)) AS w FROM secret WHERE id = :id")
                        .bind("word", hostile + "|")
                        .bind("id", 0)
                        .map(row -> String.valueOf(row.get(0, String.class)).stripTrailing())
                        .all())
                .collectList();

        assertThat(answer(fleet.db().inTransaction(work)))
                .isEqualTo(VALUES.stream().map(value -> value + "|").toList());
    }

    @Test
    void aHostileNameIsANameAndNothingElse() {
        for (String hostile : NAMES) {
            String label = answer(sql("SELECT word AS {label} FROM secret WHERE id = :id")
                    .identifier("label", hostile)
                    .bind("id", 0)
                    .map(row -> row.getMetadata().getColumnMetadatas().get(0).getName())
                    .one());
            assertThat(label).isEqualToIgnoringCase(hostile);
        }
    }

    @Test
    void aHostileNameFindsNoColumnAndNoTable() {
        for (String hostile : NAMES) {
            SqlStatement column =
                    sql("SELECT word FROM secret ORDER BY {column}").identifier("column", hostile);
            SqlStatement table = sql("DELETE FROM {table}").identifier("table", hostile);
            assertThatThrownBy(() -> words(column)).as(hostile).isInstanceOf(R2dbcException.class);
            assertThatThrownBy(() -> answer(table.rowsUpdated())).as(hostile).isInstanceOf(R2dbcException.class);
            assertThatThrownBy(() -> answer(fleet.db()
                            .insertInto(hostile)
                            .rows(List.of(Map.of(hostile, 1)))
                            .rowsUpdated()))
                    .as(hostile)
                    .isInstanceOf(R2dbcException.class);
            assertThatThrownBy(() -> answer(sql("INSERT INTO secret (id) VALUES (1)")
                            .generatedKeys(hostile)
                            .map(row -> row.get(0, Object.class) + "!")
                            .one()
                            .filter(key -> product != Product.MYSQL)
                            .switchIfEmpty(Mono.error(new SqlIdentifierException("a", SqlDialect.MYSQL, "", "")))))
                    .as(hostile)
                    .isInstanceOf(R2dbcException.class);
        }
    }

    @Test
    void aNameMayBeAReservedWordOrInCapitals() {
        for (String name : List.of("order", "Mixed Case", "it's")) {
            answer(sql("CREATE TABLE {table} ({column} INT)")
                    .identifier("table", name)
                    .identifier("column", "group")
                    .rowsUpdated());
            answer(fleet.db().insertInto(name).rows(List.of(Map.of("group", 4))).rowsUpdated());
            assertThat(answer(sql("SELECT {c} FROM {t}")
                            .identifier("c", "group")
                            .identifier("t", name)
                            .map(Integer.class)
                            .one()))
                    .isEqualTo(4);
            answer(sql("DROP TABLE {table}").identifier("table", name).rowsUpdated());
        }
        assertThat(answer(sql("SELECT {c} FROM {t} WHERE {c} <> ''")
                        .identifier("c", "word")
                        .identifier("t", "secret")
                        .map(String.class)
                        .one()))
                .isEqualTo("hidden");
    }

    @Test
    void whatCanBeNoNameIsRefusedInWords() {
        for (String impossible : List.of("", " x", "x\n", "a\u0000b", "a\u202eb", "x".repeat(300))) {
            assertThatThrownBy(() -> words(sql("SELECT {x} FROM secret").identifier("x", impossible)))
                    .isInstanceOf(SqlIdentifierException.class)
                    .hasMessageStartingWith(
                            SqlDialect.of(product.productName()).product() + " has nothing that is named '")
                    .message()
                    .hasSizeLessThan(400)
                    .doesNotContain("\n", "\u0000", "\u202e");
        }
        assertThatThrownBy(() -> words(sql("SELECT {x} FROM secret").identifier("x", "x ")))
                .isInstanceOf(SqlIdentifierException.class)
                .hasMessageContaining("is named 'x ': the name begins or ends with a blank. ");
        if (product == Product.MYSQL || product == Product.MARIADB) {
            assertThatThrownBy(() -> words(sql("SELECT {x} FROM secret").identifier("x", "smile\uD83D\uDE00")))
                    .isInstanceOf(SqlIdentifierException.class)
                    .hasMessageContaining("the name contains characters outside of Unicode's basic plane. ");
        }
        assertThatThrownBy(() -> words(sql("SELECT {x} FROM secret").identifier("x", "a", "b", "c", "d", "e")))
                .isInstanceOf(SqlIdentifierException.class)
                .hasMessageContaining("the name has 5 parts, and 1 to 4 are possible");
        assertThatThrownBy(() -> words(sql("SELECT {x} FROM secret")))
                .isInstanceOf(SqlParameterException.class)
                .hasMessageContaining("got no value for {x}. It has the parameters {x}. Call identifier(\"x\", name).");
    }
}
