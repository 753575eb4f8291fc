package dev.switchboard.core;

import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.Objects;
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

    /**
     * A session's number means something only on the server that gave it, and only until that starts again. The end of a
     * UUID is made by chance when a server starts and stays the same from then on; the rest tells servers apart.
     */
    private static final String WHO_AND_WHERE =
            "SELECT CONNECTION_ID(), CONCAT_WS(' ', SUBSTRING(UUID(), 20), @@server_id, @@port, @@hostname)";

    private final SlotPool pool;
    private final Opener opener;
    private final Connection connection;
    private final @Nullable Session session;
    private volatile boolean isEnded;

    private ServerCancel(SlotPool pool, Opener opener, Connection connection, @Nullable Session session) {
        this.pool = pool;
        this.opener = opener;
        this.connection = connection;
        this.session = session;
    }

    /**
     * A session as its server calls it.
     *
     * @param id its number
     * @param server which server, since it was started
     */
    private record Session(long id, String server) {

        static Mono<Session> of(Connection connection) {
            return Flux.from(connection.createStatement(WHO_AND_WHERE).execute())
                    .flatMap(result -> result.map(row -> new Session(
                            Objects.requireNonNull(row.get(0, Number.class), "id")
                                    .longValue(),
                            Objects.requireNonNull(row.get(1, String.class), "server"))))
                    .single();
        }
    }

    /** The same for a connection that goes to another name, whose own connections stop it from then on. */
    ServerCancel movedTo(SlotPool next, Opener itsOpener) {
        return new ServerCancel(next, itsOpener, connection, session);
    }

    /** Asks a fresh connection for its session id, where a later cancel will need one. */
    static Mono<ServerCancel> of(SlotPool pool, Opener opener, Connection connection) {
        if (!pool.sheet().can(DriverSheet.Capability.KILL_QUERY)) {
            return Mono.just(new ServerCancel(pool, opener, connection, null));
        }
        return Session.of(connection).map(session -> new ServerCancel(pool, opener, connection, session));
    }

    /** Stops the running statement; empty where the product offers no way. Completes when the server has confirmed. */
    Mono<Void> statement(Duration timeout) {
        return Mono.defer(() -> session == null ? cancelRequest(timeout) : kill("QUERY", session, timeout));
    }

    /**
     * Ends the session on the server, or at least what it is doing, where the driver's own close would wait behind the
     * running statement or leave it running.
     */
    Mono<Void> session(Duration timeout) {
        return Mono.defer(() -> {
            if (session == null) {
                return cancelRequest(timeout);
            }
            // Once is enough: the driver's close may well fail because the session has ended.
            return isEnded ? Mono.empty() : kill("CONNECTION", session, timeout).doOnSuccess(killed -> isEnded = true);
        });
    }

    /** The second connection may lead to another server, or to one that started again: there the number is somebody else's. */
    private Mono<Void> kill(String what, Session victim, Duration timeout) {
        return opener.beside(
                timeout,
                control -> Session.of(control)
                        .filter(own -> own.server().equals(victim.server()))
                        .switchIfEmpty(Mono.error(() ->
                                new IllegalStateException("The session to stop is not on the server that answers at "
                                        + pool.definition().where() + " now")))
                        .flatMapMany(own -> control.createStatement("KILL " + what + " " + victim.id())
                                .execute())
                        .flatMap(Result::getRowsUpdated)
                        .then());
    }

    /**
     * A statement that takes the blow when a kill arrives after the statement that it was meant for; its own failure says
     * just that.
     */
    Mono<Void> absorb(Duration timeout) {
        return session == null
                ? Mono.empty()
                : Flux.from(connection.createStatement("DO 0").execute())
                        .flatMap(Result::getRowsUpdated)
                        .then()
                        .onErrorComplete()
                        .timeout(timeout, timer());
    }

    private Mono<Void> cancelRequest(Duration timeout) {
        return pool.sheet().can(DriverSheet.Capability.CANCEL_REQUEST)
                ? opener.besideByDriver(timeout, PostgresqlCancel.request(connection))
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
