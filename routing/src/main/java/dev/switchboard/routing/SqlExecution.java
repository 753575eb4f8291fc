package dev.switchboard.routing;

import dev.switchboard.core.UnsupportedFeatureException;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * How a statement is run, apart from its text and values. Immutable.
 *
 * @param keys the generated columns to return, none for a statement that returns what it returns
 * @param fetchSize rows to ask of the server at a time, 0 for the driver's own way
 * @param timeout how long it may take to answer, null for ever
 * @param hints for this statement alone
 */
record SqlExecution(
        List<String> keys, int fetchSize, @Nullable Duration timeout, List<RoutingHint> hints) {

    static final SqlExecution PLAIN = new SqlExecution(List.of(), 0, null, List.of());

    SqlExecution withKeys(String... columns) {
        if (columns.length == 0) {
            throw new IllegalArgumentException("No generated column was named, and each product has another idea of"
                    + " which ones are meant then. Name at least one: generatedKeys(\"id\").");
        }
        return new SqlExecution(List.of(columns), fetchSize, timeout, hints);
    }

    SqlExecution withFetchSize(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException(
                    "A fetch size is at least 1 row, was " + rows + ". Leave it out for the driver's own way.");
        }
        return new SqlExecution(keys, rows, timeout, hints);
    }

    SqlExecution withTimeout(Duration limit) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("A statement time-out is longer than zero, was " + limit
                    + ". Leave it out to wait as long as it takes.");
        }
        return new SqlExecution(keys, fetchSize, limit, hints);
    }

    SqlExecution withHint(RoutingHint hint) {
        List<RoutingHint> more = new ArrayList<>(hints);
        more.add(hint);
        return new SqlExecution(keys, fetchSize, timeout, List.copyOf(more));
    }

    Context written(Context context) {
        Context written = context;
        for (RoutingHint hint : hints) {
            written = hint.apply(written);
        }
        return written;
    }

    void prepare(Statement statement, SqlDialect dialect, @Nullable String connectionName) {
        if (fetchSize > 0) {
            statement.fetchSize(fetchSize);
        }
        if (keys.isEmpty()) {
            return;
        }
        if (dialect == SqlDialect.MYSQL && keys.size() > 1) {
            throw new UnsupportedFeatureException(
                    connectionName,
                    dialect.product(),
                    "more than one generated column (its server tells the last AUTO_INCREMENT value and nothing else)",
                    "Ask for that column alone, and select the others");
        }
        statement.returnGeneratedValues(
                keys.stream().map(key -> column(key, dialect, connectionName)).toArray(String[]::new));
    }

    /** Two drivers write the name into their SQL as it is; the others quote or compare it themselves. */
    private static String column(String key, SqlDialect dialect, @Nullable String connectionName) {
        boolean writtenAsItIs = dialect == SqlDialect.POSTGRESQL || dialect == SqlDialect.MARIADB;
        return writtenAsItIs
                ? SqlIdentifier.quoted(key, dialect, connectionName)
                : SqlIdentifier.kept(key, dialect, connectionName);
    }
}
