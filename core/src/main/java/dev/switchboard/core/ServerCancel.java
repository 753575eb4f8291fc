package dev.switchboard.core;

import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Asks a server to stop what one of its sessions is doing: PostgreSQL by its cancel request, MySQL and MariaDB by
 * {@code KILL} from a second connection. The result must be awaited before the session is used again, or the cancel may
 * hit the next statement.
 */
final class ServerCancel {

    private final SlotPool pool;
    private final Opener opener;
    private final Connection connection;
    private final @Nullable Long sessionId;

    private ServerCancel(SlotPool pool, Opener opener, Connection connection, @Nullable Long sessionId) {
        this.pool = pool;
        this.opener = opener;
        this.connection = connection;
        this.sessionId = sessionId;
    }

    /** Asks a fresh connection for its session id, where a later cancel will need one. */
    static Mono<ServerCancel> of(SlotPool pool, Opener opener, Connection connection) {
        if (!pool.sheet().can(DriverSheet.Capability.KILL_QUERY)) {
            return Mono.just(new ServerCancel(pool, opener, connection, null));
        }
        return Flux.from(connection.createStatement("SELECT CONNECTION_ID()").execute())
                .flatMap(result -> result.map(row -> {
                    Number id = row.get(0, Number.class);
                    return id == null ? -1L : id.longValue();
                }))
                .single()
                .map(id -> new ServerCancel(pool, opener, connection, id));
    }

    /** Stops the running statement; empty where the product offers no way. Completes when the server has confirmed. */
    Mono<Void> statement(Duration timeout) {
        return Mono.defer(
                () -> sessionId == null ? cancelRequest(timeout) : opener.beside(timeout, "KILL QUERY " + sessionId));
    }

    /**
     * Ends the session on the server, or at least what it is doing, where the driver's own close would wait behind the
     * running statement or leave it running.
     */
    Mono<Void> session(Duration timeout) {
        return Mono.defer(() ->
                sessionId == null ? cancelRequest(timeout) : opener.beside(timeout, "KILL CONNECTION " + sessionId));
    }

    /**
     * A statement that takes the blow when a kill arrives after the statement that it was meant for; its own failure says
     * just that.
     */
    Mono<Void> absorb(Duration timeout) {
        return sessionId == null
                ? Mono.empty()
                : Flux.from(connection.createStatement("DO 0").execute())
                        .flatMap(Result::getRowsUpdated)
                        .then()
                        .onErrorComplete()
                        .timeout(timeout, timer());
    }

    private Mono<Void> cancelRequest(Duration timeout) {
        return pool.sheet().can(DriverSheet.Capability.CANCEL_REQUEST)
                ? PostgresqlCancel.request(connection).timeout(timeout, timer())
                : Mono.empty();
    }

    private Scheduler timer() {
        return pool.timer();
    }

    /** Apart, so that the driver's classes are needed only where the driver is. */
    private static final class PostgresqlCancel {

        static Mono<Void> request(Connection connection) {
            PostgresqlConnection postgresql = Unwrapping.find(connection, PostgresqlConnection.class);
            return postgresql == null ? Mono.empty() : postgresql.cancelRequest();
        }
    }
}
