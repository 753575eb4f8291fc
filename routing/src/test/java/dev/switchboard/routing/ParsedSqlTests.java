package dev.switchboard.routing;

import static dev.switchboard.routing.SqlDialect.H2;
import static dev.switchboard.routing.SqlDialect.MARIADB;
import static dev.switchboard.routing.SqlDialect.MYSQL;
import static dev.switchboard.routing.SqlDialect.OTHER;
import static dev.switchboard.routing.SqlDialect.POSTGRESQL;
import static dev.switchboard.routing.SqlDialect.SQLITE;
import static dev.switchboard.routing.SqlDialect.SQL_SERVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ParsedSqlTests {

    /** Written with a value for each parameter, which is its name. */
    private static WrittenSql written(String sql, SqlDialect dialect) {
        ParsedSql parsed = ParsedSql.parse(sql, dialect);
        Map<String, Object> values = new LinkedHashMap<>();
        parsed.keys().forEach(key -> values.put(key, key));
        return parsed.write(values, null);
    }

    private static List<Object> values(WrittenSql written) {
        return written.values().stream().map(WrittenSql.Value::value).toList();
    }

    @Test
    void aNameIsWrittenForTheDialect() {
        String sql = "SELECT * FROM t WHERE a > :low AND b = :name AND c < :low";

        assertThat(written(sql, POSTGRESQL).sql()).isEqualTo("SELECT * FROM t WHERE a > $1 AND b = $2 AND c < $1");
        assertThat(written(sql, H2).sql()).isEqualTo("SELECT * FROM t WHERE a > $1 AND b = $2 AND c < $1");
        assertThat(written(sql, MYSQL).sql()).isEqualTo("SELECT * FROM t WHERE a > ? AND b = ? AND c < ?");
        assertThat(written(sql, MARIADB).sql()).isEqualTo("SELECT * FROM t WHERE a > ? AND b = ? AND c < ?");
        assertThat(written(sql, SQLITE).sql()).isEqualTo("SELECT * FROM t WHERE a > ?1 AND b = ?2 AND c < ?1");
        assertThat(written(sql, SQL_SERVER).sql())
                .isEqualTo("SELECT * FROM t WHERE a > @low AND b = @name AND c < @low");
        assertThat(written(sql, OTHER).sql()).isEqualTo(sql);
    }

    @Test
    void valuesFollowThePositionsOfTheDialect() {
        String sql = ":b :a :b";

        assertThat(values(written(sql, POSTGRESQL))).containsExactly("b", "a");
        assertThat(values(written(sql, SQLITE))).containsExactly("b", "a");
        assertThat(values(written(sql, MYSQL))).containsExactly("b", "a", "b");
    }

    @Test
    void aListTakesAMarkerForEachValue() {
        ParsedSql parsed = ParsedSql.parse("SELECT f(:x, :x), :y", POSTGRESQL);

        WrittenSql written = parsed.write(Map.of("x", List.of(1, 2, 3), "y", 4), null);

        assertThat(written.sql()).isEqualTo("SELECT f($1, $2, $3, $1, $2, $3), $4");
        assertThat(values(written)).containsExactly(1, 2, 3, 4);
        assertThat(ParsedSql.parse("f(:x)", MYSQL)
                        .write(Map.of("x", List.of(1, 2)), null)
                        .sql())
                .isEqualTo("f(?, ?)");
        assertThat(ParsedSql.parse("f(:x)", SQL_SERVER)
                        .write(Map.of("x", List.of(1, 2)), null)
                        .sql())
                .isEqualTo("f(@x__0, @x__1)");
    }

    @Test
    void anElementOfAListIsNotTakenForAParameterThatIsCalledLikeIt() {
        for (SqlDialect dialect : SqlDialect.values()) {
            for (String sql : List.of("f(:x) = :x__0", ":x__0 = f(:x)")) {
                WrittenSql written = ParsedSql.parse(sql, dialect).write(Map.of("x", List.of(1, 2), "x__0", 5), null);

                assertThat(values(written)).as(written.sql()).hasSize(3).contains(1, 2, 5);
                assertThat(written.values().stream().map(WrittenSql.Value::name))
                        .doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void aListThatIsAllOfAnInIsFilledUpToAPowerOfTwo() {
        ParsedSql parsed = ParsedSql.parse("SELECT 1 WHERE a in ( :x ) AND b NOT IN(:x) AND c IN (:x, 9)", H2);

        WrittenSql written = parsed.write(Map.of("x", List.of(1, 2, 3)), null);

        assertThat(written.sql())
                .isEqualTo("SELECT 1 WHERE a in ( $1, $2, $3, $4 ) AND b NOT IN($1, $2, $3, $4)"
                        + " AND c IN ($1, $2, $3, 9)");
        assertThat(values(written)).containsExactly(1, 2, 3, 3);
        assertThat(ParsedSql.parse("f(-- IN (\n:x)", H2)
                        .write(Map.of("x", List.of(1, 2, 3)), null)
                        .sql())
                .isEqualTo("f(-- IN (\n$1, $2, $3)");
        assertThat(ParsedSql.parse("SELECT :x IN (:x)", SQLITE)
                        .write(Map.of("x", List.of(1)), null)
                        .sql())
                .isEqualTo("SELECT ?1 IN (?1)");
    }

    @Test
    void anIdentifierIsQuotedForTheDialect() {
        String sql = "SELECT {column} FROM {table} ORDER BY {column}";
        Map<String, Object> values = Map.of(
                "{column}",
                new SqlIdentifier(List.of("first_name")),
                "{table}",
                new SqlIdentifier(List.of("s", "Odd")));

        assertThat(ParsedSql.parse(sql, POSTGRESQL).write(values, null).sql())
                .isEqualTo("SELECT \"first_name\" FROM \"s\".\"Odd\" ORDER BY \"first_name\"");
        assertThat(ParsedSql.parse(sql, H2).write(values, null).sql())
                .isEqualTo("SELECT \"FIRST_NAME\" FROM \"S\".\"Odd\" ORDER BY \"FIRST_NAME\"");
        for (SqlDialect dialect : List.of(MYSQL, MARIADB, SQLITE)) {
            assertThat(ParsedSql.parse(sql, dialect).write(values, null).sql())
                    .isEqualTo("SELECT `first_name` FROM `s`.`Odd` ORDER BY `first_name`");
        }
        assertThat(ParsedSql.parse(sql, SQL_SERVER).write(values, null).sql())
                .isEqualTo("SELECT [first_name] FROM [s].[Odd] ORDER BY [first_name]");
    }

    @Test
    void bracesThatHoldNoNameAreLeftAlone() {
        assertThat(written("SELECT {d '2020-01-01'}, '{a}', {} -- {b}", H2).sql())
                .isEqualTo("SELECT {d '2020-01-01'}, '{a}', {} -- {b}");
    }

    @Test
    void theProductNameTellsTheDialect() {
        assertThat(SqlDialect.of("PostgreSQL")).isEqualTo(POSTGRESQL);
        assertThat(SqlDialect.of("MySQL")).isEqualTo(MYSQL);
        assertThat(SqlDialect.of("MariaDB")).isEqualTo(MARIADB);
        assertThat(SqlDialect.of("SQLite")).isEqualTo(SQLITE);
        assertThat(SqlDialect.of("H2")).isEqualTo(H2);
        assertThat(SqlDialect.of("Microsoft SQL Server")).isEqualTo(SQL_SERVER);
        assertThat(SqlDialect.of("Oracle Database")).isEqualTo(OTHER);
    }

    static Stream<Arguments> leftAlone() {
        return Stream.of(
                arguments(POSTGRESQL, "SELECT '2020-01-01 :x'::date, a::text, ARRAY[1,2][1:2]"),
                arguments(POSTGRESQL, "SELECT 'it''s :x'"),
                arguments(POSTGRESQL, "SELECT \"odd :x\" FROM t"),
                arguments(POSTGRESQL, "SELECT E'it'' :x', e'a''b\\\\', 'a\\', ':x'"),
                arguments(POSTGRESQL, "SELECT '\\' -- :x"),
                arguments(POSTGRESQL, "SELECT $$ :x ' $$, $tag$ :x $$ :x $tag$, $body$:x$body$"),
                arguments(POSTGRESQL, "SELECT 1 /* :x /* :x */ :x */"),
                arguments(POSTGRESQL, "SELECT j ?| array['a'], j ? 'b', j ?& array['c'], j #>> '{a,b}', j @? '$.a'"),
                arguments(POSTGRESQL, "SELECT make_date(day := 1)"),
                arguments(POSTGRESQL, "SELECT a FROM t -- trailing :x"),
                arguments(POSTGRESQL, "SELECT 'unfinished :x"),
                arguments(POSTGRESQL, "SELECT 1 /* unfinished :x"),
                arguments(POSTGRESQL, "SELECT $$unfinished :x"),
                arguments(MYSQL, "SELECT 'it''s :x', \"it\"\" :x\", `odd :x`"),
                arguments(MYSQL, "SELECT /*! :x */ 1"),
                arguments(MARIADB, "SELECT /*M!100100 :x */ 1"),
                arguments(MYSQL, "SELECT 1 -- :x"),
                arguments(MYSQL, "SELECT @a := 1"),
                arguments(MYSQL, "SELECT 1 /* :x */"),
                arguments(SQLITE, "SELECT [odd :x], `odd :x`, \"odd :x\", ':x'"),
                arguments(SQLITE, "SELECT '\\' -- :x"),
                arguments(SQLITE, "SELECT 1 -- \r :x"),
                arguments(H2, "SELECT $$ :x $$ // :x"),
                arguments(H2, "SELECT CAST(1 AS INT)::VARCHAR, \":x\", `:x`"),
                arguments(SQL_SERVER, "SELECT [odd ]] :x]"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("leftAlone")
    void aColonThatIsNoParameterIsLeftAlone(SqlDialect dialect, String sql) {
        ParsedSql parsed = ParsedSql.parse(sql, dialect);

        assertThat(parsed.uses()).isEmpty();
        assertThat(parsed.write(Map.of(), null).sql()).isEqualTo(sql);
    }

    static Stream<Arguments> found() {
        return Stream.of(
                arguments(POSTGRESQL, "SELECT :x::int", "SELECT $1::int"),
                arguments(POSTGRESQL, "SELECT '\\', :x, '\\'", "SELECT '\\', $1, '\\'"),
                arguments(POSTGRESQL, "SELECT name'\\', :x", "SELECT name'\\', $1"),
                arguments(POSTGRESQL, "SELECT a$b$, :x, c$b$", "SELECT a$b$, $1, c$b$"),
                arguments(POSTGRESQL, "SELECT '', :x, ''''", "SELECT '', $1, ''''"),
                arguments(POSTGRESQL, "SELECT 5-:x", "SELECT 5-$1"),
                arguments(POSTGRESQL, "SELECT j->:x", "SELECT j->$1"),
                arguments(POSTGRESQL, "SELECT a # :x", "SELECT a # $1"),
                arguments(POSTGRESQL, "SELECT 1 -- it's\n, :x", "SELECT 1 -- it's\n, $1"),
                arguments(POSTGRESQL, "SELECT 6/:x", "SELECT 6/$1"),
                arguments(POSTGRESQL, "SELECT 1 -- a\r, :x", "SELECT 1 -- a\r, $1"),
                arguments(POSTGRESQL, "SELECT E'a' 'b\\', :x", "SELECT E'a' 'b\\', $1"),
                arguments(POSTGRESQL, "SELECT E'it\\' :x', :x", "SELECT E'it'' :x', $1"),
                arguments(POSTGRESQL, "SELECT E'a'\n 'b\\' :x', :x", "SELECT E'a'\n 'b'' :x', $1"),
                arguments(POSTGRESQL, "SELECT j ? :x", "SELECT j ? $1"),
                arguments(POSTGRESQL, "SELECT j @> :x", "SELECT j @> $1"),
                arguments(POSTGRESQL, "SELECT a[1 :: int : :x]", "SELECT a[1 :: int : $1]"),
                arguments(MYSQL, "SELECT 5--:x", "SELECT 5- -?"),
                arguments(MYSQL, "SELECT 1 # it's ?\n, :x", "SELECT 1 --  it s  \n, ?"),
                arguments(MARIADB, "SELECT 1 -- it's ?\n, :x", "SELECT 1 -- it s  \n, ?"),
                arguments(MYSQL, "SELECT 'a\\'?', :x", "SELECT 'a''?', ?"),
                arguments(MYSQL, "SELECT \"a\\\"?\\'\\n\", :x", "SELECT \"a\"\"?'\\n\", ?"),
                arguments(MYSQL, "SELECT /* a?\"b` */ :x", "SELECT /* a  b  */ ?"),
                arguments(MYSQL, "SELECT /*+ MAX_EXECUTION_TIME(9) */ :x", "SELECT /*+ MAX_EXECUTION_TIME(9) */ ?"),
                arguments(MYSQL, "SELECT 1 /* /* */, :x", "SELECT 1 /* /* */, ?"),
                arguments(MYSQL, "SELECT '\\\\', :x", "SELECT '\\\\', ?"),
                arguments(SQLITE, "SELECT '\\', :x", "SELECT '\\', ?1"),
                arguments(H2, "SELECT ';', :x, \"a;\\\"", "SELECT U&'\\003b', $1, U&\"a\\003b\\\\\""),
                arguments(H2, "SELECT $$a;'b\\$$, :x", "SELECT U&'a\\003b''b\\\\', $1"),
                arguments(H2, "SELECT 1 /* ; */, U&';\\0041', :x", "SELECT 1 /* , */, U&'\\003b\\0041', $1"),
                arguments(H2, "SELECT a[:x]", "SELECT a[$1]"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("found")
    void aParameterIsFoundBetweenThem(SqlDialect dialect, String sql, String expected) {
        WrittenSql written = written(sql, dialect);

        assertThat(written.sql()).isEqualTo(expected);
        assertThat(values(written)).containsOnly("x");
    }

    @ParameterizedTest
    @EnumSource
    void namesHaveLettersDigitsAndUnderscores(SqlDialect dialect) {
        assertThat(ParsedSql.parse(":a1_b,:_c;:größe):a", dialect).keys()).containsExactly("a1_b", "_c", "größe", "a");
        assertThat(ParsedSql.parse("a:1 :: : : :=", dialect).keys()).isEmpty();
        assertThat(written("", dialect).sql()).isEmpty();
    }

    @Test
    void theCacheIsBoundedByTheLengthOfItsTexts() {
        SqlCache cache = new SqlCache();

        for (int i = 0; i < 20_000; i++) {
            cache.parse("SELECT " + i + " -- " + "x".repeat(100), POSTGRESQL);
        }

        assertThat(cache.size()).isPositive().isLessThan(10_000);
    }

    @Test
    void aTextIsParsedOnceForEachDialect() {
        SqlCache cache = new SqlCache();

        ParsedSql first = cache.parse("SELECT :a", POSTGRESQL);

        assertThat(cache.parse("SELECT :a", POSTGRESQL)).isSameAs(first);
        assertThat(cache.parse("SELECT :a", MYSQL)).isNotSameAs(first);
    }
}
