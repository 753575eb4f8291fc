package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.jspecify.annotations.Nullable;

/**
 * The statements that a driver keeps on a session and finds again by their text. On MySQL and MariaDB they stay with the database
 * that they were prepared in, wherever the session stands; on PostgreSQL they follow the schema, and fail where its columns have
 * other types. So they are turned off where a session changes place.
 */
final class StatementCache {

    private static final Option<Integer> POSTGRESQL = Option.valueOf("preparedStatementCacheQueries");
    private static final Option<Integer> MYSQL = Option.valueOf("prepareCacheSize");

    private StatementCache() {}

    /** The same definition without them; null where it asks for them itself. */
    static @Nullable ConnectionDefinition without(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        Option<Integer> size = Likeness.usesDatabases(DriverSheet.of(definition.driver())) ? MYSQL : POSTGRESQL;
        Object asked = options == null ? 0 : options.getValue(size);
        if (asked == null) {
            return definition.withOption(size, 0);
        }
        return asked.toString().equals("0") ? definition : null;
    }

    /**
     * Without them where each borrower may have another schema, and a kept statement would answer from the one before.
     *
     * @throws InvalidDefinitionException where the definition asks for both
     */
    static ConnectionDefinition safe(ConnectionDefinition definition) {
        if (definition.schema() == null || !Likeness.usesDatabases(DriverSheet.of(definition.driver()))) {
            return definition;
        }
        ConnectionDefinition without = without(definition);
        if (without == null) {
            throw new InvalidDefinitionException(
                    definition.name(),
                    "it has a schema, and the driver's option '" + MYSQL.name()
                            + "' keeps statements, which stay in the schema" + " that they were prepared in",
                    "one of the two",
                    "Leave the option out, or name the database in place of the schema");
        }
        return without;
    }
}
