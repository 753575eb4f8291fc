package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Makes valid queries full of what looks like a parameter and is none, and the other way round: {@code SELECT item, item, ..},
 * with what each item is worth.
 */
final class SqlGenerator {

    /**
     * A query.
     *
     * @param sql its text
     * @param values what to bind
     * @param expected what each column is worth, as text
     * @param uses how often parameters are used in it
     */
    record Query(String sql, Map<String, Object> values, List<String> expected, int uses) {}

    private static final List<String> HOSTILE = List.of(
            ":a", "::", ":", " :b ", "?", "$1", "$$", "$t$", "--", "-- ", "/*", "*/", "/*!", ";", "#", "{c}", "\"", "`",
            "[", "]", "'", "\\", "\n", "\r", "@d", " ", "x", "\u00e9", "%", "E'", "U&'", "//", "?|", "0", "\u20ac",
            "IN (");

    private final Random random;
    private final SqlDialect dialect;
    private Map<String, Object> values = new LinkedHashMap<>();
    private int uses;

    SqlGenerator(SqlDialect dialect, long seed) {
        this.dialect = dialect;
        this.random = new Random(seed);
    }

    Query next() {
        values = new LinkedHashMap<>();
        uses = 0;
        List<String> expected = new ArrayList<>();
        StringBuilder sql = new StringBuilder("SELECT" + gap());
        int items = 1 + random.nextInt(6);
        for (int i = 0; i < items; i++) {
            sql.append(i == 0 ? "" : "," + gap())
                    .append(item(expected))
                    .append(gap())
                    .append(alias(i))
                    .append(gap());
        }
        return new Query(sql.toString(), values, expected, uses);
    }

    private String item(List<String> expected) {
        return switch (random.nextInt(7)) {
            case 0 -> number(expected);
            case 1, 2 -> {
                String content = hostile();
                expected.add(content);
                yield literal(content);
            }
            case 3 -> in(expected);
            case 4 -> difference(expected);
            default -> {
                String name = named(hostile());
                expected.add(String.valueOf(values.get(name)));
                yield asText(":" + name);
            }
        };
    }

    private String number(List<String> expected) {
        int number = random.nextInt(100);
        expected.add(String.valueOf(number));
        return dialect == SqlDialect.POSTGRESQL && random.nextBoolean() ? "'" + number + "'::int" : "" + number;
    }

    private String in(List<String> expected) {
        List<String> list = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(5); i++) {
            list.add(hostile());
        }
        String wanted = random.nextBoolean() ? list.get(0) : "nowhere " + hostile();
        expected.add(list.contains(wanted) ? "1" : "0");
        return "CASE WHEN " + asText(":" + named(wanted)) + " IN" + gap() + "(" + gap() + ":" + named(list)
                + ") THEN 1 ELSE 0 END";
    }

    /** Two signs begin a comment on every product but MySQL and MariaDB, and there not always. */
    private String difference(List<String> expected) {
        int number = random.nextInt(100);
        expected.add(String.valueOf(dialect.isMysql() ? 200 + number : 200 - number));
        return (dialect.isMysql() ? "200--" : "200-") + asNumber(":" + named(number));
    }

    private String named(Object value) {
        uses++;
        for (Map.Entry<String, Object> known : values.entrySet()) {
            if (known.getValue().equals(value)) {
                return known.getKey();
            }
        }
        String name = (random.nextBoolean() ? "p_" : "größe") + values.size();
        values.put(name, value);
        return name;
    }

    private String asText(String parameter) {
        return switch (dialect) {
            case POSTGRESQL -> random.nextBoolean() ? parameter + "::text" : "CAST(" + parameter + " AS text)";
            case H2 -> "CAST(" + parameter + " AS VARCHAR(500))";
            case MYSQL, MARIADB -> random.nextBoolean() ? parameter : "CAST(" + parameter + " AS CHAR(500))";
            default -> parameter;
        };
    }

    private String asNumber(String parameter) {
        return dialect.isMysql() || dialect == SqlDialect.SQLITE ? parameter : "CAST(" + parameter + " AS INT)";
    }

    /** Anything, mostly no SQL: quotes and comments that do not end, colons in rows. */
    String soup() {
        return hostile() + hostile() + hostile();
    }

    private String hostile() {
        StringBuilder content = new StringBuilder();
        for (int i = random.nextInt(5); i > 0; i--) {
            content.append(HOSTILE.get(random.nextInt(HOSTILE.size())));
        }
        return content.toString();
    }

    // ---- strings

    private String literal(String content) {
        String doubled = content.replace("'", "''");
        return switch (dialect) {
            case MYSQL, MARIADB -> mysql(content);
            case POSTGRESQL ->
                switch (random.nextInt(4)) {
                    case 0 -> "E'" + escaped(content) + "'";
                    case 1 -> dollarQuoted(content, "$t" + random.nextInt(2) + "$");
                    case 2 -> dollarQuoted(content, "$$");
                    default -> "'" + doubled + "'";
                };
            case H2 ->
                switch (random.nextInt(3)) {
                    case 0 -> "U&'" + doubled.replace("\\", "\\\\") + "'";
                    case 1 -> " " + dollarQuoted(content, "$$");
                    default -> "'" + doubled + "'";
                };
            default -> "'" + doubled + "'";
        };
    }

    private String escaped(String content) {
        return content.replace("\\", "\\\\").replace("'", random.nextBoolean() ? "\\'" : "''");
    }

    private String mysql(String content) {
        String escaped = content.replace("\\", "\\\\");
        return switch (random.nextInt(3)) {
            case 0 -> "'" + escaped.replace("'", "\\'") + "'";
            case 1 -> "\"" + escaped.replace("\"", random.nextBoolean() ? "\\\"" : "\"\"") + "\"";
            default -> "'" + escaped.replace("'", "''") + "'";
        };
    }

    private static String dollarQuoted(String content, String tag) {
        return (content + tag).indexOf(tag) == content.length()
                ? tag + content + tag
                : "'" + content.replace("'", "''") + "'";
    }

    // ---- names and comments

    private String alias(int number) {
        if (random.nextInt(3) > 0) {
            return "";
        }
        String name = "n" + number + hostile().replaceAll("[\r\n%]", "");
        return switch (dialect) {
            case POSTGRESQL -> " AS \"" + name.replace("\"", "\"\"") + "\"";
            case H2 -> " AS \"" + name.replace("\"", "\"\"") + "\"";
            case SQLITE ->
                random.nextBoolean()
                        ? " AS \"" + name.replace("\"", "\"\"") + "\""
                        : " AS [" + name.replace("]", "") + "]";
            default -> " AS `" + name.replace("`", "``").strip() + "`";
        };
    }

    private String gap() {
        return switch (random.nextInt(8)) {
            case 0 -> block();
            case 1 -> line();
            case 2 -> "\n\t";
            default -> " ";
        };
    }

    private String block() {
        String inside = " " + hostile().replace('*', '+').replace('/', '|');
        boolean nested = random.nextBoolean();
        return " /*" + inside + (nested ? (dialect.nestsComments() ? "/*" + inside + "*/" : "/*") : "") + inside
                + "*/ ";
    }

    private String line() {
        String begin = switch (dialect) {
            case MYSQL, MARIADB -> random.nextBoolean() ? "#" : "-- ";
            case H2 -> random.nextBoolean() ? "//" : "--";
            default -> "--";
        };
        String inside = hostile().replace('\n', ' ');
        return " " + begin + (dialect.endsCommentsAtReturn() ? inside.replace('\r', ' ') : inside) + "\n";
    }
}
