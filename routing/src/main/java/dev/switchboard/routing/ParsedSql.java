package dev.switchboard.routing;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * SQL, taken apart at its named parameters. What is between them is written for the driver already; the parameters are written
 * for each run, since a list takes as many markers as it has values.
 *
 * @param source the text as the user wrote it
 * @param dialect the dialect that it is written for
 * @param texts what stands before, between and after the parameters: one more than these
 * @param uses the parameters in the order of the text
 * @param keys the parameters, each once
 * @param ownMarker a parameter of the driver's own, which nobody could bind; null where there is none
 */
record ParsedSql(
        String source,
        SqlDialect dialect,
        List<String> texts,
        List<Use> uses,
        Set<String> keys,
        @Nullable String ownMarker) {

    /**
     * A parameter where it is used.
     *
     * @param key {@code name} for a value, <code>{name}</code> for an identifier
     * @param alone whether it is all that stands in the parentheses of an IN
     */
    record Use(String key, boolean alone) {

        static boolean isIdentifier(String key) {
            return key.startsWith("{");
        }

        static String shown(String key) {
            return isIdentifier(key) ? key : ":" + key;
        }
    }

    static ParsedSql parse(String sql, SqlDialect dialect) {
        return new SqlParser(sql, dialect).parse();
    }

    /** Writes every parameter for its value, or says which ones are missing or unknown. */
    WrittenSql write(Map<String, Object> bound, @Nullable String connectionName) {
        if (ownMarker != null) {
            throw SqlParameterException.ownMarker(connectionName, source, ownMarker);
        }
        Map<String, Object> values = SqlValues.meant(bound, keys);
        if (!keys.equals(values.keySet())) {
            throw SqlParameterException.mismatch(connectionName, source, keys, values.keySet());
        }
        SqlWriter writer = new SqlWriter(dialect);
        for (int i = 0; i < uses.size(); i++) {
            writer.text(texts.get(i));
            write(writer, uses.get(i), values, connectionName);
        }
        writer.text(texts.get(uses.size()));
        WrittenSql written = writer.written();
        if (written.values().size() > dialect.mostValues()) {
            throw SqlParameterException.tooMany(
                    connectionName, source, dialect, written.values().size());
        }
        return written;
    }

    private void write(SqlWriter writer, Use use, Map<String, Object> values, @Nullable String connectionName) {
        Object value = values.get(use.key());
        if (value instanceof SqlIdentifier identifier) {
            writer.text(identifier.quoted(dialect, connectionName));
        } else if (value instanceof Collection<?> list) {
            if (list.isEmpty() || list.contains(SqlNull.UNTYPED)) {
                throw SqlParameterException.list(connectionName, source, use.key(), list.isEmpty());
            }
            writer.list(use.key(), list, use.alone());
        } else if (value != null) {
            writer.named(use.key(), value);
        }
    }
}
