package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * The one place for what differs between JDBC databases: parameter markers and statement borders, codecs, generated keys,
 * the mapping of errors, and (on the {@link JdbcSession} that it opens) beginning transactions, isolation, time-outs and
 * cancelling. Everything else in the bridge is the same for all of them. Parsing and codecs are called from any thread, the
 * rest on the worker of one connection.
 */
interface JdbcProduct {

    /** The name that {@code ConnectionFactoryMetadata} and {@code ConnectionMetadata} report. */
    String name();

    /** What is opened, in words for error messages; never a secret. */
    String target();

    Script parse(String sql);

    /** The statement changed so that it returns generated values: the named columns, or all when none is named. */
    SqlCommand returningGenerated(SqlCommand command, String... columns);

    /**
     * The value as JDBC is given it.
     *
     * @throws IllegalArgumentException if the type is not supported or the value would lose something
     */
    Object encode(Object value);

    /** Refuses a type that {@link #encode} would refuse, for a null of it. */
    void requireEncodable(Class<?> type);

    /**
     * The value of a column as the asked type; {@code Object} asks for the type that fits the column best.
     *
     * @throws IllegalArgumentException if the value does not fit the type
     */
    @Nullable
    Object decode(@Nullable Object raw, JdbcColumn column, Class<?> type);

    /** Opens one JDBC connection and sets it up; blocks. */
    JdbcSession open() throws SQLException;

    R2dbcException openFailure(SQLException failure);

    /** Gives back what the product holds beyond its connections; blocks. */
    void close() throws SQLException;
}
