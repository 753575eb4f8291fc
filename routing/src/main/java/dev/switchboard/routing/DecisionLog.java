package dev.switchboard.routing;

import dev.switchboard.core.HeldConnections;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.core.UnsupportedFeatureException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private volatile boolean usable;

    DecisionLog(RoutingConnectionFactory routed, String connectionName, Clock clock) {
        this.routed = routed;
        this.connectionName = connectionName;
        this.clock = clock;
    }

    String connectionName() {
        return connectionName;
    }

    Mono<Void> create() {
        return on(handle -> handle.product()
                        .flatMap(product -> run(
                                handle,
                                "CREATE TABLE IF NOT EXISTS " + TABLE
                                        + " (id VARCHAR(64) NOT NULL PRIMARY KEY, decision VARCHAR(8) NOT NULL,"
                                        + " decided_at BIGINT NOT NULL)"
                                        + (product.equals("MySQL") || product.equals("MariaDB")
                                                ? " ENGINE = InnoDB"
                                                : ""))))
                .then();
    }

    /** Fails where the log cannot decide; asked before anything is prepared, and not again once it could. */
    Mono<Void> usable(SwitchboardConnection session) {
        return Mono.defer(() -> usable ? Mono.empty() : looksUsable(session).doOnSuccess(unused -> usable = true));
    }

    private Mono<Void> looksUsable(SwitchboardConnection session) {
        Mono<Void> durable = session.product().flatMap(product -> switch (product) {
            case "PostgreSQL", "SQLite" -> Mono.empty();
            case "MySQL", "MariaDB" -> flushesEachCommit(session);
            default ->
                Mono.error(new UnsupportedFeatureException(
                        connectionName,
                        product,
                        "a log of decisions that survives a crash of the machine",
                        "Keep it in PostgreSQL, MySQL, MariaDB or SQLite"));
        });
        return durable.then(found(session, "").then());
    }

    /** After the documentation of both: a commit survives when the log of the engine, and the binary log where there is one, are flushed. */
    private Mono<Void> flushesEachCommit(SwitchboardConnection session) {
        return Flux.from(session.createStatement(
                                "SELECT CONCAT(@@innodb_flush_log_at_trx_commit, ' ', IF(@@log_bin, @@sync_binlog, 1))")
                        .execute())
                .flatMap(result -> result.map(row -> String.valueOf(row.get(0, String.class))))
                .single()
                .flatMap(found -> "1 1".equals(found)
                        ? Mono.empty()
                        : Mono.error(new TransactionStateException(
                                connectionName,
                                "the log of decisions is on a server that may lose a commit"
                                        + " (innodb_flush_log_at_trx_commit and sync_binlog are " + found + ")",
                                "Set both to 1 there, or keep the log elsewhere")));
    }

    /** As the other one, on a connection of its own. */
    Mono<Decision> decide(String id, Decision wanted) {
        return on(session -> usable(session).then(decide(session, id, wanted))).next();
    }

    /**
     * What was decided, which is what was wanted unless somebody else came first. Asks again after errors, the first time on this
     * connection and then on others: it is the same row.
     */
    Mono<Decision> decide(SwitchboardConnection session, String id, Decision wanted) {
        AtomicBoolean again = new AtomicBoolean();
        return Mono.defer(() -> again.getAndSet(true)
                        ? on(other -> inserted(other, id, wanted)).next()
                        : inserted(session, id, wanted))
                .retryWhen(Retry.backoff(ATTEMPTS, PAUSE)
                        .filter(R2dbcException.class::isInstance)
                        .onRetryExhaustedThrow((spec, last) -> last.failure()));
    }

    private Mono<Decision> inserted(SwitchboardConnection session, String id, Decision wanted) {
        return insert(session, id, wanted, clock.millis())
                .thenReturn(wanted)
                .onErrorResume(
                        R2dbcDataIntegrityViolationException.class,
                        taken -> session.rollbackTransaction()
                                .then(found(session, id))
                                .switchIfEmpty(Mono.error(taken)));
    }

    private static Mono<Decision> found(SwitchboardConnection session, String id) {
        return Flux.from(session.createStatement("SELECT decision FROM " + TABLE + " WHERE id = '" + id + "'")
                        .execute())
                .flatMap(result -> result.map(row -> Decision.valueOf(row.get(0, String.class))))
                .next();
    }

    private static Mono<Void> insert(SwitchboardConnection session, String id, Decision wanted, long now) {
        String sql = "INSERT INTO " + TABLE + " (id, decision, decided_at) VALUES ('" + id + "', '" + wanted + "', "
                + now + ")";
        return session.product().flatMap(product -> switch (product) {
            case "PostgreSQL" ->
                inTransaction(
                        session,
                        run(session, "SET LOCAL synchronous_commit = on").then(run(session, sql)));
            case "SQLite" -> run(session, "PRAGMA synchronous = FULL").then(inTransaction(session, run(session, sql)));
            default -> inTransaction(session, run(session, sql));
        });
    }

    private static Mono<Void> inTransaction(SwitchboardConnection handle, Mono<Void> work) {
        return handle.beginTransaction().then(work).then(handle.commitTransaction());
    }

    /** Every part has ended, so that nobody will ask again. */
    Mono<Void> forget(String id) {
        return on(handle -> run(handle, "DELETE FROM " + TABLE + " WHERE id = '" + id + "'"))
                .then();
    }

    /** What was decided longer ago for ids that begin so; only while no part of them is left anywhere. */
    Mono<Void> forgetOlderThan(Duration age, String prefix) {
        String sql = "DELETE FROM " + TABLE + " WHERE decided_at < " + (clock.millis() - age.toMillis())
                + " AND id LIKE '" + prefix + "%'";
        return on(handle -> run(handle, sql)).then();
    }

    private static Mono<Void> run(SwitchboardConnection handle, String sql) {
        return Flux.from(handle.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .then();
    }

    /** Works on a connection of the log, which is there before the work begins. */
    <T> Flux<T> on(Function<SwitchboardConnection, ? extends Publisher<T>> work) {
        return Flux.usingWhen(
                        routed.create(),
                        session -> session.open().thenMany(Flux.defer(() -> work.apply(session))),
                        SwitchboardConnection::close,
                        (handle, failure) -> handle.close(),
                        SwitchboardConnection::close)
                .contextWrite(this::ownRoute);
    }

    /** Nothing of the caller's Context but what it holds, which counts when there is no connection left. */
    private Context ownRoute(Context context) {
        return HeldConnections.heldIn(context)
                .apply(Routing.usingConnection(connectionName).apply(Context.empty()));
    }
}
