package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class FirstWordsTests {
    private static final String UNREADABLE = "?";
    private static final String[] PIECES = {
        ";", ";", "--", "\n", "/*", "*/", "/", "*", "-", "#", "!", "M!", "(", " ", "\t", "'", "SET", "select", "x", "1"
    };

    private static List<String> words(String sql) {
        Deque<String> words = new ArrayDeque<>();
        boolean all = FirstWords.allMatch(sql, word -> {
            words.addFirst(word == null ? UNREADABLE : word);
            return true;
        });
        assertThat(all).isTrue();
        return new ArrayList<>(words);
    }

    @Test
    void eachStatementHasItsFirstWord() {
        assertThat(words("select 1")).containsExactly("SELECT");
        assertThat(words(" -- a\n /* b */ (select 1)")).containsExactly("SELECT");
        assertThat(words("select 1; set x = 1")).containsExactly("SELECT", "SET");
        assertThat(words("-- a; b\nselect 1")).containsExactly("SELECT", "B");
        assertThat(words("/*! x */ y; /* /* z */ u; 5")).containsExactly(UNREADABLE, UNREADABLE, "");
        assertThat(words("select 1; -- that is all")).containsExactly("SELECT", FirstWords.END);
        assertThat(words("")).containsExactly(FirstWords.END);
    }

    /** What the words are by definition: from each beginning on, over spaces and comments. */
    private static List<String> defined(String sql) {
        List<String> words = new ArrayList<>();
        for (int at = 0; at >= 0; at = sql.indexOf(';', at) < 0 ? -1 : sql.indexOf(';', at) + 1) {
            String rest = sql.substring(at);
            String before = null;
            while (!rest.equals(before)) {
                before = rest;
                rest = rest.replaceFirst(
                        "\\A(?:[\\s(]|(?:--|#)[^\\n]*|/\\*(?!!|M!)(?:(?!\\*/|/\\*)[\\s\\S])*(?:(?<!/\\*/)\\*/))", "");
            }
            if (rest.isEmpty()) {
                words.add(FirstWords.END);
            } else {
                words.add(
                        rest.startsWith("/*")
                                ? UNREADABLE
                                : rest.replaceFirst("(?s)[^a-zA-Z].*", "").toUpperCase(Locale.ROOT));
            }
        }
        return words;
    }

    @Test
    void theWordsAreThoseThatEachBeginningReadsByItself() {
        Random random = new Random(7);
        for (int text = 0; text < 5_000; text++) {
            StringBuilder sql = new StringBuilder();
            for (int pieces = random.nextInt(14); pieces > 0; pieces--) {
                sql.append(PIECES[random.nextInt(PIECES.length)]);
            }
            assertThat(words(sql.toString())).as("[%s]", sql).isEqualTo(defined(sql.toString()));
        }
    }

    /** Reading on from each semicolon would take minutes. */
    @ParameterizedTest
    @ValueSource(strings = {";--", "--;\n", ";--x;y"})
    void aHostileTextIsReadInOnePass(String piece) {
        String sql = piece.repeat(600_000) + "x".repeat(1_000_000);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            SessionChanges changes = new SessionChanges();
            changes.sent(sql);
            SessionChanges.beginsReading(sql);
        });
    }
}
