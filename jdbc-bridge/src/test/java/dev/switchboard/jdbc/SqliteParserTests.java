package dev.switchboard.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.jdbc.SqlCommand.Kind;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqliteParserTests {
    private static final String[] PIECES = {
        "?",
        "?1",
        "?12",
        "?3",
        ":a",
        "@a",
        "$a",
        "#a",
        ":a1",
        "$a::b",
        "$a::b(c)",
        "$a(",
        "'",
        "''",
        "\"",
        "`",
        "[",
        "]",
        "--",
        "/*",
        "*/",
        "\n",
        " ",
        "1",
        "1.5e3",
        "x'00'",
        "x'",
        "+",
        "-",
        "*",
        "/",
        "(",
        ")",
        ",",
        "SELECT",
        "a",
        "a$b",
        "ü",
        "\uFEFF",
        "\uFEFF?",
        "::",
        ":",
        "$",
        "@",
        "|",
        "||",
        "->",
        "->>",
        "=",
        "==",
        "<",
        ">",
        ".",
        "null",
        "\t",
        "\f",
        "\u000b",
        "!",
        "%",
        "&",
        "~"
    };

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '^',
            value = {
                "SELECT ?, ?, ?~3",
                "SELECT ?, ?5, ?~6",
                "SELECT :a, :a, @a, $a~3",
                "SELECT '?', '''?', ?~1",
                "SELECT \"?\", \"a\"\"?\", [?], `?`, ?~1",
                "SELECT 1 /* ? /* ? */, ?~1",
                "SELECT 1 /* ? ~0",
                "SELECT x'3f', ?~1",
                "SELECT a->'$.b', a->>?~1",
                "SELECT $a::b(c), :x::y~2",
                "SELECT $a(?), :b(:c), ?~3",
                "SELECT a$b, ?~1",
                "SELECT 1:a~1",
                "INSERT INTO t VALUES (:a,:b,?)~3"
            })
    void parametersAreCountedAsSqliteCountsThem(String sql, int count) {
        assertThat(SqliteParser.parse(sql).parameterCount()).isEqualTo(count);
    }

    @Test
    void aLineCommentEndsWithItsLine() {
        assertThat(SqliteParser.parse("SELECT 1 -- ? ; \n, ? -- ?").parameterCount())
                .isEqualTo(1);
    }

    @Test
    void statementsEndAtSemicolonsOutsideOfTextCommentsAndTriggers() {
        Script script = SqliteParser.parse("""
            SELECT ';', ";", [;], `;` -- ;
            ; /* ; */ ;;
            CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN
              SELECT CASE WHEN 1 THEN 2 END; DELETE FROM t; END;
            EXPLAIN QUERY PLAN CREATE TRIGGER b AFTER INSERT ON t BEGIN SELECT 1; end
            ; CREATE TABLE trigger_log (begin_at, [end])
            ;UPDATE t SET v = 1\
            """);
        assertThat(script.commands())
                .extracting(command -> command.sql().substring(0, 6) + " " + command.kind())
                .containsExactly("SELECT QUERY", "CREATE OTHER", "EXPLAI QUERY", "CREATE OTHER", "UPDATE WRITE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "select 1|QUERY",
                "VALUES (1)|QUERY",
                "EXPLAIN DELETE FROM t|QUERY",
                "WITH x AS (SELECT 1) SELECT * FROM x|QUERY",
                "WITH x AS (SELECT 1), y AS (VALUES (1)) DELETE FROM t|WRITE",
                "WITH x(i) AS (SELECT 1) INSERT INTO t SELECT * FROM x RETURNING v|WRITE",
                "REPLACE INTO t VALUES (1)|WRITE",
                "delete from t|WRITE",
                "BEGIN|TRANSACTION",
                "END|TRANSACTION",
                "rollback to a|TRANSACTION",
                "PRAGMA user_version|OTHER",
                "VACUUM|OTHER"
            })
    void theKindOfAStatementIsKnown(String sql, Kind kind) {
        assertThat(SqliteParser.parse(sql).commands())
                .extracting(SqlCommand::kind)
                .containsExactly(kind);
    }

    @Test
    void theStatementsOfAScriptShareTheirParameters() {
        Script script = SqliteParser.parse("SELECT ?, :a; SELECT :a, ?; SELECT ?2");
        assertThat(script.commands())
                .extracting(SqlCommand::slots)
                .containsExactly(List.of(0, 1), List.of(1, 2), List.of(-1, 1));
        assertThat(script.requireName("a")).containsExactly(1);
    }

    @Test
    void aNumberOutOfRangeIsRefused() {
        for (String sql : List.of("SELECT ?0", "SELECT ?99999", "SELECT ?99999999999999999999")) {
            assertThatThrownBy(() -> SqliteParser.parse(sql))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("?1 to ?32766");
        }
    }

    /** SQLite itself is the measure: what it prepares has as many parameters as the parser says. */
    @Test
    void generatedStatementsHaveAsManyParametersAsSqliteCounts() throws SQLException {
        Random random = new Random(20_261_121);
        int wanted = "full".equals(System.getProperty("switchboard.test.size")) ? 100_000 : 10_000;
        int compared = 0;
        try (Connection sqlite = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            while (compared < wanted) {
                String sql = generated(random);
                int counted = countedBySqlite(sqlite, sql);
                if (counted >= 0) {
                    compared++;
                    SqlCommand first = SqliteParser.parse(sql).commands().get(0);
                    assertThat(first.slots().size())
                            .as("parameters of [%s]", sql)
                            .isEqualTo(counted);
                }
            }
        }
    }

    private static String generated(Random random) {
        StringBuilder sql = new StringBuilder("SELECT ");
        int expressions = 1 + random.nextInt(4);
        for (int i = 0; i < expressions; i++) {
            sql.append(i == 0 ? "" : ", ").append(expression(random, 2));
            if (random.nextInt(3) == 0) {
                sql.append(PIECES[random.nextInt(PIECES.length)]);
            }
        }
        return sql.toString();
    }

    private static String expression(Random random, int depth) {
        String piece = PIECES[random.nextInt(PIECES.length)];
        return switch (random.nextInt(depth > 0 ? 9 : 7)) {
            case 0, 1 ->
                List.of("?", "?7", ":a", "@b", "$c::d", "$e(x)", "$e(?)", "#f", ":ü", "?1", ":1")
                        .get(random.nextInt(11));
            case 2 -> "'" + piece.replace("'", "''") + "'";
            case 3 -> "\"" + piece.replace("\"", "\"\"") + "\"";
            case 4 -> "1 /*" + piece.replace("*/", "") + "*/";
            case 5 -> "2 --" + piece.replace("\n", "") + "\n";
            case 6 -> "x'3f'";
            case 7 -> "(" + expression(random, depth - 1) + "||" + expression(random, depth - 1) + ")";
            default -> expression(random, depth - 1) + " AS [" + piece.replace("]", "") + "a]";
        };
    }

    private static int countedBySqlite(Connection sqlite, String sql) {
        try (PreparedStatement prepared = sqlite.prepareStatement(sql)) {
            return prepared.getParameterMetaData().getParameterCount();
        } catch (SQLException notSql) {
            return -1;
        }
    }
}
