package dev.switchboard.core;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * The events of one registry, as they happen: each subscriber hears what happens from its subscription on, on a worker of
 * bounded elasticity, so that it may take its time, block or fail without anybody noticing. It ends when the registry has
 * closed. While nobody listens no event is made.
 *
 * <p>A subscriber that is more than 1,024 events behind may lose what comes until it has caught up; {@link #lost()} counts that.
 */
public final class ConnectionEvents extends Flux<ConnectionEvent> {

    private static final Logger LOGGER = LoggerFactory.getLogger(ConnectionEvents.class);
    /** The operator asks for more when three quarters are read, so there is always room for a quarter of this. */
    private static final int READ_AHEAD = 4 * 1_024;

    private final List<FluxSink<ConnectionEvent>> listeners = new CopyOnWriteArrayList<>();
    private final LongAdder lost = new LongAdder();
    private final BackgroundWork background;
    private final Flux<ConnectionEvent> stream;
    private volatile boolean ended;

    ConnectionEvents(BackgroundWork background) {
        this.background = background;
        this.stream = Flux.create(this::listen, FluxSink.OverflowStrategy.IGNORE)
                .onBackpressureDrop(event -> lost.increment())
                .publishOn(Schedulers.boundedElastic(), READ_AHEAD);
    }

    private void listen(FluxSink<ConnectionEvent> listener) {
        listeners.add(listener);
        listener.onDispose(() -> listeners.remove(listener));
        if (ended) {
            listener.complete();
        }
    }

    @Override
    public void subscribe(CoreSubscriber<? super ConnectionEvent> actual) {
        stream.subscribe(actual);
    }

    /** Whether an event is worth making. */
    boolean areHeard() {
        return !listeners.isEmpty();
    }

    /** Never under a lock, and never waits. */
    void emit(ConnectionEvent event) {
        listeners.forEach(listener -> listener.next(event));
    }

    void end() {
        ended = true;
        listeners.forEach(FluxSink::complete);
    }

    /** {@return how many events subscribers have lost so far because they fell behind, all subscribers together} */
    public long lost() {
        return lost.sum();
    }

    /**
     * Calls a listener for each connection that is opened, from now on. What it throws is logged, and it goes on listening.
     *
     * @param listener is called on a worker that may block, one event after the other
     * @return ends it
     */
    public Disposable onConnect(Consumer<ConnectionEvent.Created> listener) {
        return on(ConnectionEvent.Created.class, listener);
    }

    /**
     * Calls a listener for each connection that was closed, from now on. What it throws is logged, and it goes on listening.
     *
     * @param listener is called on a worker that may block, one event after the other
     * @return ends it
     */
    public Disposable onDisconnect(Consumer<ConnectionEvent.Closed> listener) {
        return on(ConnectionEvent.Closed.class, listener);
    }

    /**
     * Calls a listener for each connection that a borrower got, from now on. What it throws is logged, and it goes on
     * listening.
     *
     * @param listener is called on a worker that may block, one event after the other
     * @return ends it
     */
    public Disposable onCheckout(Consumer<ConnectionEvent.Acquired> listener) {
        return on(ConnectionEvent.Acquired.class, listener);
    }

    /**
     * Calls a listener for each connection that a borrower gave back, from now on. What it throws is logged, and it goes on
     * listening.
     *
     * @param listener is called on a worker that may block, one event after the other
     * @return ends it
     */
    public Disposable onCheckin(Consumer<ConnectionEvent.Returned> listener) {
        return on(ConnectionEvent.Returned.class, listener);
    }

    private <E extends ConnectionEvent> Disposable on(Class<E> kind, Consumer<E> listener) {
        return background.listening(stream.ofType(kind).doOnNext(event -> tell(listener, event)));
    }

    private static <E extends ConnectionEvent> void tell(Consumer<E> listener, E event) {
        try {
            listener.accept(event);
        } catch (RuntimeException failure) {
            LOGGER.warn("A listener failed at {}: {}", event, failure.toString());
        }
    }
}
