package dev.switchboard.jdbc;

import dev.switchboard.jdbc.SqlCommand.Kind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads a script: where its statements end, what kind each one is, and which parameters they name. Numbers are given to
 * parameters by SQLite's rules, once per statement (for JDBC) and once over the whole script (for the caller's indexes).
 */
final class SqliteParser {
    private static final Set<String> WRITES = Set.of("INSERT", "UPDATE", "DELETE", "REPLACE");
    private static final Set<String> READS = Set.of("SELECT", "VALUES");
    private static final Set<String> TRANSACTIONS =
            Set.of("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE");
    private static final Set<String> HEAD = Set.of("EXPLAIN", "QUERY", "PLAN", "CREATE", "TEMP", "TEMPORARY");
    private static final int HIGHEST_NUMBER = 32_766;

    private final String sql;
    private final SqliteTokenizer tokens;
    private final List<SqlCommand> commands = new ArrayList<>();
    private final BitSet used = new BitSet();
    private final Numbers scriptNumbers = new Numbers();
    private final Map<String, List<Integer>> names = new LinkedHashMap<>();

    private SqliteParser(String sql) {
        this.sql = sql;
        this.tokens = new SqliteTokenizer(sql);
    }

    static Script parse(String sql) {
        SqliteParser parser = new SqliteParser(sql);
        boolean more = true;
        while (more) {
            more = parser.command();
        }
        return new Script(sql, List.copyOf(parser.commands), parser.used, parser.names);
    }

    /** Reads one statement; answers whether the text goes on behind it. */
    private boolean command() {
        int from = -1;
        Shape shape = new Shape();
        Numbers numbers = new Numbers();
        List<Integer> slots = new ArrayList<>();
        while (true) {
            SqliteTokenizer.Kind kind = tokens.next();
            boolean ends = kind == SqliteTokenizer.Kind.END
                    || (kind == SqliteTokenizer.Kind.SEMICOLON && !shape.isInsideTrigger());
            if (ends) {
                if (from >= 0) {
                    commands.add(
                            new SqlCommand(sql.substring(from, tokens.start()).strip(), shape.kind(), slots));
                }
                return kind != SqliteTokenizer.Kind.END;
            }
            if (from < 0) {
                from = tokens.start();
            }
            if (kind == SqliteTokenizer.Kind.PARAMETER) {
                parameter(tokens.text(), numbers, slots);
            }
            shape.token(tokens);
        }
    }

    private void parameter(String text, Numbers numbers, List<Integer> slots) {
        int number = numbers.of(text);
        int slot = scriptNumbers.of(text) - 1;
        while (slots.size() < number) {
            slots.add(-1);
        }
        slots.set(number - 1, slot);
        used.set(slot);
        if (text.length() > 1) {
            name(text, slot);
            name(text.substring(1), slot);
        }
    }

    private void name(String name, int slot) {
        List<Integer> slots = names.computeIfAbsent(name, key -> new ArrayList<>(1));
        if (!slots.contains(slot)) {
            slots.add(slot);
        }
    }

    /** SQLite's rule: a number stands for itself, a known name for its number, everything else is one more than the highest. */
    private static final class Numbers {
        private final Map<String, Integer> known = new HashMap<>();
        private int highest;

        int of(String text) {
            if (text.length() == 1) {
                return ++highest;
            }
            if (text.charAt(0) == '?') {
                int number = explicit(text);
                highest = Math.max(highest, number);
                return number;
            }
            return known.computeIfAbsent(text, key -> ++highest);
        }

        private static int explicit(String text) {
            int number = text.length() > 6 ? 0 : Integer.parseInt(text.substring(1));
            if (number < 1 || number > HIGHEST_NUMBER) {
                throw new IllegalArgumentException(
                        "The parameter " + text + " is out of range: numbers go from ?1 to ?" + HIGHEST_NUMBER);
            }
            return number;
        }
    }

    /** Follows the words of one statement as far as its kind and the end of a trigger's body need. */
    private static final class Shape {
        private String first = "";
        private String verb = "";
        private int depth;
        private boolean inHead = true;
        private boolean creates;
        private boolean trigger;
        private boolean afterSemicolon;
        private boolean triggerEnded;
        private boolean afterReplace;

        boolean isInsideTrigger() {
            return trigger && !triggerEnded;
        }

        void token(SqliteTokenizer token) {
            switch (token.kind()) {
                case OPEN -> depth++;
                case CLOSE -> depth--;
                case WORD -> word(token.text().toUpperCase(Locale.ROOT));
                default -> inHead = false;
            }
            triggerEnded = trigger && afterSemicolon && token.isWord("END");
            afterSemicolon = token.kind() == SqliteTokenizer.Kind.SEMICOLON;
        }

        private void word(String word) {
            if (first.isEmpty()) {
                first = word;
            }
            if (inHead) {
                trigger = creates && word.equals("TRIGGER");
                creates = creates || word.equals("CREATE");
                inHead = HEAD.contains(word);
            }
            // REPLACE may also name a table of the WITH; INTO then tells which it is.
            boolean names = word.equals("REPLACE");
            if (depth == 0 && verb.isEmpty() && !names && (WRITES.contains(word) || READS.contains(word))) {
                verb = word;
            } else if (afterReplace && verb.isEmpty() && word.equals("INTO")) {
                verb = "REPLACE";
            }
            afterReplace = names && depth == 0;
        }

        Kind kind() {
            if (first.equals("EXPLAIN") || READS.contains(first)) {
                return Kind.QUERY;
            }
            if (first.equals("WITH")) {
                return READS.contains(verb) ? Kind.QUERY : Kind.WRITE;
            }
            if (WRITES.contains(first)) {
                return Kind.WRITE;
            }
            return TRANSACTIONS.contains(first) ? Kind.TRANSACTION : Kind.OTHER;
        }
    }
}
