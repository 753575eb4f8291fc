package dev.switchboard.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** Names to slots: the registered ones, then those that the directory knows. Holds the default, and the end of it all. */
final class SlotTable {

    private final ConcurrentMap<String, ConnectionSlot> registered = new ConcurrentHashMap<>();
    private final RegistryCore core;
    private final @Nullable DirectorySlots directory;
    /** Held while a name becomes the default or goes, so that the default is never a name that went. */
    private final Object defaultLock = new Object();

    private volatile @Nullable String defaultName;
    private volatile boolean closed;

    SlotTable(RegistryCore core, RegistryOptions options) {
        this.core = core;
        ConnectionDirectory known = options.directory();
        this.directory = known == null ? null : new DirectorySlots(known, options.directoryOptions(), core);
    }

    // ---- who is there

    ConnectionSlot registered(String name) {
        ConnectionSlot slot = registered.get(Objects.requireNonNull(name, "name"));
        if (slot == null) {
            throw missing(name);
        }
        return slot;
    }

    /** The slot of a name that is registered, or that the directory was asked for before; null where there is none. */
    @Nullable
    ConnectionSlot knownOrNull(String name) {
        ConnectionSlot slot = registered.get(Objects.requireNonNull(name, "name"));
        return slot != null || directory == null ? slot : directory.remembered(name);
    }

    ConnectionSlot known(String name) {
        ConnectionSlot slot = knownOrNull(name);
        if (slot == null) {
            throw missing(name);
        }
        return slot;
    }

    /** The slot of a name, by asking the directory where nobody registered it; never empty. */
    Mono<ConnectionSlot> find(String name) {
        return Mono.defer(() -> {
            ConnectionSlot slot = registered.get(Objects.requireNonNull(name, "name"));
            if (slot != null) {
                return Mono.just(slot);
            }
            return directory == null || closed
                    ? Mono.error(missing(name))
                    : directory
                            .find(name)
                            .map(found -> registered.getOrDefault(name, found))
                            .switchIfEmpty(Mono.error(() -> missing(name)));
        });
    }

    /** Gets a connection of the route's name to the receiver, wherever the name is known. */
    Mono<Void> acquire(Route route, ContextView context, Lease.Receiver receiver) {
        return with(route.connectionName(), slot -> slot.acquire(route, context, receiver));
    }

    /** Uses the slot of a name; where the directory's answer is forgotten on the way, looks for the name again. */
    <T> Mono<T> with(String name, Function<ConnectionSlot, Mono<T>> use) {
        return find(name)
                .flatMap(use)
                .onErrorResume(DirectorySlots.ForgottenException.class, forgotten -> with(name, use));
    }

    List<ConnectionSlot> all() {
        List<ConnectionSlot> all = new ArrayList<>(registered.values());
        if (directory != null) {
            all.addAll(directory.slots());
        }
        return all;
    }

    Stream<String> listed() {
        return registered.values().stream()
                .map(ConnectionSlot::definition)
                .filter(definition -> !definition.isUnlisted())
                .map(ConnectionDefinition::name);
    }

    /** The registered names, listed or not. */
    List<String> registeredNames() {
        return List.copyOf(registered.keySet());
    }

    private RuntimeException missing(String name) {
        return closed
                ? new RegistryClosedException()
                : new UnknownConnectionException(name, NearMisses.of(name, listed()));
    }

    // ---- who comes and goes

    boolean register(ConnectionDefinition definition) {
        refuseWhenClosed();
        String name = definition.name();
        ConnectionSlot slot = new ConnectionSlot(definition, core);
        boolean isNew = registered.putIfAbsent(name, slot) == null;
        if (isNew && closed) {
            core.background().start(withdraw(name, slot));
            throw new RegistryClosedException();
        }
        if (isNew) {
            core.background().start(arrived(name));
        }
        return isNew;
    }

    /** A name was registered: what the directory said of it counts no longer. */
    Mono<Void> arrived(String name) {
        return forget(name).doFirst(() -> core.tell(time -> new ConnectionEvent.Registered(name, time)));
    }

    /** Takes back what came while the end did: whoever found it may have opened it, whether or not the end found it too. */
    Mono<Void> withdraw(String name, ConnectionSlot slot) {
        registered.remove(name, slot);
        return slot.remove(RegistryClosedException::new);
    }

    /**
     * What the directory said of a name counts no longer, and who waits for it looks again. Drains when subscribed, which calls
     * borrowers.
     */
    Mono<Void> forget(String name) {
        return directory == null ? Mono.empty() : directory.forget(name, DirectorySlots.ForgottenException::new);
    }

    /** Ends a registered name at once; what is returned drains it. */
    Mono<Void> unregister(String name) {
        ConnectionSlot removed = registered(name);
        synchronized (defaultLock) {
            if (name.equals(defaultName)) {
                return Mono.error(new DefaultConnectionException(name));
            }
            if (!registered.remove(name, removed)) {
                return Mono.error(missing(name));
            }
        }
        return removed.remove(() -> new ConnectionDrainingException(name));
    }

    void makeDefault(String name) {
        synchronized (defaultLock) {
            registered(name);
            defaultName = name;
        }
    }

    void noDefault() {
        defaultName = null;
    }

    @Nullable
    String defaultName() {
        return defaultName;
    }

    /** Ends all names at once; what is returned drains them. */
    Mono<Void> close() {
        closed = true;
        defaultName = null;
        List<ConnectionSlot> all = List.copyOf(registered.values());
        registered.clear();
        List<Mono<Void>> drains = new ArrayList<>(all.stream()
                .map(slot -> slot.remove(RegistryClosedException::new))
                .toList());
        if (directory != null) {
            drains.addAll(directory.close(RegistryClosedException::new));
        }
        return Mono.when(drains);
    }

    /** The registered names with their slots; whoever changes it holds the {@link #lock()}. */
    ConcurrentMap<String, ConnectionSlot> slots() {
        return registered;
    }

    /** Held while a name becomes the default or goes. */
    Object lock() {
        return defaultLock;
    }

    void refuseWhenClosed() {
        if (closed) {
            throw new RegistryClosedException();
        }
    }
}
