package dev.switchboard.testing;

import dev.switchboard.routing.EntityKey;
import dev.switchboard.routing.PartialRoute;
import dev.switchboard.routing.RouteHints;
import dev.switchboard.routing.Router;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A router for tests: it leads names to other names, so that a program with 600 shards runs on one or two databases, and
 * fails where a test wants it to. Immutable.
 *
 * <pre>{@code
 * RoutingConnectionFactory.over(registry, production.then(FakeRoutes.create()
 *         .route("shard12", "first")
 *         .fail("shard13", new ServerIsDownException())
 *         .otherwise("second")))
 * }</pre>
 *
 * <p>The access mode and whatever else was decided before stays as it is.
 */
public final class FakeRoutes implements Router {

    private final Map<String, Mono<String>> answers;
    private final @Nullable String otherwise;

    private FakeRoutes(Map<String, Mono<String>> answers, @Nullable String otherwise) {
        this.answers = Map.copyOf(answers);
        this.otherwise = otherwise;
    }

    /** {@return a router that leaves every name as it is} */
    public static FakeRoutes create() {
        return new FakeRoutes(Map.of(), null);
    }

    /**
     * A router for which every route leads to one connection, chains without a name included.
     *
     * @param connection a name of the registry
     * @return the router
     */
    public static FakeRoutes to(String connection) {
        return create().otherwise(connection);
    }

    /**
     * Leads one name to a connection.
     *
     * @param name what was chosen, or what the routers before this one made of it
     * @param connection a name of the registry
     * @return a router that does so too
     */
    public FakeRoutes route(String name, String connection) {
        return with(name, Mono.just(connection));
    }

    /**
     * Fails for one name, before any connection is needed.
     *
     * @param name what was chosen, or what the routers before this one made of it
     * @param error what the statement gets
     * @return a router that does so too
     */
    public FakeRoutes fail(String name, Throwable error) {
        return with(name, Mono.error(error));
    }

    /**
     * Leads whatever has no answer of its own to a connection.
     *
     * @param connection a name of the registry
     * @return a router that does so too
     */
    public FakeRoutes otherwise(String connection) {
        return new FakeRoutes(answers, Objects.requireNonNull(connection, "connection"));
    }

    private FakeRoutes with(String name, Mono<String> answer) {
        Map<String, Mono<String>> changed = new LinkedHashMap<>(answers);
        changed.put(Objects.requireNonNull(name, "name"), answer);
        return new FakeRoutes(changed, otherwise);
    }

    /** {@return true, as it knows no entities} */
    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return true;
    }

    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        String name = soFar.connectionName();
        Mono<String> answer = name == null ? null : answers.get(name);
        if (answer != null) {
            return answer.map(soFar::withConnectionName);
        }
        return Mono.just(otherwise == null ? soFar : soFar.withConnectionName(otherwise));
    }
}
