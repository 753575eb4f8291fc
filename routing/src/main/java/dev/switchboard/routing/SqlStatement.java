package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One SQL statement with its values. Immutable: every method returns a copy, so a statement can be kept and bound again.
 * Nothing happens before a publisher made from it is subscribed, and each subscription runs it anew.
 */
public final class SqlStatement {

    /** Runs that one statement of the driver gets at most, so that a long batch is not held twice. */
    private static final int MOST_RUNS = 1_000;

    private final SqlClient client;
    private final String sql;
    private final SqlValues values;
    private final SqlExecution execution;

    SqlStatement(SqlClient client, String sql, SqlValues values, SqlExecution execution) {
        this.client = client;
        this.sql = sql;
        this.values = values;
        this.execution = execution;
    }

    /**
     * Gives a named parameter its value. The last value of a name counts. A name that the SQL does not have is an error when
     * the statement runs.
     *
     * @param name the parameter's name, without the colon
     * @param value a value that the driver knows, an enum (bound by its name), {@link JsonText}, or a {@code Collection}, which
     *     becomes as many parameters as it has elements: {@code id IN (:ids)}. {@link #bindNull} is for NULL
     * @return a copy with the value
     */
    public SqlStatement bind(String name, Object value) {
        Objects.requireNonNull(name, "name");
        if (value == null) {
            throw new IllegalArgumentException(
                    "The value of :" + Shown.name(name) + " is null, and a null has no SQL type. Call bindNull(\""
                            + Shown.name(name) + "\", String.class) with the type of the column instead.");
        }
        return with(name, NamedValues.of(value, Object.class));
    }

    /**
     * Gives a named parameter the value NULL.
     *
     * @param name the parameter's name, without the colon
     * @param type the Java type that a value would have, {@code Object.class} where the database finds it by itself
     * @return a copy with the value
     */
    public SqlStatement bindNull(String name, Class<?> type) {
        return with(Objects.requireNonNull(name, "name"), new SqlNull(Objects.requireNonNull(type, "type")));
    }

    /**
     * Gives named parameters their values, a null included.
     *
     * @param named values by the parameters' names; one that the SQL does not have is an error when the statement runs
     * @return a copy with the values
     */
    public SqlStatement bind(Map<String, ?> named) {
        return with(values.withAll(SqlValues.named(Objects.requireNonNull(named, "named"))));
    }

    /**
     * Gives named parameters the values of the record's components with their names, a null included. A component that the SQL
     * does not mention is left out, since a record is a whole.
     *
     * @param components a record
     * @return a copy with the values
     */
    public SqlStatement bind(Record components) {
        return with(values.withAll(SqlValues.named(Objects.requireNonNull(components, "components"))));
    }

    /**
     * Names what the SQL calls <code>{name}</code>: a table, a column, a schema. The name is checked and quoted for the product, so
     * that one from a request can be nothing but a name. One in lower case means what it means in SQL without quotes, on a
     * product that keeps names in capitals too; any other name is taken as it is written.
     *
     * <pre>{@code db.sql("SELECT id FROM customer ORDER BY {column}").identifier("column", request.sortedBy())}</pre>
     *
     * @param name what stands between the braces
     * @param parts the identifier, after those that contain it: {@code "sales", "customer"} for a table in a schema. One that can
     *     be no name is a {@link SqlIdentifierException} when the statement runs
     * @return a copy with the identifier
     */
    public SqlStatement identifier(String name, String... parts) {
        return with("{" + Objects.requireNonNull(name, "name") + "}", new SqlIdentifier(List.of(parts)));
    }

    private SqlStatement with(String key, Object value) {
        return with(values.with(key, value));
    }

    private SqlStatement with(SqlValues more) {
        return new SqlStatement(client, sql, more, execution);
    }

    private SqlStatement with(SqlExecution other) {
        return new SqlStatement(client, sql, values, other);
    }

    /**
     * Runs the statement once for each of these rows, on one connection and in their order: in one round trip on MariaDB, SQLite
     * and H2; the drivers for PostgreSQL and MySQL send one after the other. What was bound before holds for every row. To insert many rows, {@link SqlClient#insertInto(String...)} is faster.
     *
     * <p>Outside of a transaction each row is one of its own: when one fails the rows before it stay, and with a driver that has
     * sent them already (MariaDB) so do rows behind it. Inside of {@link SqlClient#inTransaction(Mono)} it is all or nothing.
     *
     * @param rows a record, or a map by the parameters' names, for each run; read and copied now. None means nothing is run
     * @return a copy that runs for these rows, behind those of an earlier call
     */
    public SqlStatement batch(Iterable<?> rows) {
        return with(values.withRows(Objects.requireNonNull(rows, "rows")));
    }

    /**
     * Lets {@code map(..)} give the values that the database generates for the rows that are written. For several rows of one
     * {@code VALUES}, MySQL tells the first one's only; it tells all of a {@link #batch} and of
     * {@link SqlClient#insertInto(String...)}.
     *
     * @param columns the generated columns, on MySQL exactly one; checked and quoted as an {@link #identifier} is
     * @return a copy whose rows are the generated values
     */
    public SqlStatement generatedKeys(String... columns) {
        return with(execution.withKeys(columns));
    }

    /**
     * Asks the server for so many rows at a time. A hint: PostgreSQL then keeps a cursor, SQLite reads so many ahead, drivers that
     * stream anyway leave it aside. Back-pressure holds without it.
     *
     * @param rows at least 1
     * @return a copy with the fetch size
     */
    public SqlStatement fetchSize(int rows) {
        return with(execution.withFetchSize(rows));
    }

    /**
     * Limits how long the database may take to answer: from the moment when the connection is there and the subscriber asks,
     * to the first row of {@code all()} and to the answer of everything else. The time that the subscriber takes to read does not
     * count. What comes too late fails at once with {@link AnswerTimeoutException}, and is stopped on the server in the
     * background; H2 cannot stop it and closes its connection.
     *
     * @param limit longer than zero
     * @return a copy with the limit
     */
    public SqlStatement timeout(Duration limit) {
        return with(execution.withTimeout(Objects.requireNonNull(limit, "limit")));
    }

    /**
     * Gives a routing hint to this statement alone, as {@code contextWrite(hint)} around it would; of two of a kind the later one
     * holds. Inside of a transaction another route is a {@link RouteConflictException}.
     *
     * @param hint such as {@code usingConnection("billing")}
     * @return a copy with the hint
     */
    public SqlStatement using(RoutingHint hint) {
        return with(execution.withHint(Objects.requireNonNull(hint, "hint")));
    }

    /**
     * Makes each row a record or a single value.
     *
     * <p>A record's components take the columns of the same name, in snake case or as written: {@code firstName} takes
     * {@code first_name}. Columns without a component are left out; a component without a column is an error. Any other type
     * takes the only column: numbers, {@code String}, {@code Boolean}, enums by name, {@code UUID}, the types of
     * {@code java.time}, {@link JsonText}, and what the driver itself gives. A number that does not fit, and NULL for a primitive
     * component or a single value, is a {@link RowMappingException}; nothing is rounded or cut silently.
     *
     * @param type a record class, or the class of a single value
     * @param <T> the type of a row
     * @return the rows
     */
    public <T> SqlRows<T> map(Class<T> type) {
        return run().rows(RowMapping.to(Objects.requireNonNull(type, "type")));
    }

    /**
     * Makes each row a value by a function, which runs where the driver delivers rows and must not block.
     *
     * @param mapping gets a row that is valid during the call only, and returns no null
     * @param <T> the type of a row
     * @return the rows
     */
    public <T> SqlRows<T> map(Function<? super Row, ? extends T> mapping) {
        return run().rows(RowMapping.by(Objects.requireNonNull(mapping, "mapping")));
    }

    /**
     * Runs the statement for its effect.
     *
     * @return the number of rows that it inserted, updated or deleted, 0 where the database counts none; it comes when the
     *     connection is back in its pool. Cancelling gives the connection back in the background; a write that was sent
     *     already may have happened
     */
    public Mono<Long> rowsUpdated() {
        return run().rowsUpdated();
    }

    private SqlRun run() {
        return new SqlRun(client, sql, execution, this::statements);
    }

    private Flux<Statement> statements(SwitchboardConnection handle) {
        return handle.product().flatMapMany(product -> {
            ParsedSql parsed = client.parse(sql, product);
            return Flux.fromIterable(values.runs())
                    .map(run -> parsed.write(run, handle.connectionName()))
                    .buffer(MOST_RUNS)
                    .concatMapIterable(SqlStatement::together, 1)
                    .map(written -> statement(handle, written));
        });
    }

    /** Neighbours that one statement of the driver can serve: the same text with other values. */
    private static List<List<WrittenSql>> together(List<WrittenSql> runs) {
        List<List<WrittenSql>> groups = new ArrayList<>();
        for (WrittenSql run : runs) {
            List<WrittenSql> last = groups.isEmpty() ? List.of() : groups.get(groups.size() - 1);
            if (!last.isEmpty()
                    && run.dialect().takesManyRows()
                    && last.get(0).sql().equals(run.sql())) {
                last.add(run);
            } else {
                groups.add(new ArrayList<>(List.of(run)));
            }
        }
        return groups;
    }

    private Statement statement(SwitchboardConnection handle, List<WrittenSql> runs) {
        WrittenSql first = runs.get(0);
        Statement statement = handle.createStatement(first.sql());
        execution.prepare(statement, first.dialect(), handle.connectionName());
        for (int i = 0; i < runs.size(); i++) {
            if (i > 0) {
                statement.add();
            }
            runs.get(i).bind(statement);
        }
        return statement;
    }
}
