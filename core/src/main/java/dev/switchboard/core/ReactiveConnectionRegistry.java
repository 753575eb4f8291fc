package dev.switchboard.core;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Maps connection names to pools that are opened on first use. Names come, change and go while the program runs; a name that
 * nobody uses costs its definition and nothing else.
 *
 * <p>All methods are thread-safe and none blocks. What returns a publisher does nothing before it is subscribed; draining and
 * closing then go on in the background even when the subscriber cancels, and {@link #quiescent()} tells when they are done.
 */
public final class ReactiveConnectionRegistry {

    private final RegistryCore core;
    private final SlotTable slots;
    private final Initializing initializing;
    private final ConfiguredConnections configured;
    private final LiveConnections live;

    private ReactiveConnectionRegistry(RegistryOptions options) {
        this.core = new RegistryCore(options);
        this.slots = new SlotTable(core, options);
        this.initializing = new Initializing(slots, core);
        this.configured = new ConfiguredConnections(slots, core);
        this.live = new LiveConnections(slots, core);
    }

    /** {@return an empty registry with default options} */
    public static ReactiveConnectionRegistry create() {
        return create(RegistryOptions.defaults());
    }

    /**
     * {@return an empty registry}
     * @param options what it is made with
     */
    public static ReactiveConnectionRegistry create(RegistryOptions options) {
        return new ReactiveConnectionRegistry(options);
    }

    /**
     * {@return a registry with default options and the given connections}
     *
     * @param definitions definitions of different names
     * @throws DuplicateConnectionException when two definitions have one name
     */
    public static ReactiveConnectionRegistry create(Collection<ConnectionDefinition> definitions) {
        ReactiveConnectionRegistry registry = create();
        definitions.forEach(registry::register);
        return registry;
    }

    /**
     * Makes the registered connections those of the configuration: from subscription on, its new names are registered, changed
     * ones replaced, and those of the configuration applied before that it has no more unregistered. Where the definition is the
     * same, pools, borrowers and connections notice nothing. What the program registered, replaced or chose as the default
     * itself is left alone. Nothing is changed where anything is refused.
     *
     * @param configuration the configuration
     * @return what was changed, when the pools that went are closed; a cancel does not stop that.
     *     {@link InvalidConfigurationException} when its default connection is not there, {@link DefaultConnectionException} when
     *     the program's would go
     */
    public Mono<AppliedConfiguration> apply(SwitchboardConfiguration configuration) {
        return Mono.defer(() -> configured.apply(configuration));
    }

    /**
     * Registers a connection by its R2DBC URL. Takes effect at once; nothing is opened.
     *
     * @param name a name that is not registered yet
     * @param url an R2DBC URL
     * @return this registry
     * @throws DuplicateConnectionException when the name is registered
     * @throws InvalidDefinitionException when name or URL are wrong
     * @throws RegistryClosedException when the registry is closed
     */
    public ReactiveConnectionRegistry register(String name, String url) {
        return register(ConnectionDefinition.of(name, url));
    }

    /**
     * Registers a connection. Takes effect at once; nothing is opened.
     *
     * @param definition a definition whose name is not registered yet
     * @return this registry
     * @throws DuplicateConnectionException when the name is registered
     * @throws RegistryClosedException when the registry is closed
     */
    public ReactiveConnectionRegistry register(ConnectionDefinition definition) {
        if (!registerIfAbsent(definition)) {
            throw new DuplicateConnectionException(definition.name());
        }
        return this;
    }

    /**
     * {@return whether the definition was registered, as its name was not yet} Takes effect at once; nothing is opened.
     *
     * @param definition the definition
     * @throws RegistryClosedException when the registry is closed
     */
    public boolean registerIfAbsent(ConnectionDefinition definition) {
        return slots.register(definition);
    }

    /**
     * Gives a registered name another definition. From subscription on, the new definition serves: borrowers that wait
     * move to it, transactions end on the connection that they began on, and the old pool drains and closes, by force
     * after its drain time-out.
     *
     * @param definition the new definition of a registered name
     * @return completes when the old pool is closed; {@link UnknownConnectionException} when the name is not registered
     */
    public Mono<Void> replace(ConnectionDefinition definition) {
        return Mono.defer(() ->
                core.background().detached(slots.registered(definition.name()).replace(definition)));
    }

    /**
     * Removes a name. From subscription on, the name is unknown: borrowers that wait fail at once with
     * {@link ConnectionDrainingException}, connections on loan may finish within the drain time-out and are closed by force
     * after it.
     *
     * @param name a registered name
     * @return completes when the pool is closed; {@link UnknownConnectionException} when the name is not registered,
     *     {@link DefaultConnectionException} when it is the default
     */
    public Mono<Void> unregister(String name) {
        return Mono.defer(() -> core.background().detached(slots.unregister(name)));
    }

    /**
     * Forgets what the connection directory said about a name: that it has none, or its definition, whose pool drains and
     * closes. The next use asks again, and so does whoever waits for it now. A registered name is not touched.
     *
     * @param name any name
     * @return completes when there is no pool of it any more
     */
    public Mono<Void> forget(String name) {
        return Mono.defer(() -> core.background().detached(slots.forget(name)));
    }

    /**
     * Makes a registered name the default for chains that name none. There is no default unless this was called.
     *
     * @param name a registered name
     * @return this registry
     * @throws UnknownConnectionException when the name is not registered
     */
    public ReactiveConnectionRegistry defaultConnection(String name) {
        slots.makeDefault(name);
        return this;
    }

    /** {@return this registry, from now on without a default: chains that name no connection fail} */
    public ReactiveConnectionRegistry noDefaultConnection() {
        slots.noDefault();
        return this;
    }

    /** {@return the name of the default connection, or null where there is none} */
    public @Nullable String defaultConnection() {
        return slots.defaultName();
    }

    /** {@return a snapshot of the registered names, in order; without the unlisted ones} */
    public Set<String> names() {
        return Collections.unmodifiableSet(new TreeSet<>(slots.listed().toList()));
    }

    /**
     * {@return whether a name is registered, listed or not, or remembered from the directory; {@link #lookup} asks that}
     *
     * @param name any name
     */
    public boolean contains(String name) {
        return slots.knownOrNull(name) != null;
    }

    /**
     * {@return the product's name, such as {@code PostgreSQL}}
     *
     * @param name a name that is registered, or remembered from the directory
     * @throws UnknownConnectionException when the name is not known
     */
    public String product(String name) {
        return status(name).product();
    }

    /**
     * {@return what a name stands for at this moment}
     *
     * @param name a name that is registered, or remembered from the directory
     * @throws UnknownConnectionException when the name is not known
     */
    public ConnectionStatus status(String name) {
        return slots.known(name).status();
    }

    /**
     * {@return what a name stands for, after asking the directory where nobody registered it; opens nothing.
     * {@link UnknownConnectionException} when nobody knows it, an error of the directory as it is}
     *
     * @param name any name
     */
    public Mono<ConnectionStatus> lookup(String name) {
        return slots.find(name).map(ConnectionSlot::status);
    }

    /** {@return the status of every open pool; one for an override is called {@code orders[database=shard02]}} */
    public List<ConnectionStatus> status() {
        return slots.all().stream()
                .flatMap(ConnectionSlot::withDerived)
                .filter(slot -> slot.pools() != null)
                .map(ConnectionSlot::status)
                .toList();
    }

    /** {@return the connection budget, how it stands and how it is changed} */
    public RegistryBudget budget() {
        return new RegistryBudget(core);
    }

    /**
     * Opens the pool of a name and its first connections, {@code minIdle} of them and at least one. A pool that has that many
     * open is ready as it is. A cancel lets what has begun go on in the background.
     *
     * @param name any name
     * @return how it ended; an error where no connection could be opened
     */
    public Mono<Initialization> initialize(String name) {
        return initializing.one(name);
    }

    /**
     * Opens the pools of all registered names, as {@link #initialize} does, 8 of them at a time.
     *
     * @return one result for each name as soon as it is there; one that fails stops no other and is no error
     */
    public Flux<Initialization> initializeAll() {
        return initializeAll(8);
    }

    /**
     * Opens the pools of all registered names, as {@link #initialize} does. A cancel begins no others.
     *
     * @param parallelism how many names at a time
     * @return one result for each name as soon as it is there; one that fails stops no other and is no error
     */
    public Flux<Initialization> initializeAll(int parallelism) {
        return initializing.all(parallelism);
    }

    /**
     * The r2dbc-pool behind a name, for its metrics and for whoever must have it. Whoever takes a connection from it leaves
     * everything that this library guards: queue, fairness, preparation, the care for cancels, the reset. It shares its size
     * with this registry, which disposes it, as when the name is replaced. Of a SQLite file with readers it is the writer's.
     * Under a {@link ConnectionBudget} it is not for use: its connections look idle to the budget, which may close them for others.
     *
     * @param name any name
     * @return the pool, opened where it was not
     */
    public Mono<ConnectionPool> pool(String name) {
        return slots.with(name, ConnectionSlot::open).map(SlotPools::inner);
    }

    /**
     * The way to the driver's own connections of a name, as in
     * {@code registry.acquire("orders", PostgresqlConnection.class).use(connection -> connection.getNotifications())}. Takes
     * nothing; each subscription of what its methods return borrows a connection and gives it back.
     *
     * @param name any name
     * @param type a type of the driver
     * @param <C> the type
     * @return the way there
     */
    public <C> DriverConnection<C> acquire(String name, Class<C> type) {
        return new DriverConnection<>(
                new NamedConnectionFactory(this, Objects.requireNonNull(name, "name")),
                Objects.requireNonNull(type, "type"));
    }

    /**
     * Writes the statements of a name to the log from now on, or no longer, until the name is removed; its pool stays.
     *
     * @param name a name that is registered, or remembered from the directory
     * @param wanted what to write
     * @return this registry
     * @throws UnknownConnectionException when the name is not known
     */
    public ReactiveConnectionRegistry echo(String name, Echo wanted) {
        slots.known(name).echo(Objects.requireNonNull(wanted, "wanted"));
        return this;
    }

    /**
     * {@return a plain R2DBC factory of lazy handles for one name, which is looked up anew for every connection}
     *
     * @param name a connection name
     */
    public ConnectionFactory connectionFactory(String name) {
        return new NamedConnectionFactory(this, Objects.requireNonNull(name, "name"));
    }

    /**
     * A lazy handle, for the routing layer: programs use a connection factory. Its first statement takes a connection.
     *
     * @param binding decides the handle's route and guards its statements
     * @return a handle of its own
     */
    public SwitchboardConnection connect(RouteBinding binding) {
        return handle(binding);
    }

    ConnectionHandle handle(RouteBinding binding) {
        return new ConnectionHandle(slots, core, Objects.requireNonNull(binding, "binding"));
    }

    /** {@return what happens to connections, pools and names, as it happens; whoever listens may come and go} */
    public ConnectionEvents events() {
        return core.events();
    }

    /** {@return the open connections, one by one: what they are, what runs on them, how to be rid of them} */
    public LiveConnections connections() {
        return live;
    }

    /**
     * Closes the pool of a name, which stays registered and opens another one when it is used next.
     *
     * @param name a registered name
     * @return completes when it is closed; {@link UnknownConnectionException} when the name is not known
     */
    public Mono<Void> dispose(String name) {
        return Mono.defer(() -> core.background().detached(slots.known(name).dispose()));
    }

    /** {@return closes all pools when subscribed, and completes when they are closed; the names stay registered} */
    public Mono<Void> disposeAll() {
        return Mono.defer(() -> core.background()
                .detached(Mono.when(
                        slots.all().stream().map(ConnectionSlot::dispose).toList())));
    }

    /**
     * Gives a name a new pool of the same definition, for example after its credentials changed; the old one drains.
     *
     * @param name a registered name
     * @return completes when the old pool is closed; {@link UnknownConnectionException} when the name is not registered
     */
    public Mono<Void> recreate(String name) {
        return dispose(name);
    }

    /**
     * Closes the registry: new work is refused, borrowers that wait fail, connections on loan have their drain time-out and
     * are then closed by force, which is logged and told as an event. Then its events end.
     *
     * @return completes when every pool is closed and no background work is left
     */
    public Mono<Void> close() {
        return core.shutdown().end(Mono.defer(slots::close));
    }

    /**
     * The same within a limit: what is on loan a quarter of it, at most two seconds, before its end is closed by force.
     *
     * @param limit 100 ms to one day
     * @return how it went, when everything is closed, or when the limit is over
     */
    public Mono<ShutdownReport> close(Duration limit) {
        return core.shutdown().within(limit, Mono.defer(slots::close));
    }

    /** {@return what completes at a moment when nothing is draining, resetting, opening or closing in the background} */
    public Mono<Void> quiescent() {
        return core.background().quiescent();
    }

    ConfiguredConnections configured() {
        return configured;
    }

    ConnectionSlot slot(String name) {
        return slots.registered(name);
    }
}
