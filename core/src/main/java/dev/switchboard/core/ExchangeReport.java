package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What is said about one exchange: to the log, where somebody wants to read it, and to its reader when it fails. */
final class ExchangeReport {

    private final HandleSession session;
    private final String sql;
    private final Supplier<InFlight> shown = this::inFlight;
    /** Of the connection that it is on. */
    private volatile ConnectionLife life;

    private final long begunNanos;
    private final @Nullable StatementEcho echo;

    ExchangeReport(HandleSession session, PhysicalConnection physical, String sql, long nowNanos) {
        this.session = session;
        this.sql = sql;
        this.begunNanos = nowNanos;
        physical.heard(sql);
        this.life = physical.life();
        life.running(shown);
        this.echo = StatementEcho.of(session.echo(), session.decidedRoute(), sql, nowNanos);
    }

    @Nullable
    StatementEcho echo() {
        return echo;
    }

    Connection listening(Connection driver) {
        return echo == null ? driver : echo.listening(driver);
    }

    /** What a reader hears of a driver's error. */
    Throwable failed(Throwable failure, long nowNanos) {
        if (echo != null) {
            echo.failed(failure);
        }
        judge(failure);
        Duration ran = Duration.ofNanos(nowNanos - begunNanos);
        PhysicalConnection physical = session.physical();
        Duration limit = session.settings().statementLimit(physical == null ? null : physical.statementTimeout());
        return StatementTimeouts.translated(session.translated(failure), limit, ran, session, sql);
    }

    /** A connection that is dead, or leads to a node where nobody may write any more, ends when it is given back. */
    private void judge(Throwable failure) {
        CloseReason reason = switch (FailureClass.of(failure)) {
            case CONNECTION_DEAD -> CloseReason.LOST;
            case WRONG_NODE -> session.lease().isOnWrongNode() ? CloseReason.READ_ONLY_NODE : null;
            default -> null;
        };
        if (reason != null) {
            life.ends(reason);
            life.retire();
        }
    }

    private InFlight inFlight() {
        return life.inFlight(session.decidedRoute(), begunNanos, sql);
    }

    /** Its connection is given back, and it waits for another one. */
    void leaves() {
        life.done(shown);
    }

    /** It is sent again on another connection. */
    void moved(PhysicalConnection to) {
        to.heard(sql);
        life = to.life();
        life.running(shown);
    }

    void ended(long nowNanos) {
        life.done(shown);
        if (echo != null) {
            echo.ended(nowNanos);
        }
    }

    /** A commit that hangs is to be seen while it hangs. */
    static Mono<Void> seen(HandleSession session, String name, Mono<Void> operation) {
        Lease held = session.lease().held();
        if (held == null) {
            return operation;
        }
        ConnectionLife life = held.physical().life();
        long since = held.pool().nowNanos();
        Supplier<InFlight> shown = () -> life.inFlight(session.decidedRoute(), since, name);
        life.running(shown);
        return operation.doOnTerminate(() -> life.done(shown));
    }
}
