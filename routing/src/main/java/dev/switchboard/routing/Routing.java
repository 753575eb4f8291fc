package dev.switchboard.routing;

import dev.switchboard.core.ConnectionOverride;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import reactor.util.context.Context;

/**
 * The hints, for static import: {@code chain.contextWrite(usingConnection("billing"))}. Nothing happens before the chain is
 * subscribed.
 */
public final class Routing {

    private Routing() {}

    /**
     * Everything above uses the connection of this name.
     *
     * @param name a name of the registry; whether it is registered is asked when a connection is needed
     * @return the hint
     */
    public static RoutingHint usingConnection(String name) {
        return RoutingKey.of(name);
    }

    /**
     * Everything above uses the registry's default connection, as if no name had been chosen further out.
     *
     * @return the hint
     */
    public static RoutingHint usingDefaultConnection() {
        return DefaultConnection.DEFAULT;
    }

    /**
     * Everything above uses another database of the server that its connection leads to, as
     * {@code usingOptions(options -> options.database(database))} does.
     *
     * @param database its name, or the file of a file database
     * @return the hint
     * @throws dev.switchboard.core.OverrideRefusedException if this cannot name a database
     */
    public static RoutingHint usingDatabase(String database) {
        return usingOptions(options -> options.database(database));
    }

    /**
     * Everything above uses the definition of its connection with these options merged over it, as far as the definition
     * allows that; what it refuses is an {@link dev.switchboard.core.OverrideRefusedException} when a connection is needed.
     *
     * <pre>{@code chain.contextWrite(usingOptions(options -> options.host("db02").database("shard02")))}</pre>
     *
     * <p>It is a hint of a kind of its own: it meets a connection name from wherever that one is written, and replaces an
     * override from further out as a whole. {@code usingOptions(options -> options)} takes the definition as it is registered
     * again.
     *
     * <p>Overrides that come to the same, merged over the definition, share one pool, within their connection name and never
     * with another name. How many of these pools may be open is a bound of each definition,
     * {@link dev.switchboard.core.AllowedOverrides.Builder#maxPools(int)}.
     *
     * @param change fills a builder that changes nothing yet
     * @return the hint
     * @throws dev.switchboard.core.OverrideRefusedException if a value cannot be what it should be
     */
    public static RoutingHint usingOptions(UnaryOperator<ConnectionOverride.Builder> change) {
        return new OverrideHint(change.apply(ConnectionOverride.builder()).build());
    }

    /**
     * Everything above is about what belongs to this key, and goes to the shard that has it. Needs a {@link ShardRouter}, and
     * a name that stands for its shards: chosen with {@link #usingConnection(String)}, or the router's default.
     *
     * @param key a text, an integer number or a {@link java.util.UUID}
     * @return the hint
     * @throws InvalidShardKeyException if it is something else
     */
    public static RoutingHint usingShardKey(Object key) {
        return ShardKey.of(key);
    }

    /**
     * Everything above only reads, so that a replica may serve it.
     *
     * @return the hint
     */
    public static RoutingHint readOnly() {
        return AccessMode.READ_ONLY;
    }

    /**
     * Everything above may write, so that the primary serves it, inside a {@link #readOnly()} scope too.
     *
     * @return the hint
     */
    public static RoutingHint readWrite() {
        return AccessMode.READ_WRITE;
    }

    /**
     * Inside this scope nothing may change the hints any more: another name, mode or tenant further in is a
     * {@link RouteConflictException}. Writing what holds already is allowed. Hints that belong to the scope are written
     * further out: {@code chain.contextWrite(lock()).contextWrite(usingConnection("billing"))}.
     *
     * @return what {@code contextWrite} takes
     */
    public static Function<Context, Context> lock() {
        return context -> RouteHints.from(context).lock().writeInto(context);
    }
}
