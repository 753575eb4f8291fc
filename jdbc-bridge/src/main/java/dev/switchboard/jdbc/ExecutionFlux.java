package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * Runs statements one after the other on the worker, one for each result that is asked for. A change runs to its end before
 * its result is emitted. A query is only checked; it runs when its rows are asked for, unless a change follows in the same
 * script: then its rows are read into memory first, since they must not see that change.
 */
final class ExecutionFlux extends Flux<Result> {
    private final CommandQueue queue;
    private final List<Run> runs;
    private final int fetchSize;

    ExecutionFlux(CommandQueue queue, List<Run> runs, int fetchSize) {
        this.queue = queue;
        this.runs = runs;
        this.fetchSize = fetchSize;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Result> actual) {
        if (runs.isEmpty()) {
            Operators.complete(actual);
        } else {
            actual.onSubscribe(new ExecutionSubscription(this, actual));
        }
    }

    private static final class ExecutionSubscription implements Subscription, CommandQueue.Task {
        private final CommandQueue queue;
        private final List<Run> runs;
        private final int fetchSize;
        private final int lastChange;
        private final CoreSubscriber<? super Result> actual;
        private final AtomicLong requested = new AtomicLong();
        private final AtomicInteger wakes = new AtomicInteger();
        private volatile @Nullable StopSignal current;
        private volatile boolean cancelled;
        private volatile boolean demandIsIllegal;
        private int next;
        private boolean done;

        ExecutionSubscription(ExecutionFlux execution, CoreSubscriber<? super Result> actual) {
            this.queue = execution.queue;
            this.runs = execution.runs;
            this.fetchSize = execution.fetchSize;
            this.lastChange = lastChange(runs);
            this.actual = actual;
        }

        private static int lastChange(List<Run> runs) {
            int index = runs.size() - 1;
            while (index >= 0 && runs.get(index).command().kind() == SqlCommand.Kind.QUERY) {
                index--;
            }
            return index;
        }

        @Override
        public void request(long n) {
            if (n > 0) {
                requested.accumulateAndGet(n, Operators::addCap);
            } else {
                demandIsIllegal = true;
            }
            if (wakes.getAndIncrement() == 0) {
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

        @Override
        public WriteAccess access() {
            for (int index = next; index <= lastChange && !cancelled && !done; index++) {
                WriteAccess access = queue.transaction().before(runs.get(index).command());
                if (access.need() != WriteAccess.Need.NONE) {
                    return access;
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
            int seen = wakes.get();
            try {
                runDemanded();
            } catch (Throwable failure) {
                done = true;
                if (!cancelled) {
                    actual.onError(failure);
                }
            }
            if (!done && wakes.addAndGet(-seen) != 0) {
                queue.submit(this);
            }
        }

        private void runDemanded() {
            if (demandIsIllegal) {
                throw new IllegalArgumentException(
                        "Results were requested with a demand that is not positive (rule 3.9)");
            }
            if (next == 0) {
                requireAllowed();
            }
            while (!cancelled && !done && requested.get() > 0) {
                int index = next++;
                Result result = result(index);
                if (requested.get() != Long.MAX_VALUE) {
                    requested.decrementAndGet();
                }
                done = next == runs.size();
                if (!cancelled) {
                    actual.onNext(result);
                }
                if (done && !cancelled) {
                    actual.onComplete();
                }
            }
        }

        /** All of a text or none of it: what is refused must not have happened in part. */
        private void requireAllowed() {
            for (int index = 0; index <= lastChange && !cancelled; index++) {
                queue.session().requireAllowed(runs.get(index).command());
            }
        }

        private @Nullable Result result(int index) {
            Run run = runs.get(index);
            String sql = run.command().sql();
            StopSignal signal = queue.newSignal();
            current = signal;
            if (cancelled) {
                return null;
            }
            try {
                if (index > lastChange) {
                    queue.call(signal, sql, () -> {
                        queue.statements().check(sql);
                        return null;
                    });
                    return JdbcResult.streaming(queue, run, fetchSize);
                }
                return queue.call(signal, sql, () -> RowReader.readAll(queue, run));
            } finally {
                current = null;
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
