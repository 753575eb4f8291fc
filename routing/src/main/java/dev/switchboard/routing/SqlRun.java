package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What runs when somebody subscribes.
 *
 * @param client where connections come from
 * @param sql the text for errors
 * @param execution how it runs
 * @param statements what to execute on a connection, one after the other; asked for the next when the one before has ended
 */
record SqlRun(
        SqlClient client,
        String sql,
        SqlExecution execution,
        Function<SwitchboardConnection, Flux<Statement>> statements) {

    /** Uses a connection; each subscription asks for its own. */
    <R> Flux<R> on(Function<SwitchboardConnection, Publisher<R>> use) {
        Flux<R> answer = execution.timeout() == null
                ? client.withConnection(use)
                : StatementTimer.limit(this, execution.timeout(), use);
        return execution.hints().isEmpty() ? answer : answer.contextWrite(execution::written);
    }

    /** The results, one after the other, as fast as the subscriber asks. */
    <R> Flux<R> results(SwitchboardConnection handle, Function<Result, Publisher<R>> use) {
        return statements
                .apply(handle)
                .concatMap(statement -> Flux.<Result>from(statement.execute()).concatMap(use, 0), 0);
    }

    Mono<Long> rowsUpdated() {
        return on(handle -> results(handle, Result::getRowsUpdated)
                        .reduce(0L, Long::sum)
                        .flux())
                .singleOrEmpty();
    }

    <T> SqlRows<T> rows(RowMapping<T> mapping) {
        return new SqlRows<>(this, mapping);
    }
}
