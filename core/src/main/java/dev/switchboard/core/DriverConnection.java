package dev.switchboard.core;

import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The way to a driver's own connection, for what R2DBC has no word for: {@code COPY} and {@code LISTEN} on PostgreSQL, a
 * backup of a SQLite file. It holds nothing; each subscription of what its methods return borrows a connection of its own, lets
 * the work have it, and gives it back when the work ends.
 *
 * <p>The work talks to the driver past this library's guards: one exchange at a time, and no cancel that the driver does not
 * survive, are its own task. Therefore the session counts as changed afterwards: it is reset, or closed where the product has
 * no reset. When the subscriber cancels, the server is told to end what the session is doing and the connection is closed,
 * since nobody knows in what state the work left it. Nothing of it may be kept beyond the end of the work.
 *
 * @param <C> the type of the driver's connection
 */
public final class DriverConnection<C> {

    private final NamedConnectionFactory factory;
    private final Class<C> type;

    DriverConnection(NamedConnectionFactory factory, Class<C> type) {
        this.factory = factory;
        this.type = type;
    }

    /**
     * Lets the work have a connection and hands on what it emits. Errors are those of borrowing,
     * {@link WrongConnectionTypeException} where the driver's connection is not of the type, and those of the work.
     *
     * @param work called once for each subscription, on the thread that the connection arrived on
     * @param <T> what the work emits
     * @return what the work emits; completes when the connection is back
     */
    public <T> Flux<T> use(Function<? super C, ? extends Publisher<T>> work) {
        return Flux.usingWhen(
                handle(),
                handle -> handle.unwrapped(type).flatMapMany(work).contextWrite(HeldConnections.holding(handle)),
                ConnectionHandle::close,
                (handle, failure) -> handle.close(),
                ConnectionHandle::abandon);
    }

    /**
     * Lets the work have a connection and hands on its only value.
     *
     * @param work called once for each subscription, on the thread that the connection arrived on
     * @param <T> what the work answers
     * @return what the work answers; completes when the connection is back; errors as in {@link #use}
     */
    public <T> Mono<T> useOne(Function<? super C, ? extends Mono<T>> work) {
        return Mono.usingWhen(
                handle(),
                handle -> handle.unwrapped(type).<T>flatMap(work).contextWrite(HeldConnections.holding(handle)),
                ConnectionHandle::close,
                (handle, failure) -> handle.close(),
                ConnectionHandle::abandon);
    }

    /** Lazy, so that a cancel between its emission and its use loses nothing. */
    private Mono<ConnectionHandle> handle() {
        return Mono.deferContextual(context -> Mono.just(factory.open(context)));
    }

    /** {@return the connection name and the type, nothing secret} */
    @Override
    public String toString() {
        return "DriverConnection[" + ErrorText.name(factory.name()) + ", " + type.getName() + "]";
    }
}
