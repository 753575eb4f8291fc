package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The values that were bound do not fit the named parameters of the SQL. Nothing was sent to the database. */
public final class SqlParameterException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private static final int MOST_SHOWN = 10;

    private final transient @Nullable String connectionName;
    private final transient List<String> missing;
    private final transient List<String> unknown;

    private SqlParameterException(
            @Nullable String connectionName, String message, Collection<String> missing, Collection<String> unknown) {
        super(message);
        this.connectionName = connectionName;
        this.missing = List.copyOf(missing);
        this.unknown = List.copyOf(unknown);
    }

    static SqlParameterException mismatch(
            @Nullable String connectionName, String sql, Set<String> parameters, Set<String> bound) {
        Set<String> missing = new LinkedHashSet<>(parameters);
        missing.removeAll(bound);
        Set<String> unknown = new LinkedHashSet<>(bound);
        unknown.removeAll(parameters);
        String message = Shown.sql(sql) + " " + found(missing, unknown) + ". It has "
                + (parameters.isEmpty() ? "no named parameter" : "the parameters " + listed(parameters)) + ". "
                + next(parameters, missing, unknown);
        return new SqlParameterException(connectionName, message, missing, unknown);
    }

    private static String found(Set<String> missing, Set<String> unknown) {
        String without = missing.isEmpty() ? "" : "got no value for " + listed(missing);
        String strange = unknown.isEmpty() ? "" : "was given " + listed(unknown) + ", which it does not have";
        return without + (missing.isEmpty() || unknown.isEmpty() ? "" : " and ") + strange;
    }

    private static String next(Set<String> parameters, Set<String> missing, Set<String> unknown) {
        for (String strange : unknown) {
            String meant = NearNames.nearest(strange, missing.isEmpty() ? parameters : missing);
            if (meant != null) {
                return "Did you mean " + ParsedSql.Use.shown(meant) + " instead of " + listed(List.of(strange)) + "?";
            }
        }
        if (missing.isEmpty()) {
            return "Remove the value or correct its name; inside quotes and comments and after :: nothing is a parameter.";
        }
        String first = missing.iterator().next();
        return ParsedSql.Use.isIdentifier(first)
                ? "Call identifier(\"" + first.substring(1, first.length() - 1) + "\", name)."
                : "Call bind(\"" + first
                        + "\", value), or bindNull(..) for NULL; a colon that begins no parameter needs a"
                        + " blank behind it.";
    }

    static SqlParameterException list(@Nullable String connectionName, String sql, String name, boolean empty) {
        String message = Shown.sql(sql) + " was given "
                + (empty ? "an empty list for :" : "a list with a null for :") + name
                + (empty
                        ? ", and SQL has no IN with nothing in it. Leave the condition out, or do not run the statement"
                                + " when there is nothing to look for."
                        : ", and a null is never IN or NOT IN anything. Remove it, and ask for IS NULL where that is meant.");
        return new SqlParameterException(connectionName, message, List.of(), List.of());
    }

    static SqlParameterException tooMany(@Nullable String connectionName, String sql, SqlDialect dialect, int values) {
        String message = Shown.sql(sql) + " has " + values + " values, and " + dialect.product() + " takes at most "
                + dialect.mostValues() + " in one statement. Run it for parts of the list, or put the list into a table"
                + " and join with that.";
        return new SqlParameterException(connectionName, message, List.of(), List.of());
    }

    static SqlParameterException ownMarker(@Nullable String connectionName, String sql, String marker) {
        String message = Shown.sql(sql) + " has the parameter " + marker
                + ", and only named ones can be bound here. Write" + " :name instead, and bind(\"name\", value).";
        return new SqlParameterException(connectionName, message, List.of(marker), List.of());
    }

    private static String listed(Collection<String> keys) {
        String shown = keys.stream()
                .limit(MOST_SHOWN)
                .map(key -> Shown.name(ParsedSql.Use.shown(key)))
                .collect(Collectors.joining(", "));
        return keys.size() <= MOST_SHOWN ? shown : shown + " and " + (keys.size() - MOST_SHOWN) + " more";
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("missing", missing, "unknown", unknown));
    }

    /**
     * What got no value.
     *
     * @return the parameters in the order of the SQL, an identifier in its braces
     */
    public List<String> missing() {
        return missing;
    }

    /**
     * What was bound and does not exist.
     *
     * @return the names in the order in which they were bound, an identifier in its braces
     */
    public List<String> unknown() {
        return unknown;
    }
}
