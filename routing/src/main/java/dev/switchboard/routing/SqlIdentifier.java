package dev.switchboard.routing;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The name of a table, column or schema that is not part of the SQL's text, perhaps because it comes from a request. It is
 * checked and quoted for the product, so it can be nothing but a name.
 *
 * @param parts the name, after the names of what contains it: schema and table, for example
 */
record SqlIdentifier(List<String> parts) {

    private static final int MOST_PARTS = 4;
    private static final Pattern IN_LOWER_CASE = Pattern.compile("[a-z_][a-z0-9_]*");

    SqlIdentifier(List<String> parts) {
        this.parts = List.copyOf(parts);
    }

    String quoted(SqlDialect dialect, @Nullable String connectionName) {
        if (parts.isEmpty() || parts.size() > MOST_PARTS) {
            throw new SqlIdentifierException(
                    connectionName,
                    dialect,
                    String.join(".", parts),
                    "has " + parts.size() + " parts, and 1 to 4 are possible");
        }
        return parts.stream().map(part -> quoted(part, dialect, connectionName)).collect(Collectors.joining("."));
    }

    /** One name as the product keeps it, checked but not quoted, for drivers that quote it themselves. */
    static String kept(String name, SqlDialect dialect, @Nullable String connectionName) {
        String wrong = wrong(name, dialect);
        if (wrong != null) {
            throw new SqlIdentifierException(connectionName, dialect, name, wrong);
        }
        return dialect.keepsNamesInCapitals() && IN_LOWER_CASE.matcher(name).matches()
                ? name.toUpperCase(Locale.ROOT)
                : name;
    }

    static String quoted(String name, SqlDialect dialect, @Nullable String connectionName) {
        String kept = kept(name, dialect, connectionName);
        String close = String.valueOf(dialect.closingQuote());
        String quoted = dialect.openingQuote() + kept.replace(close, close + close) + close;
        return DriverText.of(quoted, ' ', dialect);
    }

    /** What keeps a name from being one, or null. */
    private static @Nullable String wrong(String name, SqlDialect dialect) {
        if (name.isEmpty()) {
            return "is empty";
        }
        if (name.codePoints().anyMatch(Shown::isHidden)) {
            return "contains control or invisible characters";
        }
        if (!name.equals(name.strip())) {
            return "begins or ends with a blank";
        }
        if (dialect.isMysql() && name.codePoints().anyMatch(Character::isSupplementaryCodePoint)) {
            return "contains characters outside of Unicode's basic plane";
        }
        return tooLong(name, dialect);
    }

    private static @Nullable String tooLong(String name, SqlDialect dialect) {
        boolean countsBytes = dialect == SqlDialect.POSTGRESQL;
        int length = countsBytes ? name.getBytes(StandardCharsets.UTF_8).length : name.codePointCount(0, name.length());
        int most = switch (dialect) {
            case POSTGRESQL -> 63;
            case MYSQL, MARIADB -> 64;
            case H2 -> 256;
            default -> 128;
        };
        return length <= most
                ? null
                : "has " + length + (countsBytes ? " bytes" : " characters") + ", and at most " + most + " are kept";
    }
}
