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
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An insert of many rows into one table, written for the product of the connection at hand: as many rows go into one
 * {@code VALUES} as the product takes values, a thousand at most. Immutable: every method returns a copy. Nothing happens before
 * a publisher made from it is subscribed, and each subscription inserts anew.
 *
 * <p>Outside of {@link SqlClient#inTransaction(Mono)} each statement is a transaction of its own: when one fails, the rows before
 * it stay.
 */
public final class SqlInsert {

    /** More rows make a statement hardly faster, and its text may pass what a server takes as one message. */
    private static final int MOST_ROWS = 1_000;

    private final SqlClient client;
    private final SqlIdentifier table;
    private final Flux<?> rows;
    private final List<String> columns;
    private final SqlExecution execution;

    SqlInsert(SqlClient client, SqlIdentifier table, Flux<?> rows, List<String> columns, SqlExecution execution) {
        this.client = client;
        this.table = table;
        this.rows = rows;
        this.columns = columns;
        this.execution = execution;
    }

    /**
     * Says what to insert.
     *
     * @param rows a record for each row, whose components' names in snake case are the columns, or a map by the columns' names;
     *     all rows have the columns of the first one. Read at each subscription
     * @return a copy with these rows instead of others
     */
    public SqlInsert rows(Iterable<?> rows) {
        return rows(Flux.fromIterable(Objects.requireNonNull(rows, "rows")));
    }

    /**
     * Says what to insert, as it comes: no more rows are asked for than the next statement takes, and an error of theirs is the
     * insert's. Rows that are read from the same database need another connection than the insert, so they cannot be read
     * inside of its transaction.
     *
     * @param rows see {@link #rows(Iterable)}
     * @return a copy with these rows instead of others
     */
    public SqlInsert rows(Publisher<?> rows) {
        return new SqlInsert(client, table, Flux.from(Objects.requireNonNull(rows, "rows")), columns, execution);
    }

    /**
     * Inserts into these columns only, and leaves the others to the database.
     *
     * @param names names of columns; one that a row does not have is an error when the insert runs
     * @return a copy with these columns
     */
    public SqlInsert columns(String... names) {
        return new SqlInsert(client, table, rows, List.of(names), execution);
    }

    /**
     * Lets {@code map(..)} give the values that the database generates, one row for each that is inserted. For MySQL, which tells
     * the key of one row only, each row becomes a statement of its own then.
     *
     * @param names see {@link SqlStatement#generatedKeys(String...)}
     * @return a copy whose rows are the generated values
     */
    public SqlInsert generatedKeys(String... names) {
        return with(execution.withKeys(names));
    }

    /**
     * Limits how long the database may take, see {@link SqlStatement#timeout(Duration)}. It counts the whole insert for
     * {@link #rowsUpdated()}, with the time that its rows take to come.
     *
     * @param limit longer than zero
     * @return a copy with the limit
     */
    public SqlInsert timeout(Duration limit) {
        return with(execution.withTimeout(Objects.requireNonNull(limit, "limit")));
    }

    /**
     * Gives a routing hint to this insert alone, see {@link SqlStatement#using(RoutingHint)}. It does not reach into the rows
     * when they are a publisher that chose a route itself.
     *
     * @param hint such as {@code usingConnection("billing")}
     * @return a copy with the hint
     */
    public SqlInsert using(RoutingHint hint) {
        return with(execution.withHint(Objects.requireNonNull(hint, "hint")));
    }

    private SqlInsert with(SqlExecution other) {
        return new SqlInsert(client, table, rows, columns, other);
    }

    /**
     * Makes what the insert returns, its {@link #generatedKeys}, a record or a single value.
     *
     * @param type see {@link SqlStatement#map(Class)}
     * @param <T> the type of a row
     * @return the rows
     */
    public <T> SqlRows<T> map(Class<T> type) {
        return run().rows(RowMapping.to(Objects.requireNonNull(type, "type")));
    }

    /**
     * Makes what the insert returns, its {@link #generatedKeys}, a value by a function.
     *
     * @param mapping see {@link SqlStatement#map(Function)}
     * @param <T> the type of a row
     * @return the rows
     */
    public <T> SqlRows<T> map(Function<? super Row, ? extends T> mapping) {
        return run().rows(RowMapping.by(Objects.requireNonNull(mapping, "mapping")));
    }

    /**
     * Inserts the rows.
     *
     * @return their number, when the connection is back in its pool; 0, and no connection taken, where there are none. Cancelling
     *     gives the connection back in the background, and what was sent may have happened
     */
    public Mono<Long> rowsUpdated() {
        return run().rowsUpdated();
    }

    private SqlRun run() {
        return new SqlRun(client, "INSERT INTO " + String.join(".", table.parts()), execution, this::statements);
    }

    private Flux<Statement> statements(SwitchboardConnection handle) {
        return handle.product()
                .flatMapMany(product -> rows.<Map<String, Object>>map(NamedValues::byColumn)
                        .switchOnFirst((first, all) -> {
                            Map<String, Object> row = first.get();
                            return row == null
                                    ? all.thenMany(Flux.<Statement>empty())
                                    : statements(handle, writer(handle, product, row), all);
                        }));
    }

    private InsertWriter writer(SwitchboardConnection handle, String product, Map<String, Object> first) {
        List<String> names = columns.isEmpty() ? new ArrayList<>(first.keySet()) : columns;
        return new InsertWriter(table, names, SqlDialect.of(product), handle.connectionName());
    }

    private Flux<Statement> statements(
            SwitchboardConnection handle, InsertWriter writer, Flux<Map<String, Object>> all) {
        boolean single = !execution.keys().isEmpty() && !writer.dialect().returnsKeysOfManyRows();
        int together = single ? 1 : Math.min(MOST_ROWS, writer.mostRows());
        return all.index().buffer(together).map(some -> {
            List<Map<String, Object>> chunk = new ArrayList<>(some.size());
            some.forEach(row -> chunk.add(writer.checked(row.getT1(), row.getT2(), columns.isEmpty())));
            return statement(handle, writer, chunk);
        });
    }

    private Statement statement(SwitchboardConnection handle, InsertWriter writer, List<Map<String, Object>> chunk) {
        WrittenSql written = writer.write(chunk);
        Statement statement = handle.createStatement(written.sql());
        execution.prepare(statement, written.dialect(), handle.connectionName());
        written.bind(statement);
        return statement;
    }
}
