package dev.switchboard.jdbc;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The texts that a connection has read, least recently used first; a script is never changed, so all may share it. */
final class ScriptCache {
    private final Function<String, Script> parser;
    private final int max;
    private final Map<String, Script> read = new LinkedHashMap<>(16, 0.75f, true);

    ScriptCache(Function<String, Script> parser, int max) {
        this.parser = parser;
        this.max = max;
    }

    Script parse(String sql) {
        synchronized (read) {
            Script known = read.get(sql);
            if (known != null) {
                return known;
            }
        }
        Script script = parser.apply(sql);
        synchronized (read) {
            read.put(sql, script);
            if (read.size() > max) {
                Iterator<Script> oldest = read.values().iterator();
                oldest.next();
                oldest.remove();
            }
        }
        return script;
    }
}
