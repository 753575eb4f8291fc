package dev.switchboard.jdbc;

import dev.switchboard.jdbc.SqlCommand.Kind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the SQL of a database that nobody has told the bridge about: statements end at semicolons, a parameter is {@code ?} or
 * {@code :name} (which JDBC does not know and is written as {@code ?}), and literals, quoted names and comments hide both.
 */
final class JdbcParser {
    private static final Set<String> READS =
            Set.of("SELECT", "VALUES", "TABLE", "FROM", "SHOW", "EXPLAIN", "DESCRIBE", "SUMMARIZE", "PIVOT");
    private static final Set<String> WRITES = Set.of("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE");
    private static final Set<String> TRANSACTIONS =
            Set.of("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE");

    private static final Pattern DOLLAR_QUOTE = Pattern.compile("\\$(?:[A-Za-z_][A-Za-z0-9_]*)?\\$");

    private final String sql;
    private final List<SqlCommand> commands = new ArrayList<>();
    private final BitSet used = new BitSet();
    private final Map<String, List<Integer>> names = new LinkedHashMap<>();
    private final StringBuilder text = new StringBuilder();
    private final List<Integer> slots = new ArrayList<>();
    private String verb = "";
    private boolean with;
    private int depth;
    private int brackets;
    private int at;

    private JdbcParser(String sql) {
        this.sql = sql;
    }

    static Script parse(String sql) {
        JdbcParser parser = new JdbcParser(sql);
        while (parser.at < sql.length()) {
            parser.token();
        }
        parser.endCommand();
        return new Script(sql, List.copyOf(parser.commands), parser.used, parser.names);
    }

    private void token() {
        char c = sql.charAt(at);
        switch (c) {
            case '\'', '"', '`' -> copyTo(sql.indexOf(c, at + 1), 1);
            case '-' -> copyCommentOr(c, "--", "\n");
            case '/' -> {
                refuseNestedComment();
                copyCommentOr(c, "/*", "*/");
            }
            case '$' -> dollarQuotedOr(c);
            case '?' -> parameter(used.length(), 1);
            case ':' -> colon();
            case ';' -> endCommand();
            default -> wordOr(c);
        }
        if (c == ';') {
            at++;
        }
    }

    private void copyTo(int found, int length) {
        int end = found < 0 ? sql.length() : found + length;
        text.append(sql, at, end);
        at = end;
    }

    private void copyCommentOr(char c, String opening, String closing) {
        if (sql.startsWith(opening, at)) {
            copyTo(sql.indexOf(closing, at + opening.length()), closing.length());
        } else {
            copyOne(c);
        }
    }

    /** To some products the first end ends it and to others the last one, so what is in between may be hidden or run. */
    private void refuseNestedComment() {
        int end = sql.startsWith("/*", at) ? sql.indexOf("*/", at + 2) : -1;
        int inner = end < 0 ? -1 : sql.indexOf("/*", at + 2);
        if (inner >= 0 && inner < end) {
            throw new IllegalArgumentException("There is a /* inside a comment in [" + sql
                    + "]; databases disagree on where such a comment ends. Leave it out, or use -- comments.");
        }
    }

    /** Text in {@code $tag$} or {@code $$}, which ends at the same words. */
    private void dollarQuotedOr(char c) {
        Matcher quote = DOLLAR_QUOTE.matcher(sql).region(at, sql.length());
        if (quote.lookingAt()) {
            copyTo(sql.indexOf(quote.group(), quote.end()), quote.group().length());
        } else {
            wordOr(c);
        }
    }

    private void copyOne(char c) {
        text.append(c);
        at++;
    }

    private void colon() {
        int end = at + 1;
        boolean named = end < sql.length()
                && Character.isJavaIdentifierStart(sql.charAt(end))
                && !(brackets > 0 && isBehindValue());
        if (sql.startsWith("::", at)) {
            text.append("::");
            at += 2;
        } else if (named) {
            while (end < sql.length() && Character.isJavaIdentifierPart(sql.charAt(end))) {
                end++;
            }
            String name = sql.substring(at + 1, end);
            List<Integer> known = names.computeIfAbsent(name, key -> new ArrayList<>(List.of(used.length())));
            parameter(known.get(0), end - at);
        } else {
            copyOne(':');
        }
    }

    /** In brackets, a colon behind a value divides: {@code {'a':b}}, {@code x[1:n]}. */
    private boolean isBehindValue() {
        int before = at - 1;
        while (before >= 0 && Character.isWhitespace(sql.charAt(before))) {
            before--;
        }
        char c = before < 0 ? ' ' : sql.charAt(before);
        // Behind white space, a word may be one of SQL's own, as in CASE .. THEN :a.
        boolean word = Character.isJavaIdentifierPart(c) && !Character.isDigit(c);
        return "'\"`)]}".indexOf(c) >= 0 || Character.isDigit(c) || (word && before == at - 1);
    }

    private void parameter(int slot, int length) {
        used.set(slot);
        slots.add(slot);
        text.append('?');
        at += length;
    }

    private void wordOr(char c) {
        if (!Character.isJavaIdentifierStart(c)) {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            brackets += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
            copyOne(c);
            return;
        }
        int end = at + 1;
        while (end < sql.length() && Character.isJavaIdentifierPart(sql.charAt(end))) {
            end++;
        }
        String word = sql.substring(at, end).toUpperCase(Locale.ROOT);
        if (verb.isEmpty()) {
            with = with || word.equals("WITH");
            boolean isVerb = !with || (depth == 0 && (READS.contains(word) || WRITES.contains(word)));
            verb = isVerb ? word : "";
        }
        copyTo(end, 0);
    }

    private void endCommand() {
        String command = text.toString().strip();
        if (!verb.isEmpty() || with) {
            commands.add(new SqlCommand(command, kind(), List.copyOf(slots)));
        }
        text.setLength(0);
        slots.clear();
        verb = "";
        with = false;
        depth = 0;
        brackets = 0;
    }

    private Kind kind() {
        if (READS.contains(verb)) {
            return Kind.QUERY;
        }
        if (WRITES.contains(verb)) {
            return Kind.WRITE;
        }
        return TRANSACTIONS.contains(verb) ? Kind.TRANSACTION : Kind.OTHER;
    }
}
