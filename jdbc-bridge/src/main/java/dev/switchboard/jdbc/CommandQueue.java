package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
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
    private final List<RowFlux.RowSubscription<?>> cursors = new ArrayList<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private volatile boolean terminated;
    private volatile boolean abandoned;
    private volatile @Nullable StopSignal current;
    private final BridgeSettings settings;
    private volatile Duration statementTimeout;

    CommandQueue(JdbcProduct product, JdbcSession session, Workers.Worker worker, BridgeSettings settings)
            throws SQLException {
        this.product = product;
        this.session = session;
        this.worker = worker;
        this.settings = settings;
        this.transaction = new Transaction(session, settings.lockWaitTimeout());
        this.statements = new StatementCache(session, settings.statementCacheSize());
        this.scripts = new ScriptCache(product::parse, settings.statementCacheSize());
        this.turn = new WriterTurn(session.lane(), product.target(), this::start);
        this.statementTimeout = settings.statementTimeout();
    }

    /** What the errors of those who wait call this connection. */
    String name() {
        return turn.toString();
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
        return new StopSignal(statementTimeout());
    }

    /** How long a statement may take now; zero for as long as it needs. */
    Duration statementTimeout() {
        Duration ofTransaction = transaction.statementTimeout();
        return ofTransaction == null ? statementTimeout : ofTransaction;
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
            start();
        }
    }

    private void start() {
        try {
            worker.execute(this::drain);
        } catch (RejectedExecutionException retired) {
            if (terminated) {
                // Closed since it was asked: the worker is gone, and nobody else looks into the queue.
                refuseAll();
            } else {
                // Somebody disposed the scheduler that he had brought. The file and the turn must not be kept.
                abandoned = true;
                Workers.aside(this::drain);
            }
        }
    }

    private void drain() {
        int missed = pending.get();
        while (missed != 0) {
            Task parked = turn.unpark();
            Task task = parked == null ? next() : parked;
            while (task != null) {
                if (runSafely(task) == WriterTurn.Answer.WAIT) {
                    return;
                }
                // A connection that is closed keeps no turn, whatever its transaction has come to.
                turn.settle(!terminated && (transaction.isOpen() || turn.lastsFor(tasks.peek())));
                task = next();
            }
            missed = pending.addAndGet(-missed);
        }
    }

    private @Nullable Task next() {
        if (terminated) {
            refuseAll();
            return null;
        }
        return tasks.poll();
    }

    /** Neither a subscriber that throws nor a question that fails must stop the queue for everyone after it. */
    private WriterTurn.Answer runSafely(Task task) {
        WriterTurn.Answer answer;
        if (abandoned && !(task instanceof Close)) {
            refuseSafely(
                    task,
                    new R2dbcNonTransientResourceException(
                            "The scheduler of the connection to " + product.target() + " was disposed. Close the"
                                    + " connection; dispose a scheduler of your own after its connections.",
                            "08003"));
            return WriterTurn.Answer.REFUSE;
        }
        try {
            answer = turn.admit(task);
        } catch (Throwable thrown) {
            refuseSafely(
                    task,
                    new R2dbcNonTransientResourceException(
                            "What a statement on " + product.target() + " needs could not be found out: " + thrown,
                            "HY000",
                            thrown));
            return WriterTurn.Answer.REFUSE;
        }
        switch (answer) {
            case REFUSE -> refuseSafely(task, turn.timedOut());
            case RUN -> safely(task::run);
            case WAIT -> {
                // It is parked.
            }
        }
        return answer;
    }

    private static void safely(Runnable signalling) {
        try {
            signalling.run();
        } catch (Throwable thrown) {
            LOG.error("A subscriber threw from a signal, which the Reactive Streams rules forbid", thrown);
        }
    }

    private static void refuseSafely(Task task, R2dbcException why) {
        safely(() -> task.refuse(why));
    }

    private void refuseAll() {
        Task task = tasks.poll();
        while (task != null) {
            refuseSafely(task, closedFailure());
            task = tasks.poll();
        }
    }

    /** Runs JDBC work on the worker under a signal that can stop it, and turns its errors into R2DBC's. */
    <T> @Nullable T call(StopSignal signal, @Nullable String sql, JdbcCall<T> body) {
        // One that has ended may stay there, since stopping it does no harm.
        if (current != signal) {
            current = signal;
        }
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
            if (sql == null) {
                session.forgetSchema();
            }
        }
    }

    private R2dbcException translated(SQLException failure, @Nullable String sql, StopSignal signal) {
        R2dbcException translated =
                closing.get() ? closedFailure() : session.translate(failure, sql, signal, transaction.isOpen());
        session.leave();
        session.forgetSchema();
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
            return Workers.apart(closed.asMono());
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

    /** Every step is made, whatever became of the one before: the thread, the turn and the file must not be kept. */
    private final class Close implements Task {

        @Override
        public void run() {
            for (RowFlux.RowSubscription<?> cursor : List.copyOf(cursors)) {
                safely(() -> cursor.abort(closedFailure()));
            }
            Throwable notCleared = failureOf(statements::clear);
            Throwable notRolledBack = failureOf(transaction::rollback);
            Throwable notClosed = failureOf(session::close);
            if (notClosed != null) {
                // What failed before does not matter once the database is closed, which undoes the transaction as well.
                suppress(notClosed, notCleared);
                suppress(notClosed, notRolledBack);
            }
            terminated = true;
            worker.retire(() -> finish(notClosed));
        }

        private static @Nullable Throwable failureOf(JdbcStep step) {
            try {
                step.run();
                return null;
            } catch (Throwable failure) {
                return failure;
            }
        }

        private static void suppress(Throwable failure, @Nullable Throwable earlier) {
            if (earlier != null) {
                failure.addSuppressed(earlier);
            }
        }

        private void finish(@Nullable Throwable failure) {
            refuseAll();
            if (failure == null) {
                closed.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
            } else {
                closed.emitError(inWords(failure), Sinks.EmitFailureHandler.FAIL_FAST);
            }
        }

        private R2dbcException inWords(Throwable failure) {
            return failure instanceof SQLException sql
                    ? session.translate(sql, null, StopSignal.unlimited(), false)
                    : new R2dbcNonTransientResourceException(
                            "Closing the connection to " + product.target() + " failed: " + failure, "08003", failure);
        }

        @Override
        public void refuse(R2dbcException already) {
            closed.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
        }
    }

    /** A step of closing. */
    @FunctionalInterface
    private interface JdbcStep {

        void run() throws SQLException;
    }
}
