package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.core.UnsupportedFeatureException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.retry.Retry;

/**
 * Where it is written down, once and for all, how a prepared transaction ends. The first to insert a row decides, and whoever
 * comes second obeys: the coordinator with COMMIT, the recovery with ABORT. Ids and words are our own and hold nothing to quote.
 */
final class DecisionLog {

    /** How a transaction ends. */
    enum Decision {
        COMMIT,
        ABORT
    }

    private static final String TABLE = "switchboard_decision";
    private static final int ATTEMPTS = 4;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final RoutingConnectionFactory routed;
    private final String connectionName;
    private final Clock clock;

    DecisionLog(RoutingConnectionFactory routed, String connectionName, Clock clock) {
        this.routed = routed;
        this.connectionName = connectionName;
        this.clock = clock;
    }

    Mono<Void> create() {
        return on(handle -> run(
                        handle,
                        "CREATE TABLE IF NOT EXISTS " + TABLE
                                + " (id VARCHAR(64) NOT NULL PRIMARY KEY, decision VARCHAR(8) NOT NULL,"
                                + " decided_at BIGINT NOT NULL)"))
                .then();
    }

    /** What was decided, which is what was wanted unless somebody else came first. Asks again after errors: it is the same row. */
    Mono<Decision> decide(String id, Decision wanted) {
        return on(handle -> insert(handle, id, wanted).thenReturn(wanted))
                .next()
                .onErrorResume(R2dbcDataIntegrityViolationException.class, taken -> find(id))
                .retryWhen(Retry.backoff(ATTEMPTS, PAUSE)
                        .filter(failure -> failure instanceof R2dbcException
                                && !(failure instanceof TransactionStateException)
                                && !(failure instanceof UnsupportedFeatureException))
                        .onRetryExhaustedThrow((spec, last) -> last.failure()));
    }

    private Mono<Decision> find(String id) {
        return on(handle -> Flux.from(handle.createStatement("SELECT decision FROM " + TABLE + " WHERE id = '" + id + "'")
                                .execute())
                        .flatMap(result -> result.map(row -> Decision.valueOf(row.get(0, String.class)))))
                .single();
    }

    private Mono<Void> insert(SwitchboardConnection handle, String id, Decision wanted) {
        String sql = "INSERT INTO " + TABLE + " (id, decision, decided_at) VALUES ('" + id + "', '" + wanted + "', "
                + clock.millis() + ")";
        return handle.product().flatMap(product -> switch (product) {
            case "PostgreSQL" -> inTransaction(
                    handle, run(handle, "SET LOCAL synchronous_commit = on").then(run(handle, sql)));
            case "SQLite" -> run(handle, "PRAGMA synchronous = FULL").then(inTransaction(handle, run(handle, sql)));
            case "MySQL", "MariaDB" -> flushesEachCommit(handle).then(inTransaction(handle, run(handle, sql)));
            default -> Mono.error(new UnsupportedFeatureException(
                    connectionName,
                    product,
                    "a log of decisions that survives a crash of the machine",
                    "Keep it in PostgreSQL, MySQL, MariaDB or SQLite"));
        });
    }

    private Mono<Void> flushesEachCommit(SwitchboardConnection handle) {
        return Flux.from(handle.createStatement("SELECT @@innodb_flush_log_at_trx_commit").execute())
                .flatMap(result -> result.map(row -> String.valueOf(row.get(0, Object.class))))
                .single()
                .flatMap(found -> "1".equals(found)
                        ? Mono.empty()
                        : Mono.error(new TransactionStateException(
                                connectionName,
                                "the log of decisions is on a server with innodb_flush_log_at_trx_commit = " + found
                                        + ", which may lose a commit",
                                "Set it to 1 there, or keep the log elsewhere")));
    }

    private static Mono<Void> inTransaction(SwitchboardConnection handle, Mono<Void> work) {
        return handle.beginTransaction().then(work).then(handle.commitTransaction());
    }

    /** Every part has ended, so that nobody will ask again. */
    Mono<Void> forget(String id) {
        return on(handle -> run(handle, "DELETE FROM " + TABLE + " WHERE id = '" + id + "'"))
                .then();
    }

    /** What was decided longer ago; only while no part of it is left anywhere. */
    Mono<Void> forgetOlderThan(Duration age) {
        long before = clock.millis() - age.toMillis();
        return on(handle -> run(handle, "DELETE FROM " + TABLE + " WHERE decided_at < " + before))
                .then();
    }

    private static Mono<Void> run(SwitchboardConnection handle, String sql) {
        return Flux.from(handle.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .then();
    }

    private <T> Flux<T> on(Function<SwitchboardConnection, ? extends Publisher<T>> work) {
        return Flux.usingWhen(
                        routed.create(), work, SwitchboardConnection::close, (handle, failure) -> handle.close(), SwitchboardConnection::close)
                .contextWrite(ignored -> Routing.usingConnection(connectionName).apply(Context.empty()));
    }
}
