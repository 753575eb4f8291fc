package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes SQL apart at {@code :name} and <code>{name}</code>, wherever these are no part of a string, name or comment. */
final class SqlParser {

    private final String sql;
    private final SqlDialect dialect;
    private final SqlSkipper skipper;
    private final StringBuilder text;
    private final List<String> texts = new ArrayList<>();
    private final List<ParsedSql.Use> uses = new ArrayList<>();
    private @Nullable String ownMarker;
    /** Where the text goes on after the last string, name or comment in it. */
    private int plainFrom;

    SqlParser(String sql, SqlDialect dialect) {
        this.sql = sql;
        this.dialect = dialect;
        this.skipper = new SqlSkipper(sql, dialect);
        this.text = new StringBuilder(sql.length());
    }

    ParsedSql parse() {
        int at = 0;
        while (at < sql.length()) {
            int end = skipper.skipFrom(at);
            if (end > at) {
                text.append(driverText(at, end));
                plainFrom = text.length();
                at = end;
            } else {
                at = plain(at);
            }
        }
        texts.add(text.toString());
        Set<String> keys = new LinkedHashSet<>();
        uses.forEach(use -> keys.add(use.key()));
        return new ParsedSql(
                sql, dialect, List.copyOf(texts), List.copyOf(uses), Collections.unmodifiableSet(keys), ownMarker);
    }

    private String driverText(int at, int end) {
        String piece = sql.substring(at, end);
        return sql.charAt(at) == '\'' && skipper.isEscapeString(at)
                ? DriverText.withDoubledQuotes(piece)
                : DriverText.of(piece, skipper.charAt(at - 1), dialect);
    }

    /** Reads on from a character outside of quotes and comments, to behind what begins there. */
    private int plain(int at) {
        char here = sql.charAt(at);
        char next = skipper.charAt(at + 1);
        if (here == ':') {
            return next == ':' ? copied(at, endOfColons(at)) : named(at, ':');
        }
        if (here == '{') {
            return named(at, '}');
        }
        if (ownMarker == null && dialect.isOwnMarker(skipper.charAt(at - 1), here, next)) {
            ownMarker = sql.substring(at, SqlSkipper.isNamePart(next) ? endOfName(at + 1) : at + 1);
        }
        if (here == '-' && next == '-') {
            // Two signs, since no comment begins here; the drivers for MySQL and MariaDB would see one.
            text.append("- ");
            return at + 1;
        }
        return copied(at, at + 1);
    }

    private int copied(int from, int to) {
        text.append(sql, from, to);
        return to;
    }

    private int endOfColons(int at) {
        int end = at;
        while (skipper.charAt(end) == ':') {
            end++;
        }
        return end;
    }

    private int endOfName(int from) {
        int end = from;
        while (SqlSkipper.isNamePart(skipper.charAt(end)) && skipper.charAt(end) != '$') {
            end++;
        }
        return end;
    }

    /** A parameter begins here, or this is a character like any other. */
    private int named(int at, char kind) {
        int end = endOfName(at + 1);
        boolean isName = SqlSkipper.isNameStart(skipper.charAt(at + 1));
        if (!isName || (kind == '}' && skipper.charAt(end) != '}')) {
            return copied(at, at + 1);
        }
        String name = sql.substring(at + 1, end);
        if (kind == '}') {
            end++;
            uses.add(new ParsedSql.Use("{" + name + "}", false));
        } else {
            uses.add(new ParsedSql.Use(name, opensIn() && closes(end)));
        }
        texts.add(text.toString());
        text.setLength(0);
        plainFrom = 0;
        return end;
    }

    /** Whether {@code IN (} was the last that was read. */
    private boolean opensIn() {
        String before = text.substring(plainFrom).stripTrailing();
        if (!before.endsWith("(")) {
            return false;
        }
        String word = before.substring(0, before.length() - 1).stripTrailing();
        int start = word.length() - 2;
        return start > 0
                && word.regionMatches(true, start, "in", 0, 2)
                && !SqlSkipper.isNamePart(word.charAt(start - 1));
    }

    private boolean closes(int from) {
        int at = from;
        while (at < sql.length() && Character.isWhitespace(sql.charAt(at))) {
            at++;
        }
        return skipper.charAt(at) == ')';
    }
}
