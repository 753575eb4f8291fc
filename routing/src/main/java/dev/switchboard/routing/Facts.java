package dev.switchboard.routing;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The fact map of an error: the connection, where it is known, and what the error adds. */
final class Facts {

    private Facts() {}

    static Map<String, Object> about(@Nullable String connectionName, Map<String, ?> others) {
        Map<String, Object> facts = new TreeMap<>(others);
        if (connectionName != null) {
            facts.put("connectionName", connectionName);
        }
        return Map.copyOf(facts);
    }
}
