package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One open connection: everything that touches JDBC is a task in this queue, and the connection's worker runs the tasks
 * one after the other. Closing is the last task; what comes later is refused on the thread of who submits it.
 */
final class CommandQueue {

    /** Something to do on the worker. */
    interface Task {

        /** Runs on the worker; signals its own errors. */
        void run();

        /** What it needs before it runs; asked on the worker. */
        default WriteAccess access() {
            return WriteAccess.NONE;
        }

        /** Whether nobody waits for it any more. */
        default boolean isGone() {
            return false;
        }

        /** It cannot run: signals that, without touching JDBC. */
        void refuse(R2dbcException why);
    }

    private static final Logger LOG = LoggerFactory.getLogger(CommandQueue.class);

    private final JdbcProduct product;
    private final JdbcSession session;
    private final Workers.Worker worker;
    private final Transaction transaction;
    private final StatementCache statements;
    private final ScriptCache scripts;
    private final WriterTurn turn;
    private final Queue<Task> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pending = new AtomicInteger();
    private final Set<RowFlux.RowSubscription<?>> cursors = new LinkedHashSet<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private volatile boolean terminated;
    private volatile @Nullable StopSignal current;
    private final BridgeSettings settings;
    private volatile Duration statementTimeout;

    CommandQueue(JdbcProduct product, JdbcSession session, Workers.Worker worker, BridgeSettings settings) {
        this.product = product;
        this.session = session;
        this.worker = worker;
        this.settings = settings;
        this.transaction = new Transaction(session, settings.lockWaitTimeout());
        this.statements = new StatementCache(session, settings.statementCacheSize());
        this.scripts = new ScriptCache(product::parse, settings.statementCacheSize());
        this.turn = new WriterTurn(session.lane(), product.target(), () -> worker.execute(this::drain));
        this.statementTimeout = settings.statementTimeout();
    }

    JdbcProduct product() {
        return product;
    }

    JdbcSession session() {
        return session;
    }

    Transaction transaction() {
        return transaction;
    }

    /** The text as the product reads it; from any thread. */
    Script parse(String sql) {
        return scripts.parse(sql);
    }

    StatementCache statements() {
        return statements;
    }

    boolean isClosed() {
        return closing.get();
    }

    StopSignal newSignal() {
        Duration ofTransaction = transaction.statementTimeout();
        return new StopSignal(ofTransaction == null ? statementTimeout : ofTransaction);
    }

    void setStatementTimeout(Duration timeout) {
        statementTimeout = timeout;
    }

    /** A command that runs when it is subscribed to; cancelling skips it, or stops what it waits for. */
    <T> Mono<T> command(JdbcCall<T> call) {
        return command(() -> WriteAccess.NONE, call);
    }

    /** The same for a command that writes. */
    <T> Mono<T> command(Supplier<WriteAccess> access, JdbcCall<T> call) {
        return new CommandMono<>(this, access, call);
    }

    /** After a task has been cancelled: it does not wait for its turn any more. */
    void gone(Task task) {
        turn.withdraw(task);
    }

    void submit(Task task) {
        tasks.add(task);
        if (terminated) {
            refuseAll();
        } else if (pending.getAndIncrement() == 0) {
            worker.execute(this::drain);
        }
    }

    private void drain() {
        int missed = pending.get();
        while (missed != 0) {
            Task parked = turn.unpark();
            Task task = parked == null ? tasks.poll() : parked;
            while (task != null) {
                WriterTurn.Answer answer = turn.admit(task);
                if (answer == WriterTurn.Answer.WAIT) {
                    return;
                }
                runSafely(task, answer);
                turn.settle(transaction.isOpen());
                task = terminated ? null : tasks.poll();
            }
            missed = pending.addAndGet(-missed);
        }
    }

    /** A subscriber that throws must not stop the queue for everyone after it. */
    private void runSafely(Task task, WriterTurn.Answer answer) {
        try {
            if (answer == WriterTurn.Answer.REFUSE) {
                task.refuse(turn.timedOut());
            } else {
                task.run();
            }
        } catch (Throwable thrown) {
            LOG.error("A subscriber threw from a signal, which the Reactive Streams rules forbid", thrown);
        }
    }

    private void refuseAll() {
        Task task = tasks.poll();
        while (task != null) {
            task.refuse(closedFailure());
            task = tasks.poll();
        }
    }

    /** Runs JDBC work on the worker under a signal that can stop it, and turns its errors into R2DBC's. */
    <T> @Nullable T call(StopSignal signal, @Nullable String sql, JdbcCall<T> body) {
        current = signal;
        session.enter(signal);
        try {
            if (closing.get()) {
                throw closedFailure();
            }
            return body.run();
        } catch (SQLException failure) {
            throw translated(failure, sql, signal);
        } finally {
            session.leave();
            current = null;
        }
    }

    private R2dbcException translated(SQLException failure, @Nullable String sql, StopSignal signal) {
        R2dbcException translated =
                closing.get() ? closedFailure() : session.translate(failure, sql, signal, transaction.isOpen());
        session.leave();
        session.enter(StopSignal.unlimited());
        try {
            transaction.afterFailure(translated);
        } catch (SQLException probing) {
            translated.addSuppressed(probing);
        }
        return translated;
    }

    /** Ends what a borrower has left open and undoes what it has set. */
    void reset() throws SQLException {
        for (RowFlux.RowSubscription<?> cursor : List.copyOf(cursors)) {
            cursor.abort(new R2dbcNonTransientResourceException(
                    "The connection to " + product.target() + " was given back while these rows were read.", "08003"));
        }
        transaction.reset(settings.lockWaitTimeout());
        statementTimeout = settings.statementTimeout();
    }

    R2dbcException closedFailure() {
        return new R2dbcNonTransientResourceException(
                "The connection to " + product.target() + " is closed; ask the factory for another one.", "08003");
    }

    void opened(RowFlux.RowSubscription<?> cursor) {
        cursors.add(cursor);
    }

    void finished(RowFlux.RowSubscription<?> cursor) {
        cursors.remove(cursor);
    }

    /**
     * Stops what runs, refuses what waits, rolls back and closes; completes when the file is released and the thread given
     * back. Later calls wait for the same end.
     */
    Mono<Void> close() {
        return Mono.defer(() -> {
            startClosing();
            return closed.asMono();
        });
    }

    /** Closes without anybody waiting for the end. */
    void startClosing() {
        if (closing.compareAndSet(false, true)) {
            StopSignal running = current;
            if (running != null) {
                running.close();
            }
            submit(new Close());
            turn.withdraw(null);
        }
    }

    private final class Close implements Task {

        @Override
        public void run() {
            SQLException failure = null;
            for (RowFlux.RowSubscription<?> cursor : List.copyOf(cursors)) {
                cursor.abort(closedFailure());
            }
            try {
                statements.clear();
                transaction.rollback();
            } catch (SQLException notRolledBack) {
                failure = notRolledBack;
            }
            try {
                session.close();
                failure = null;
            } catch (SQLException notClosed) {
                failure = merged(notClosed, failure);
            }
            SQLException outcome = failure;
            terminated = true;
            worker.retire(() -> finish(outcome));
        }

        /** A rollback that failed does not matter once the database is closed, which undoes the transaction as well. */
        private SQLException merged(SQLException notClosed, @Nullable SQLException notRolledBack) {
            if (notRolledBack != null) {
                notClosed.addSuppressed(notRolledBack);
            }
            return notClosed;
        }

        private void finish(@Nullable SQLException failure) {
            refuseAll();
            if (failure == null) {
                closed.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
            } else {
                R2dbcException translated = session.translate(failure, null, StopSignal.unlimited(), false);
                closed.emitError(translated, Sinks.EmitFailureHandler.FAIL_FAST);
            }
        }

        @Override
        public void refuse(R2dbcException already) {
            closed.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
        }
    }
}
