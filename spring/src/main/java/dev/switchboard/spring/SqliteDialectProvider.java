package dev.switchboard.spring;

import io.r2dbc.spi.ConnectionFactory;
import java.util.Optional;
import org.springframework.data.r2dbc.dialect.DialectResolver.R2dbcDialectProvider;
import org.springframework.data.r2dbc.dialect.R2dbcDialect;

/**
 * Tells Spring Data R2DBC that there is a dialect for SQLite. Spring finds it by itself when this module is on the class
 * path; nobody needs to name it.
 */
@SuppressWarnings("exports") // Whoever names it has Spring, and requires it.
public final class SqliteDialectProvider implements R2dbcDialectProvider {

    /** Called by Spring. */
    public SqliteDialectProvider() {}

    /**
     * The dialect of SQLite. Looks at the metadata only: no connection is made, and nothing blocks.
     *
     * @param connectionFactory any factory; it is SQLite's when its metadata has the name {@code SQLite}, in any case of
     *     letters
     * @return {@link SqliteDialect#INSTANCE}, or nothing for another product
     */
    @Override
    public Optional<R2dbcDialect> getDialect(ConnectionFactory connectionFactory) {
        return SqliteBindMarkersProvider.isSqlite(connectionFactory)
                ? Optional.of(SqliteDialect.INSTANCE)
                : Optional.empty();
    }
}
