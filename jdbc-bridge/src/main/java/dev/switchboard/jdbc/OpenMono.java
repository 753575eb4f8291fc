package dev.switchboard.jdbc;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.sql.SQLException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;

/**
 * Opens one connection: waits for a worker without a thread, then opens on that worker. Exactly one of delivery, error and
 * cancel wins; a connection that nobody takes any more is closed.
 */
final class OpenMono extends Mono<Connection> {
    private final JdbcProduct product;
    private final BridgeSettings settings;
    private final BooleanSupplier closed;

    /**
     * Opens a connection of one factory.
     *
     * @param product what is connected to
     * @param settings how
     * @param closed whether the factory has been closed; asked when there is a worker
     */
    OpenMono(JdbcProduct product, BridgeSettings settings, BooleanSupplier closed) {
        this.product = product;
        this.settings = settings;
        this.closed = closed;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Connection> actual) {
        actual.onSubscribe(new Opening(this, actual));
    }

    private enum State {
        IDLE,
        WAITING,
        OPENING,
        ENDED
    }

    private static final class Opening implements Subscription, Workers.Waiter {
        private final JdbcProduct product;
        private final BridgeSettings settings;
        private final BooleanSupplier closed;
        private final CoreSubscriber<? super Connection> actual;
        private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
        private final Disposable.Swap timer = Disposables.swap();

        Opening(OpenMono source, CoreSubscriber<? super Connection> actual) {
            this.product = source.product;
            this.settings = source.settings;
            this.closed = source.closed;
            this.actual = actual;
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n) && state.compareAndSet(State.IDLE, State.WAITING)) {
                long wait = Nanos.of(settings.connectTimeout());
                timer.replace(Schedulers.parallel().schedule(this::timeOut, wait, TimeUnit.NANOSECONDS));
                settings.workers().enqueue(this);
            }
        }

        @Override
        public void cancel() {
            State was = state.getAndSet(State.ENDED);
            timer.dispose();
            if (was == State.WAITING) {
                settings.workers().forget(this);
            }
        }

        private void timeOut() {
            if (state.compareAndSet(State.WAITING, State.ENDED)) {
                settings.workers().forget(this);
                int max = settings.workers().max();
                actual.onError(new R2dbcTimeoutException(
                        "Opening a connection to " + product.target() + " waited " + settings.connectTimeout()
                                + " for a thread: all " + max + " threads of the bridge serve open connections. Close"
                                + " connections, keep the sum of the pools' maxSize below " + max
                                + ", or raise it with the option maxThreads.",
                        "08001"));
            }
        }

        @Override
        public void refuse() {
            if (state.compareAndSet(State.WAITING, State.ENDED)) {
                timer.dispose();
                actual.onError(closedFailure());
            }
        }

        private R2dbcNonTransientResourceException closedFailure() {
            return new R2dbcNonTransientResourceException(
                    "The connection factory of " + product.target() + " is closed, or the scheduler that it was given.",
                    "08003");
        }

        @Override
        public boolean accept(Workers.Worker worker) {
            if (!state.compareAndSet(State.WAITING, State.OPENING)) {
                return false;
            }
            timer.dispose();
            try {
                worker.execute(() -> open(worker));
            } catch (RejectedExecutionException disposed) {
                worker.retire(() -> fail(closedFailure()));
            }
            return true;
        }

        private void open(Workers.Worker worker) {
            if (closed.getAsBoolean()) {
                worker.retire(() -> fail(closedFailure()));
                return;
            }
            CommandQueue queue;
            try {
                queue = opened(worker);
            } catch (SQLException failure) {
                worker.retire(() -> fail(product.openFailure(failure)));
                return;
            } catch (RuntimeException failure) {
                worker.retire(() -> fail(failure));
                return;
            } catch (Throwable failure) {
                worker.retire(() -> fail(inWords(failure)));
                return;
            }
            BridgeConnection connection = new BridgeConnection(queue, settings.fetchSize());
            if (state.compareAndSet(State.OPENING, State.ENDED)) {
                actual.onNext(connection);
                actual.onComplete();
            } else {
                // Cancelled while it was opening.
                queue.startClosing();
            }
        }

        private CommandQueue opened(Workers.Worker worker) throws SQLException {
            JdbcSession session = product.open();
            try {
                return new CommandQueue(product, session, worker, settings);
            } catch (SQLException | RuntimeException failure) {
                session.close();
                throw failure;
            }
        }

        /** Reactor takes a linkage error for the end of the JVM, and nobody would hear of it. */
        private R2dbcNonTransientResourceException inWords(Throwable failure) {
            String cure = failure instanceof LinkageError
                    ? ". Its native library must be unpacked where libraries may be run: choose such a directory with"
                            + " the system property java.io.tmpdir (org.sqlite.tmpdir for SQLite)."
                    : "";
            return new R2dbcNonTransientResourceException(
                    "Opening a connection to " + product.target() + " failed: " + failure + cure, "08001", failure);
        }

        private void fail(RuntimeException failure) {
            if (state.compareAndSet(State.OPENING, State.ENDED)) {
                actual.onError(failure);
            }
        }
    }
}
