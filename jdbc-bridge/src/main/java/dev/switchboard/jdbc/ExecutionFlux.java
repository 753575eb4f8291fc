package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * Runs statements one after the other on the worker, one for each result that is asked for. A change runs to its end before
 * its result is emitted. A query is only checked; it runs when its rows are asked for, unless a change follows in the same
 * script: then its rows are read into memory first, since they must not see that change.
 */
final class ExecutionFlux extends Flux<Result> {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutionFlux.class);

    private final CommandQueue queue;
    private final List<SqlCommand> commands;
    private final Bindings bindings;
    private final int fetchSize;

    /**
     * All statements of a script with each set of values.
     *
     * @param queue the connection's
     * @param commands the script
     * @param bindings the encoded values, one set for each time that the script runs; not changed any more
     * @param fetchSize how many rows of a query are emitted in one turn
     */
    ExecutionFlux(CommandQueue queue, List<SqlCommand> commands, Bindings bindings, int fetchSize) {
        this.queue = queue;
        this.commands = commands;
        this.bindings = bindings;
        this.fetchSize = fetchSize;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Result> actual) {
        if (commands.isEmpty()) {
            Operators.complete(actual);
        } else {
            actual.onSubscribe(new ExecutionSubscription(this, actual));
        }
    }

    private static final class ExecutionSubscription implements Subscription, CommandQueue.Task {
        private final CommandQueue queue;
        private final List<SqlCommand> commands;
        private final Bindings bindings;
        private final int fetchSize;
        private final int end;
        private final int lastChange;
        private final CoreSubscriber<? super Result> actual;

        /**
         * How many results are asked for and not emitted, but for what is only counted while the task runs; whoever makes it
         * more than none submits the task.
         */
        private final AtomicLong requested = new AtomicLong();

        /** What was asked for from within a result's signal: the running task sees to it, so it needs no atomic count. */
        private long requestedWithin;

        /** The worker while the task runs; others may read it late, but never find themselves. */
        private @Nullable Thread emitting;

        private final JdbcCall<Result> change = this::change;
        private volatile @Nullable StopSignal current;
        private volatile boolean cancelled;
        private volatile boolean demandIsIllegal;
        private @Nullable RowReader reader;
        private int next;
        private boolean done;

        ExecutionSubscription(ExecutionFlux execution, CoreSubscriber<? super Result> actual) {
            this.queue = execution.queue;
            this.commands = execution.commands;
            this.bindings = execution.bindings;
            this.fetchSize = execution.fetchSize;
            this.end = commands.size() * bindings.sets();
            int queries = queriesAtTheEnd(commands);
            this.lastChange = queries == commands.size() ? -1 : end - 1 - queries;
            this.actual = actual;
        }

        private static int queriesAtTheEnd(List<SqlCommand> commands) {
            int index = commands.size() - 1;
            while (index >= 0 && commands.get(index).kind() == SqlCommand.Kind.QUERY) {
                index--;
            }
            return commands.size() - 1 - index;
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                demandIsIllegal = true;
            } else if (emitting == Thread.currentThread()) {
                requestedWithin = Operators.addCap(requestedWithin, n);
                return;
            }
            if (requested.getAndAccumulate(Math.max(1, n), Operators::addCap) == 0) {
                queue.submit(this);
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            StopSignal running = current;
            if (running != null) {
                running.cancel();
            }
            queue.gone(this);
        }

        private SqlCommand command(int index) {
            return commands.get(index % commands.size());
        }

        @Override
        public WriteAccess access() {
            int last = Math.min(lastChange, next + commands.size() - 1);
            for (int index = next; index <= last && !cancelled && !done; index++) {
                WriteAccess access = queue.transaction().before(command(index));
                if (access.need() != WriteAccess.Need.NONE) {
                    return access.noLongerThan(queue.statementTimeout());
                }
            }
            return WriteAccess.NONE;
        }

        @Override
        public boolean isGone() {
            return cancelled || queue.isClosed();
        }

        @Override
        public void run() {
            if (done) {
                return;
            }
            emitting = Thread.currentThread();
            try {
                runDemanded();
            } catch (Throwable failure) {
                done = true;
                if (!cancelled) {
                    actual.onError(failure);
                }
            } finally {
                emitting = null;
                current = null;
                release();
            }
        }

        private void runDemanded() {
            StopSignal signal = queue.newSignal();
            current = signal;
            if (next == 0) {
                requireAllowed();
            }
            long taken = requested.get();
            long left = taken;
            while (left != 0) {
                if (demandIsIllegal) {
                    throw new IllegalArgumentException(
                            "Results were requested with a demand that is not positive (rule 3.9)");
                }
                if (cancelled) {
                    return;
                }
                Result result = result(next, signal);
                next++;
                done = next == end;
                if (cancelled) {
                    return;
                }
                actual.onNext(result);
                if (done) {
                    if (!cancelled) {
                        actual.onComplete();
                    }
                    return;
                }
                left = Operators.addCap(left - 1, requestedWithin);
                requestedWithin = 0;
                if (left == 0) {
                    taken = requested.addAndGet(-taken);
                    left = taken;
                }
            }
        }

        /** All of a text or none of it: what is refused must not have happened in part. */
        private void requireAllowed() {
            int last = Math.min(lastChange, commands.size() - 1);
            for (int index = 0; index <= last && !cancelled; index++) {
                queue.session().requireAllowed(command(index));
            }
        }

        private Result result(int index, StopSignal signal) {
            SqlCommand command = command(index);
            if (index > lastChange) {
                if (!queue.statements().holds(command.sql())) {
                    queue.call(signal, command.sql(), () -> {
                        queue.statements().check(command.sql());
                        return null;
                    });
                }
                return JdbcResult.streaming(queue, run(index), fetchSize);
            }
            signal.restart();
            return Objects.requireNonNull(queue.call(signal, command.sql(), change));
        }

        private Run run(int index) {
            return new Run(command(index), bindings.set(index / commands.size()));
        }

        private Result change() throws SQLException {
            Run run = run(next);
            RowReader prepared = reader;
            if (prepared == null || !prepared.command().equals(run.command())) {
                release();
                prepared = new RowReader(queue, run.command());
                reader = prepared;
            }
            return prepared.readAll(run);
        }

        /** Gives the statement back that was kept for the next set of values. */
        private void release() {
            RowReader used = reader;
            reader = null;
            if (used != null) {
                try {
                    used.close();
                } catch (SQLException notGivenBack) {
                    LOG.warn("A statement on {} did not close", queue.product().target(), notGivenBack);
                }
            }
        }

        @Override
        public void refuse(R2dbcException why) {
            if (!done && !cancelled) {
                done = true;
                actual.onError(why);
            }
        }
    }
}
