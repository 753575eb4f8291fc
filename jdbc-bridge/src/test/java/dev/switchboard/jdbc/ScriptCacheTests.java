package dev.switchboard.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A text is read once while it is in use, and only so many are kept. */
class ScriptCacheTests {

    private final List<String> read = new ArrayList<>();

    private ScriptCache cache(int max) {
        return new ScriptCache(
                sql -> {
                    read.add(sql);
                    return SqliteParser.parse(sql);
                },
                max);
    }

    @Test
    void aTextIsReadOnce() {
        ScriptCache cache = cache(2);

        assertThat(cache.parse("SELECT 1")).isSameAs(cache.parse("SELECT 1"));
        assertThat(read).containsExactly("SELECT 1");
    }

    @Test
    void theOneThatWasNotUsedForTheLongestTimeGoesFirst() {
        ScriptCache cache = cache(2);
        List.of("SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3").forEach(cache::parse);
        read.clear();

        List.of("SELECT 1", "SELECT 3", "SELECT 2").forEach(cache::parse);
        assertThat(read).containsExactly("SELECT 2");
    }

    @Test
    void aSizeOfZeroKeepsNothing() {
        ScriptCache cache = cache(0);
        List.of("SELECT 1", "SELECT 1").forEach(cache::parse);

        assertThat(read).hasSize(2);
    }
}
