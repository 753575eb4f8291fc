package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The rows of a statement. Each subscription asks for a connection by the hints of its own Context, runs the statement and
 * gives the connection back; inside {@link SqlClient#inTransaction(Mono)} it uses the transaction's connection.
 *
 * @param <T> the type of a row
 */
public final class SqlRows<T> {

    private final SqlRun run;
    private final RowMapping<T> mapping;

    SqlRows(SqlRun run, RowMapping<T> mapping) {
        this.run = run;
        this.mapping = mapping;
    }

    /**
     * The only row.
     *
     * @return the row, when its connection is back in its pool; empty where there is none; {@link MoreThanOneRowException}
     *     where there are more. Cancelling gives the connection back in the background
     */
    public Mono<T> one() {
        return run.on(handle -> rows(handle).take(2).collectList().<T>handle((rows, sink) -> {
                    if (rows.size() > 1) {
                        sink.error(new MoreThanOneRowException(handle.connectionName(), run.sql()));
                    } else if (!rows.isEmpty()) {
                        sink.next(rows.get(0));
                    }
                }))
                .singleOrEmpty();
    }

    /**
     * The first row. The statement is cancelled after it, so give the SQL a {@code LIMIT} where the result may be large.
     *
     * @return the row, when its connection is back in its pool; empty where there is none. Cancelling gives the connection
     *     back in the background
     */
    public Mono<T> first() {
        return run.on(handle -> rows(handle).take(1)).singleOrEmpty();
    }

    /**
     * All rows, as they come. Only as many are asked of the driver as the subscriber asks for, and none are kept here.
     *
     * @return the rows; it completes when the connection is back in its pool. Rows come on the driver's thread. Cancelling
     *     stops the statement and gives the connection back in the background
     */
    public Flux<T> all() {
        return run.on(this::rows);
    }

    private Flux<T> rows(SwitchboardConnection handle) {
        return run.results(handle, result -> result.map(mapping.reader(handle)));
    }
}
