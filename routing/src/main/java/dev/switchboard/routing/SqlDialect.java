package dev.switchboard.routing;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Collection;
import java.util.Locale;
import java.util.UUID;

/**
 * How a product writes parameters, strings, comments and identifiers, how many values a statement takes, and which values its
 * driver knows.
 */
enum SqlDialect {
    POSTGRESQL("PostgreSQL", Markers.DOLLAR, '"', 65_535),
    /** Its limit is {@code org.h2.engine.Constants.MAX_PARAMETER_INDEX}. */
    H2("H2", Markers.DOLLAR, '"', 100_000),
    MYSQL("MySQL", Markers.QUESTION, '`', 65_535),
    MARIADB("MariaDB", Markers.QUESTION, '`', 65_535),
    /** Quoted with backticks, since SQLite takes an unknown name in double quotes for a string, without a word. */
    SQLITE("SQLite", Markers.NUMBERED_QUESTION, '`', 32_766),
    SQL_SERVER("SQL Server", Markers.AT_NAME, ']', 2_098),
    /** Any other product: the text stays as it is, and parameters are bound by their names. */
    OTHER("This product", Markers.COLON_NAME, '"', 32_767);

    private enum Markers {
        DOLLAR,
        QUESTION,
        NUMBERED_QUESTION,
        AT_NAME,
        COLON_NAME
    }

    private final String product;
    private final Markers markers;
    private final char closingQuote;
    private final int mostValues;

    SqlDialect(String product, Markers markers, char closingQuote, int mostValues) {
        this.product = product;
        this.markers = markers;
        this.closingQuote = closingQuote;
        this.mostValues = mostValues;
    }

    static SqlDialect of(String product) {
        String name = product.toLowerCase(Locale.ROOT);
        if (name.contains("postgres") || name.contains("cockroach")) {
            return POSTGRESQL;
        }
        if (name.contains("mariadb")) {
            return MARIADB;
        }
        if (name.contains("mysql")) {
            return MYSQL;
        }
        if (name.contains("sqlite")) {
            return SQLITE;
        }
        if (name.contains("sql server")) {
            return SQL_SERVER;
        }
        return name.equals("h2") ? H2 : OTHER;
    }

    String product() {
        return product;
    }

    // ---- parameters

    /** How many values one statement takes. */
    int mostValues() {
        return mostValues;
    }

    /** Whether parameters are bound by name and not by position. */
    boolean bindsByName() {
        return markers == Markers.AT_NAME || markers == Markers.COLON_NAME;
    }

    /** Whether each use of a name is a position of its own. */
    boolean bindsEachUse() {
        return markers == Markers.QUESTION;
    }

    String marker(String name, int position) {
        return switch (markers) {
            case DOLLAR -> "$" + (position + 1);
            case QUESTION -> "?";
            case NUMBERED_QUESTION -> "?" + (position + 1);
            case AT_NAME -> "@" + name;
            case COLON_NAME -> ":" + name;
        };
    }

    /** The marker of a value that is JSON: most products take its text, two want to be told. */
    String jsonMarker(String marker) {
        return switch (this) {
            case POSTGRESQL -> "CAST(" + marker + " AS jsonb)";
            case H2 -> marker + " FORMAT JSON";
            default -> marker;
        };
    }

    /**
     * Whether a driver's own parameter begins here, outside of quotes and comments. Nobody could give it a value.
     *
     * @param before the character before it, a blank where there is none
     * @param here the character
     * @param next the character after it, a blank where there is none
     */
    boolean isOwnMarker(char before, char here, char next) {
        return switch (here) {
            case '?' -> isMysql() || this == SQLITE || this == H2;
            case '$' ->
                !SqlSkipper.isNamePart(before)
                        && (isDigit(next)
                                ? this != OTHER && !isMysql()
                                : this == SQLITE && SqlSkipper.isNameStart(next));
            case '@' -> this == SQLITE && SqlSkipper.isNameStart(next);
            default -> false;
        };
    }

    private static boolean isDigit(char character) {
        return character >= '0' && character <= '9';
    }

    /**
     * Whether the driver may get many rows of values for one statement. The one for PostgreSQL sends them one by one anyway, and
     * when one of them fails it neither goes on nor ends.
     */
    boolean takesManyRows() {
        return this != POSTGRESQL;
    }

    /** Whether an insert of several rows tells the keys of all of them. */
    boolean returnsKeysOfManyRows() {
        return this != MYSQL;
    }

    // ---- values

    /** What the driver knows a value as. */
    Object bindable(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof Character) {
            return value.toString();
        }
        if (value instanceof JsonText json) {
            return json.text();
        }
        if (value instanceof BigInteger integer && this == H2) {
            return new BigDecimal(integer);
        }
        if (value instanceof ByteBuffer buffer) {
            // Drivers read it to its end, and a statement may run again.
            return buffer.duplicate();
        }
        return isMysql() ? knownToMysql(value) : value;
    }

    private static Object knownToMysql(Object value) {
        if (value instanceof UUID) {
            return value.toString();
        }
        if (value instanceof OffsetDateTime offset) {
            return offset.toInstant();
        }
        return value instanceof ZonedDateTime zoned ? zoned.toInstant() : value;
    }

    /** The type to name to the driver for a null. */
    Class<?> bindableType(Class<?> type) {
        Class<?> boxed = ColumnConversion.boxed(type);
        boolean text = boxed.isEnum() || boxed == Character.class || boxed == JsonText.class;
        if (text || (boxed == UUID.class && isMysql())) {
            return String.class;
        }
        if (boxed == Object.class || Collection.class.isAssignableFrom(boxed)) {
            // PostgreSQL finds the type itself when none is named; the others convert text to any type.
            return this == POSTGRESQL ? Object.class : String.class;
        }
        if (boxed == BigInteger.class && this == H2) {
            return BigDecimal.class;
        }
        boolean zoned = boxed == OffsetDateTime.class || boxed == ZonedDateTime.class;
        return zoned && isMysql() ? Instant.class : boxed;
    }

    // ---- text

    boolean isMysql() {
        return this == MYSQL || this == MARIADB;
    }

    boolean escapesWithBackslash() {
        return isMysql();
    }

    boolean quotesWithBackticks() {
        return isMysql() || this == SQLITE || this == H2;
    }

    boolean quotesWithBrackets() {
        return this == SQLITE || this == SQL_SERVER;
    }

    boolean nestsComments() {
        return this == POSTGRESQL || this == H2 || this == SQL_SERVER;
    }

    /** Whether a carriage return alone ends a comment, as a line feed does everywhere. */
    boolean endsCommentsAtReturn() {
        return this == POSTGRESQL || this == H2;
    }

    /** Whether names that are not quoted are kept in capitals, so that a quoted one has to be written so. */
    boolean keepsNamesInCapitals() {
        return this == H2;
    }

    /** The mark that ends a quoted identifier; doubled inside of one. */
    char closingQuote() {
        return closingQuote;
    }

    char openingQuote() {
        return closingQuote == ']' ? '[' : closingQuote;
    }
}
