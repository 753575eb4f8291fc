package dev.switchboard.core;

import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;

/**
 * Calls a driver that must not be called on any thread: one worker for a whole exchange, so that the signals of all its pieces
 * come one after the other. Where none is needed, on the thread that calls.
 */
final class ExchangeWorker {

    private final @Nullable Scheduler worker;
    private volatile boolean over;

    ExchangeWorker(@Nullable Scheduler worker) {
        this.worker = worker;
    }

    <T> Publisher<T> offloaded(Publisher<T> call) {
        return worker == null ? call : Flux.from(call).subscribeOn(worker, true);
    }

    /**
     * Asks for more of what was offloaded. The exchange may end on another thread at this very moment, and then nobody is left
     * to ask: an error would cost a subscriber who cancels whatever is above it, down to the close of its connection.
     */
    void request(Subscription source, long n) {
        try {
            source.request(n);
        } catch (RejectedExecutionException rejected) {
            if (!over) {
                throw rejected;
            }
        }
    }

    /** The exchange has ended. */
    void ends() {
        over = true;
        if (worker != null) {
            worker.dispose();
        }
    }
}
