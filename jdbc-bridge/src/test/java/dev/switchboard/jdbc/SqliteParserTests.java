package dev.switchboard.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.jdbc.SqlCommand.Kind;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
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
        int compared = 0;
        try (Connection sqlite = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            sqlite.createStatement().execute("CREATE TABLE t (a, b)");
            while (compared < 100_000) {
                String sql = generated(random);
                int counted = countedBySqlite(sqlite, sql);
                if (counted >= 0) {
                    compared++;
                    SqlCommand first = SqliteParser.parse(sql).commands().get(0);
                    if (first.slots().size() != counted) {
                        assertThat(first.slots().size())
                                .as("parameters of [%s]", sql)
                                .isEqualTo(counted);
                    }
                }
            }
        }
    }

    /** What the script calls index {@code n} is what SQLite calls number {@code n + 1}, and comes back from there. */
    @Test
    void generatedParametersReachTheirPlace() throws SQLException {
        List<String> parameters = List.of("?", ":a", "?3", "@a", "$b", ":a", "?1", "?7", "#c");
        Random random = new Random(20_261_125);
        try (Connection sqlite = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            for (int round = 0; round < 2_000; round++) {
                List<String> chosen = random.ints(1 + random.nextInt(6), 0, parameters.size())
                        .mapToObj(parameters::get)
                        .toList();
                String sql = "SELECT " + String.join(", ", chosen) + "; SELECT 1";
                Script script = SqliteParser.parse(sql);
                List<Object> values = new java.util.ArrayList<>();
                for (int i = 0; i < script.parameterCount(); i++) {
                    values.add(100 + i);
                }
                List<Object> bridged = new java.util.ArrayList<>();
                List<Object> direct = new java.util.ArrayList<>();
                try (PreparedStatement prepared = sqlite.prepareStatement(sql)) {
                    @Nullable Object[] arguments = new Run(script.commands().get(0), values.toArray()).arguments();
                    for (int i = 0; i < arguments.length; i++) {
                        prepared.setObject(i + 1, arguments[i]);
                    }
                    read(prepared, bridged);
                    for (int i = 0; i < prepared.getParameterMetaData().getParameterCount(); i++) {
                        prepared.setObject(i + 1, 100 + i);
                    }
                    read(prepared, direct);
                }
                assertThat(bridged).as(sql).isEqualTo(direct).doesNotContainNull();
            }
        }
    }

    private static void read(PreparedStatement prepared, List<Object> into) throws SQLException {
        try (ResultSet row = prepared.executeQuery()) {
            for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                into.add(row.getObject(i));
            }
        }
    }

    private static String generated(Random random) {
        String statement = switch (random.nextInt(8)) {
            case 0 -> "INSERT INTO t (a) VALUES (" + expression(random, 2) + "), (" + expression(random, 1) + ")";
            case 1 -> "UPDATE t SET a = " + expression(random, 2) + " WHERE b = " + expression(random, 1);
            case 2 -> "WITH x AS (SELECT " + expression(random, 2) + ") SELECT " + expression(random, 1) + " FROM x";
            case 3 ->
                "WITH x(i) AS (VALUES (" + expression(random, 1) + ")) DELETE FROM t WHERE a IN x RETURNING "
                        + expression(random, 1);
            case 4 ->
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = " + hidden(random, 4)
                        + "; SELECT CASE WHEN 1 THEN " + hidden(random, 4) + " END; END";
            default -> selected(random);
        };
        return switch (random.nextInt(9)) {
            case 0 -> statement + "; SELECT ?, :z";
            case 1 -> statement + ";; -- ?";
            case 2 -> ";" + statement + "\n;";
            default -> statement;
        };
    }

    private static String selected(Random random) {
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
        return switch (random.nextInt(depth > 0 ? 9 : 7)) {
            case 0, 1 ->
                List.of("?", "?7", ":a", "@b", "$c::d", "$e(x)", "$e(?)", "#f", ":ü", "?1", ":1")
                        .get(random.nextInt(11));
            case 2, 3, 4, 5, 6 -> hidden(random, random.nextInt(5));
            case 7 -> "(" + expression(random, depth - 1) + "||" + expression(random, depth - 1) + ")";
            default ->
                "(SELECT " + expression(random, depth - 1) + " AS ["
                        + piece(random).replace("]", "") + "a])";
        };
    }

    /** A piece that is hidden in a literal, a name or a comment. */
    private static String hidden(Random random, int kind) {
        String piece = piece(random);
        return switch (kind) {
            case 0 -> "'" + piece.replace("'", "''") + "'";
            case 1 -> "\"" + piece.replace("\"", "\"\"") + "\"";
            case 2 -> "1 /*" + piece.replace("*/", "") + "*/";
            case 3 -> "2 --" + piece.replace("\n", "") + "\n";
            default -> random.nextBoolean() ? "x'3f'" : "'" + piece.replace("'", "''") + "'";
        };
    }

    private static String piece(Random random) {
        return PIECES[random.nextInt(PIECES.length)];
    }

    private static int countedBySqlite(Connection sqlite, String sql) {
        try (PreparedStatement prepared = sqlite.prepareStatement(sql)) {
            return prepared.getParameterMetaData().getParameterCount();
        } catch (SQLException notSql) {
            return -1;
        }
    }
}
