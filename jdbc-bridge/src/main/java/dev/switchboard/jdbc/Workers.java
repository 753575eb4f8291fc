package dev.switchboard.jdbc;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The threads of the bridge, one for each open connection. The scheduler underneath puts several workers on one thread when
 * its cap is reached, and a connection that waits for a lock would then block the very commit that it waits for. So the
 * open connections are counted here, against the same cap, and opening beyond it waits in a queue without a thread.
 */
final class Workers {
    private static final int QUEUED_TASKS_PER_THREAD = 100_000;
    private static final int IDLE_THREAD_SECONDS = 60;

    private final int max;
    private final Scheduler scheduler;
    private final Deque<Waiter> waiters = new ArrayDeque<>();
    private int open;
    private boolean closing;

    private final boolean owned;

    Workers(int max) {
        this(max, realThreads(max), true);
    }

    private Workers(int max, Scheduler scheduler, boolean owned) {
        this.max = max;
        this.scheduler = scheduler;
        this.owned = owned;
    }

    /** Somebody else's threads, of which there must be as many as connections may be open; they are not ended here. */
    static Workers of(Scheduler scheduler, int max) {
        return new Workers(max, scheduler, false);
    }

    /** Not by Reactor's current factory: a test's virtual time would then keep these threads, for the whole process. */
    private static Scheduler realThreads(int max) {
        Scheduler scheduler = new Schedulers.Factory() {}.newBoundedElastic(
                max, QUEUED_TASKS_PER_THREAD, new WorkerThreads(), IDLE_THREAD_SECONDS);
        scheduler.init();
        return scheduler;
    }

    /** The threads that all factories share unless they are given a number of their own. */
    static Workers shared() {
        return Shared.WORKERS;
    }

    /** A task for each who waits: a subscriber that throws must not keep the others waiting. */
    static Mono<Void> apart(Mono<Void> end) {
        return end.publishOn(Schedulers.parallel());
    }

    /** Asks for a worker that nobody else has: handed over at once, or when a connection has been closed. */
    void enqueue(Waiter waiter) {
        boolean refused;
        synchronized (waiters) {
            refused = closing;
            if (!refused && open >= max) {
                waiters.add(waiter);
                return;
            }
            open += refused ? 0 : 1;
        }
        if (refused) {
            waiter.refuse();
        } else {
            hand(waiter);
        }
    }

    void forget(Waiter waiter) {
        synchronized (waiters) {
            waiters.remove(waiter);
        }
    }

    int max() {
        return max;
    }

    /** Hands a free place to the first who still wants it. */
    private void hand(Waiter first) {
        @Nullable Waiter waiter = first;
        Worker worker;
        try {
            worker = new Worker(scheduler.createWorker());
        } catch (RejectedExecutionException disposed) {
            while (waiter != null) {
                waiter.refuse();
                waiter = nextOrFree();
            }
            return;
        }
        while (waiter != null && !waiter.accept(worker)) {
            waiter = nextOrFree();
        }
        if (waiter == null) {
            worker.delegate.dispose();
        }
    }

    private void release() {
        Waiter next = nextOrFree();
        if (next != null) {
            hand(next);
        }
    }

    private @Nullable Waiter nextOrFree() {
        boolean last;
        synchronized (waiters) {
            Waiter next = waiters.poll();
            if (next != null) {
                return next;
            }
            open--;
            last = closing && open == 0;
        }
        if (last) {
            end();
        }
        return null;
    }

    int openCount() {
        synchronized (waiters) {
            return open;
        }
    }

    /** Refuses whoever waits, and gives the threads back as soon as no connection uses them. */
    void close() {
        boolean idle;
        List<Waiter> left;
        synchronized (waiters) {
            closing = true;
            idle = open == 0;
            left = List.copyOf(waiters);
            waiters.clear();
        }
        left.forEach(Waiter::refuse);
        if (idle) {
            end();
        }
    }

    private void end() {
        if (owned) {
            scheduler.dispose();
        }
    }

    /** The thread of one connection: runs its tasks in order, one at a time. */
    final class Worker {
        private final Scheduler.Worker delegate;

        private Worker(Scheduler.Worker delegate) {
            this.delegate = delegate;
        }

        void execute(Runnable task) {
            delegate.schedule(task);
        }

        /**
         * Ends the work, from the last task of this worker: gives the thread back, and then, on a thread that belongs to
         * no connection, hands the place on and runs the rest.
         */
        void retire(Runnable afterwards) {
            delegate.dispose();
            Schedulers.parallel().schedule(() -> {
                release();
                afterwards.run();
            });
        }
    }

    /** Runs a short task after a time, on a thread that belongs to no connection. */
    static Disposable later(Duration time, Runnable task) {
        return Schedulers.parallel().schedule(task, Nanos.of(time), TimeUnit.NANOSECONDS);
    }

    /** Runs something that may block and belongs to no connection's worker: stopping what that worker does. */
    static void aside(Runnable task) {
        Schedulers.boundedElastic().schedule(task);
    }

    /** Who waits for a worker. */
    interface Waiter {

        /** Takes the worker, or answers false when it has stopped waiting; called once. */
        boolean accept(Worker worker);

        /** There will be no worker, since the threads are given back. */
        void refuse();
    }

    private static final class WorkerThreads implements ThreadFactory {
        private static final AtomicInteger COUNT = new AtomicInteger();

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(task, "switchboard-jdbc-" + COUNT.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        }
    }

    private static final class Shared {
        static final Workers WORKERS = new Workers(SqliteConnectionFactoryProvider.DEFAULT_MAX_THREADS);
    }
}
