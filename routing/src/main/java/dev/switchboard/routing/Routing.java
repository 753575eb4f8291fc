package dev.switchboard.routing;

import dev.switchboard.core.ConnectionOverride;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
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
     * Everything above is about this entity, and goes where an {@link EntityRouter} says that it lives: to its read name where it only
     * reads ({@link #readOnly()}, a read-only transaction), else to its write name. Without a router that is a
     * {@link NoRouteException}.
     *
     * @param type the class of the entity
     * @return the hint
     */
    public static RoutingHint usingEntity(Class<?> type) {
        return new EntityKey(type);
    }

    /**
     * Everything above only reads, as {@link #readOnly()} says, unless the scope around it has said how it reads or writes. For
     * libraries that know what a query does and not what its caller wants.
     *
     * @return the hint
     */
    public static RoutingHint readOnlyByDefault() {
        return EntityAccess.READS;
    }

    /**
     * Everything above may write, as {@link #readWrite()} says, except inside of {@link #preventWrites()}, which it does not lift.
     *
     * @return the hint
     */
    public static RoutingHint readWriteUnlessPrevented() {
        return EntityAccess.WRITES;
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
     * Everything above only reads, so that a replica may serve it, and a write is an error: the session itself refuses it on
     * PostgreSQL, MySQL, MariaDB and SQLite, with SQLSTATE 25006 or what the driver makes of it. On other products every
     * statement that does not begin like a query is a {@link dev.switchboard.core.WritePreventedException}.
     *
     * <p>It is a guard against mistakes and no protection from somebody who may send any SQL. A {@link #readOnly()} further in
     * changes nothing; {@link #readWrite()} lifts it. It costs one statement where a connection changes between borrowers that
     * prevent writes and others.
     *
     * @return the hint
     */
    public static RoutingHint preventWrites() {
        return AccessMode.READ_ONLY_ENFORCED;
    }

    /**
     * Everything above sees what was written inside this scope, also where replicas serve it: gives the scope a
     * {@link SessionToken}, which every write to a {@link ReplicaRouter}'s names moves forward, and reads with
     * {@link ReadConsistency#SESSION} unless another consistency is chosen further out or in. Where there is a token already, that
     * one goes on. Each subscription gets a token of its own.
     *
     * @return what {@code contextWrite} takes
     */
    public static Function<Context, Context> readYourWrites() {
        return context -> SessionToken.from(context) == null
                ? readYourWrites(SessionToken.create()).apply(context)
                : withSession(context);
    }

    /**
     * The same with a token that is held elsewhere, such as one that came with a request. It takes the place of one that was
     * written further out.
     *
     * @param token goes on from what it knows
     * @return what {@code contextWrite} takes
     */
    public static Function<Context, Context> readYourWrites(SessionToken token) {
        Objects.requireNonNull(token, "token");
        return context -> withSession(token.writeInto(context));
    }

    private static Context withSession(Context context) {
        return RouteHints.from(context).get(ReadConsistency.class) == null
                ? ReadConsistency.SESSION.apply(context)
                : context;
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

    /**
     * What {@code cache(timeToLive)} would keep for whoever comes first, kept for each route: subscribers with the same hints
     * get the same rows, and nobody gets those of another route. Whole answers are held in memory, those of 1,000 routes at
     * most. An error is not kept: those who wait get it, and the next one asks again.
     *
     * <p>The source runs once for all who ask meanwhile, with the hints of their route and nothing else of anybody's Context:
     * neither inside somebody's transaction nor stopped by somebody's cancel. So an answer may be older than what its reader has
     * written, inside {@link #readYourWrites()} too. A route is told by its hints: what was kept for them holds until its time is
     * over, also where a router or {@code defaultConnection(..)} has changed meanwhile. Inside and outside of {@link #lock()} answers
     * are kept apart.
     *
     * @param source the rows of a query
     * @param timeToLive how long an answer holds, longer than zero
     * @param <T> the type of a row
     * @return the rows for the hints of each subscriber
     * @throws IllegalArgumentException if the time is not longer than zero
     */
    public static <T> Flux<T> cacheByRoute(Flux<T> source, Duration timeToLive) {
        Objects.requireNonNull(source, "source");
        if (timeToLive.isNegative() || timeToLive.isZero()) {
            throw new IllegalArgumentException(
                    "Rows were to be kept for " + timeToLive + ". Allowed: longer than zero.");
        }
        return ByRoute.cache(source, timeToLive);
    }

    /**
     * The same for one value.
     *
     * @param source the value of a query
     * @param timeToLive how long an answer holds, longer than zero; that there is none is an answer
     * @param <T> the type of the value
     * @return the value for the hints of each subscriber
     * @throws IllegalArgumentException if the time is not longer than zero
     * @see #cacheByRoute(Flux, Duration)
     */
    public static <T> Mono<T> cacheByRoute(Mono<T> source, Duration timeToLive) {
        return cacheByRoute(source.flux(), timeToLive).singleOrEmpty();
    }

    /**
     * What {@code share()} would give to all who come while it runs, given to those of the same route only: subscribers with the
     * same hints share one run of the source, which ends when the last of them leaves. The slowest of them sets the pace; up to 256
     * rows are kept for it. An error reaches all of them.
     *
     * <p>The source runs with the hints of the route and nothing else of anybody's Context, so not inside somebody's transaction.
     * Of more than 1,000 routes some may be run twice.
     *
     * @param source a stream of rows
     * @param <T> the type of a row
     * @return the rows for the hints of each subscriber
     */
    public static <T> Flux<T> shareByRoute(Flux<T> source) {
        return ByRoute.share(Objects.requireNonNull(source, "source"));
    }

    /**
     * The same for one value.
     *
     * @param source the value of a query
     * @param <T> the type of the value
     * @return the value for the hints of each subscriber
     * @see #shareByRoute(Flux)
     */
    public static <T> Mono<T> shareByRoute(Mono<T> source) {
        return shareByRoute(source.flux()).singleOrEmpty();
    }
}
