package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** One command on the worker of a connection, answering one value or none. */
final class CommandMono<T> extends Mono<T> {
    private final CommandQueue queue;
    private final Supplier<WriteAccess> access;
    private final JdbcCall<T> call;

    CommandMono(CommandQueue queue, Supplier<WriteAccess> access, JdbcCall<T> call) {
        this.queue = queue;
        this.access = access;
        this.call = call;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        actual.onSubscribe(new CommandSubscription<>(this, actual));
    }

    private static final class CommandSubscription<T> implements Subscription, CommandQueue.Task {
        private final CommandQueue queue;
        private final Supplier<WriteAccess> access;
        private final JdbcCall<T> call;
        private final CoreSubscriber<? super T> actual;
        private final StopSignal signal = StopSignal.unlimited();
        private final AtomicBoolean requested = new AtomicBoolean();

        CommandSubscription(CommandMono<T> command, CoreSubscriber<? super T> actual) {
            this.queue = command.queue;
            this.access = command.access;
            this.call = command.call;
            this.actual = actual;
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n) && requested.compareAndSet(false, true)) {
                queue.submit(this);
            }
        }

        @Override
        public void cancel() {
            signal.cancel();
            queue.gone(this);
        }

        @Override
        public WriteAccess access() {
            return signal.isCancelled() ? WriteAccess.NONE : access.get();
        }

        @Override
        public boolean isGone() {
            return signal.isCancelled() || queue.isClosed();
        }

        @Override
        public void run() {
            if (signal.isCancelled()) {
                return;
            }
            T value;
            try {
                value = queue.call(signal, null, call);
            } catch (Throwable failure) {
                fail(failure);
                return;
            }
            if (!signal.isCancelled()) {
                if (value != null) {
                    actual.onNext(value);
                }
                actual.onComplete();
            }
        }

        @Override
        public void refuse(R2dbcException why) {
            fail(why);
        }

        private void fail(Throwable failure) {
            // After a cancel the error is the cancel's own doing, or nobody's concern any more.
            if (!signal.isCancelled()) {
                actual.onError(failure);
            }
        }
    }
}
