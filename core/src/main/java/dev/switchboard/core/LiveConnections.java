package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The open connections of a registry, one by one: what they are, what runs on them, and how to be rid of them. A connection is
 * named by the handle that was got from the registry, whatever it is wrapped in.
 */
public final class LiveConnections {

    private final SlotTable slots;
    private final RegistryCore core;

    LiveConnections(SlotTable slots, RegistryCore core) {
        this.slots = slots;
        this.core = core;
    }

    RegistryCore core() {
        return core;
    }

    /**
     * Which physical connection a handle has at this moment.
     *
     * @param connection a connection of this registry
     * @return what is known of it; null where the handle has taken none yet
     * @throws WrongConnectionTypeException when the connection is not one of a registry
     */
    public @Nullable ConnectionInfo info(Connection connection) {
        Lease held = held(connection);
        return held == null ? null : held.physical().info();
    }

    /**
     * The statements that run at this moment, or whose rows are being read, the oldest first: what hangs stands here while it
     * hangs.
     *
     * @return a snapshot
     */
    public List<InFlight> inFlight() {
        return slots.all().stream()
                .flatMap(ConnectionSlot::withDerived)
                .map(ConnectionSlot::pools)
                .filter(Objects::nonNull)
                .flatMap(SlotPools::all)
                .flatMap(SlotPool::inFlight)
                .sorted(Comparator.comparing(InFlight::since))
                .toList();
    }

    /**
     * Closes a connection at once, whatever it is doing: the server is told to stop, its statement fails, its transaction is
     * lost, and the handle is closed. From subscription on; a cancel does not stop it.
     *
     * @param connection a connection of this registry
     * @return completes when it is closed and its place in the pool is free; {@link WrongConnectionTypeException} when it is not
     *     one of a registry
     */
    public Mono<Void> invalidate(Connection connection) {
        return Mono.defer(() -> core.background().detached(closedAtOnce(handle(connection))));
    }

    /**
     * Lets a connection finish what its borrower does with it; it is closed when the borrower returns it. From subscription on.
     * Where the handle has taken no connection yet, nothing happens.
     *
     * @param connection a connection of this registry
     * @return completes at once; {@link WrongConnectionTypeException} when it is not one of a registry
     */
    public Mono<Void> softInvalidate(Connection connection) {
        return Mono.fromRunnable(() -> {
            Lease held = held(connection);
            if (held != null) {
                held.pool().softInvalidate(held.physical());
            }
        });
    }

    /**
     * Lets all connections that a name has at this moment, or is opening, finish their present use, and closes them; those that
     * nobody uses at once. New ones are opened as they are needed, so that no borrower notices: after the credentials were
     * changed, or behind an address that now leads elsewhere. From subscription on; a cancel does not stop it.
     *
     * @param name a name that is registered, or remembered from the directory
     * @return completes when those are closed that nobody used; {@link UnknownConnectionException} when the name is not known
     */
    public Mono<Void> softInvalidate(String name) {
        return Mono.defer(() -> core.background()
                .detached(Mono.when(slots.known(Objects.requireNonNull(name, "name"))
                        .withDerived()
                        .peek(slot -> slot.retired(core.clock().nanos()))
                        .map(ConnectionSlot::pools)
                        .filter(Objects::nonNull)
                        .flatMap(SlotPools::all)
                        .map(SlotPool::softInvalidate)
                        .toList())));
    }

    /**
     * Rolls back what a handle has open and undoes what it changed in its session, after the statements before it; then the
     * handle goes on as if it were new. A session that cannot be reset in time is broken: it fails from then on, and is closed
     * with its handle.
     *
     * @param connection a connection of this registry
     * @return completes when it is done, which a cancel does not stop; {@link UnsupportedFeatureException} where the product
     *     cannot reset a session, {@link WrongConnectionTypeException} when it is not one of a registry
     */
    public Mono<Void> reset(Connection connection) {
        return Mono.defer(() -> handle(connection).reset());
    }

    /**
     * Lets nobody get a connection of a name any more, and waits until nobody has one: work that has begun ends, new work waits, in
     * order, within its acquire time-out and the bound of waiting borrowers. A chain that holds a connection of the name gets a
     * second one. From subscription on; a cancel only stops the waiting here.
     *
     * @param name a name that is registered, or remembered from the directory
     * @return completes when nobody has a connection of the name and its pool is closed; what takes longer than the drain time-out of
     *     its pool is closed by force. {@link UnknownConnectionException} when the name is not known,
     *     {@link ConnectionPausedException} when it is paused already
     * @see #move
     */
    public Mono<Void> pause(String name) {
        return Mono.defer(() -> {
            ConnectionSlot slot = slots.known(Objects.requireNonNull(name, "name"));
            closeGate(slot);
            return core.background().detached(slot.emptied());
        });
    }

    private void closeGate(ConnectionSlot slot) {
        if (!slot.gate().close(core.clock().nanos())) {
            throw new ConnectionPausedException(slot.definition().name());
        }
        core.tell(time -> new ConnectionEvent.Paused(slot.definition().name(), time));
    }

    /**
     * Ends a pause: whoever waits goes on, in the order in which they came.
     *
     * @param name a name that is registered, or remembered from the directory
     * @return how long it was paused; empty where it was not. {@link UnknownConnectionException} when the name is not known
     */
    public Mono<Duration> resume(String name) {
        return Mono.defer(() -> Mono.justOrEmpty(openGate(slots.known(Objects.requireNonNull(name, "name")))));
    }

    private @Nullable Duration openGate(ConnectionSlot slot) {
        Long since = slot.gate().open();
        if (since == null) {
            return null;
        }
        Duration paused = core.clock().since(since);
        core.tell(time -> new ConnectionEvent.Resumed(slot.definition().name(), time, paused));
        return paused;
    }

    /**
     * Moves a name to another database while it is in use: pauses it, waits until nobody has a connection, does the work that copies
     * the data, gives the name its new definition, and resumes it. Nothing fails that is patient enough: new work waits as
     * {@link #pause} says.
     *
     * <p>Where the work fails or the subscriber cancels, the name is resumed with the definition that it had.
     *
     * @param next the definition from then on, under the same name
     * @param copy subscribed once, when nobody uses the name; it must reach both databases by other names
     * @return how long the name was paused; the error of the work, or those of {@link #pause}
     */
    public Mono<Duration> move(ConnectionDefinition next, Mono<Void> copy) {
        return Mono.defer(() -> {
            ConnectionSlot slot = slots.known(next.name());
            closeGate(slot);
            return Mono.usingWhen(
                    Mono.just(slot),
                    paused -> core.background()
                            .detached(paused.emptied())
                            .then(copy)
                            .then(Mono.defer(() -> core.background().detached(paused.replace(next))))
                            .then(Mono.fromCallable(() -> openGate(paused))),
                    paused -> Mono.fromRunnable(() -> openGate(paused)),
                    (paused, failure) -> Mono.fromRunnable(() -> openGate(paused)),
                    paused -> Mono.fromRunnable(() -> openGate(paused)));
        });
    }

    /**
     * Tells those who listen that the subscriber of a transaction cancelled it, so that it is rolled back. For libraries that
     * run transactions; it rolls back nothing by itself. Where the handle has taken no connection yet there is nothing to tell.
     *
     * @param connection a connection of this registry
     * @param where where the transaction was assembled, as far as that is known
     * @throws WrongConnectionTypeException when the connection is not one of a registry
     */
    public void transactionCancelled(Connection connection, String where) {
        Lease held = held(connection);
        if (held != null) {
            held.pool().report().transactionCancelled(held.physical().life(), where);
        }
    }

    private static Mono<Void> closedAtOnce(ConnectionHandle handle) {
        Lease held = handle.session().lease().held();
        handle.session().broken();
        if (held == null) {
            return handle.close();
        }
        held.pool().report().invalidated(held.physical().life());
        return held.physical()
                .forceClose(held.pool().options().resetTimeout())
                .onErrorComplete()
                .then(handle.close());
    }

    private static @Nullable Lease held(Connection connection) {
        return handle(connection).session().lease().held();
    }

    private static ConnectionHandle handle(Connection connection) {
        ConnectionHandle handle =
                connection instanceof ConnectionHandle own ? own : Unwrapping.find(connection, ConnectionHandle.class);
        if (handle == null) {
            throw new WrongConnectionTypeException(
                    null, "connection of a registry", connection.getClass().getName());
        }
        return handle;
    }
}
