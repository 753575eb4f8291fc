package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * The rows of one query. The statement runs when rows are first asked for and is stepped only as far as they are asked
 * for, on the worker, {@code fetchSize} rows at a time so that other commands of the connection get their turn. A cancel
 * stops a running step and closes the cursor on the worker.
 */
final class RowFlux<T> extends Flux<T> {
    private static final Logger LOG = LoggerFactory.getLogger(RowFlux.class);

    private final CommandQueue queue;
    private final Run run;
    private final int fetchSize;
    private final Function<? super JdbcRow, ? extends T> mapper;
    private final AtomicBoolean subscribed = new AtomicBoolean();

    RowFlux(CommandQueue queue, Run run, int fetchSize, Function<? super JdbcRow, ? extends T> mapper) {
        this.queue = queue;
        this.run = run;
        this.fetchSize = fetchSize;
        this.mapper = mapper;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        if (subscribed.compareAndSet(false, true)) {
            actual.onSubscribe(new RowSubscription<>(this, actual));
        } else {
            Operators.error(actual, JdbcResult.consumed());
        }
    }

    static final class RowSubscription<T> implements Subscription, CommandQueue.Task {
        private final CommandQueue queue;
        private final Run run;
        private final int fetchSize;
        private final Function<? super JdbcRow, ? extends T> mapper;
        private final CoreSubscriber<? super T> actual;
        private final RowReader reader;
        private final StopSignal signal;
        private final AtomicLong requested = new AtomicLong();
        private final AtomicInteger wakes = new AtomicInteger();
        private volatile boolean demandIsIllegal;

        /** The worker while it is in a batch; others may read it late, but never find themselves. */
        private @Nullable Thread emitting;

        private boolean executed;
        private boolean done;

        RowSubscription(RowFlux<T> rows, CoreSubscriber<? super T> actual) {
            this.queue = rows.queue;
            this.run = rows.run;
            this.fetchSize = rows.fetchSize;
            this.mapper = rows.mapper;
            this.actual = actual;
            this.reader = new RowReader(queue, run.command());
            this.signal = queue.newSignal();
        }

        @Override
        public void request(long n) {
            if (n > 0) {
                requested.accumulateAndGet(n, Operators::addCap);
            } else {
                demandIsIllegal = true;
            }
            wake();
        }

        @Override
        public void cancel() {
            signal.cancel();
            if (emitting == Thread.currentThread()) {
                // From within a row's signal: the cursor is closed as soon as the subscriber returns.
                return;
            }
            queue.gone(this);
            // A task of its own, so that the cursor is closed before anything that is submitted after the cancel.
            queue.submit(new Closing());
        }

        private void wake() {
            if (wakes.getAndIncrement() == 0) {
                queue.submit(this);
            }
        }

        @Override
        public WriteAccess access() {
            return executed || done || signal.isCancelled()
                    ? WriteAccess.NONE
                    : queue.transaction().before(run.command());
        }

        @Override
        public boolean isGone() {
            return signal.isCancelled() || queue.isClosed();
        }

        @Override
        public void run() {
            if (done) {
                return;
            }
            int seen = wakes.get();
            boolean more = false;
            emitting = Thread.currentThread();
            try {
                more = batch();
            } catch (Throwable failure) {
                end(failure);
            } finally {
                emitting = null;
            }
            if (!done && (more || wakes.addAndGet(-seen) != 0)) {
                queue.submit(this);
            }
        }

        /** Emits what is asked for, up to the fetch size; answers whether more is asked for. */
        private boolean batch() {
            if (demandIsIllegal) {
                throw new IllegalArgumentException("Rows were requested with a demand that is not positive (rule 3.9)");
            }
            int emitted = 0;
            while (!signal.isCancelled() && requested.get() > 0 && emitted < fetchSize) {
                JdbcRow row = queue.call(signal, run.command().sql(), this::read);
                if (row == null) {
                    end(null);
                    return false;
                }
                actual.onNext(
                        Objects.requireNonNull(mapper.apply(row), "The mapping function answered null for a row"));
                emitted++;
                if (requested.get() != Long.MAX_VALUE) {
                    requested.decrementAndGet();
                }
            }
            if (signal.isCancelled()) {
                end(null);
                return false;
            }
            return requested.get() > 0;
        }

        private @Nullable JdbcRow read() throws SQLException {
            if (!executed) {
                executed = true;
                queue.opened(this);
                reader.execute(run);
            }
            return reader.next();
        }

        /** Closes the cursor and signals the end, unless nobody listens any more. */
        private void end(@Nullable Throwable failure) {
            done = true;
            try {
                reader.close();
            } catch (SQLException notClosed) {
                LOG.warn("A cursor on {} did not close", queue.product().target(), notClosed);
            }
            queue.finished(this);
            if (signal.isCancelled()) {
                return;
            }
            if (failure == null) {
                actual.onComplete();
            } else {
                actual.onError(failure);
            }
        }

        /** The connection is closing: ends the rows with an error. */
        void abort(R2dbcException closed) {
            if (!done) {
                end(closed);
            }
        }

        @Override
        public void refuse(R2dbcException why) {
            if (!done) {
                done = true;
                if (!signal.isCancelled()) {
                    actual.onError(why);
                }
            }
        }

        private final class Closing implements CommandQueue.Task {

            @Override
            public void run() {
                if (!done) {
                    end(null);
                }
            }

            @Override
            public void refuse(R2dbcException closed) {
                // Closing the connection has closed the cursor.
            }
        }
    }
}
