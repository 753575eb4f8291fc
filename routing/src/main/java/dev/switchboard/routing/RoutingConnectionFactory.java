package dev.switchboard.routing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Wrapped;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * A plain R2DBC {@link ConnectionFactory} that reads the routing hints of the Reactor Context. Thread-safe; opens nothing by
 * itself.
 *
 * <p>{@link #create()} fixes the hints when it is subscribed, and takes no connection from a pool yet: that happens with the
 * first statement. From then on the connection serves one route. A statement whose Context asks for another one, inside a
 * transaction or not, fails with {@link RouteConflictException}. A statement whose Context lost all hints on the way runs on
 * the connection's route, and is counted.
 *
 * <p>Libraries that fix their SQL dialect once, such as Spring and jOOQ, get {@link #forProduct(String)}. Libraries that lose
 * the Context get {@link #captured(ContextView)}.
 */
public final class RoutingConnectionFactory implements ConnectionFactory, Wrapped<ReactiveConnectionRegistry> {

    private final RoutingRules rules;
    private final @Nullable RoutingConnectionFactory whole;
    private final Map<String, RoutingConnectionFactory> views = new ConcurrentHashMap<>();

    private RoutingConnectionFactory(RoutingRules rules, @Nullable RoutingConnectionFactory whole) {
        this.rules = rules;
        this.whole = whole;
    }

    /**
     * Routes by connection name: the one that the Context chose, else the registry's default.
     *
     * @param registry the connections
     * @return a factory of its own: statements share a transaction only through the same factory
     */
    public static RoutingConnectionFactory over(ReactiveConnectionRegistry registry) {
        return new RoutingConnectionFactory(RoutingRules.of(Objects.requireNonNull(registry, "registry"), null), null);
    }

    /**
     * Routes by connection name, narrowed by a router.
     *
     * @param registry the connections
     * @param router gets the name that the Context chose, else the registry's default, else none
     * @return a factory of its own: statements share a transaction only through the same factory
     */
    public static RoutingConnectionFactory over(ReactiveConnectionRegistry registry, Router router) {
        Objects.requireNonNull(registry, "registry");
        return new RoutingConnectionFactory(RoutingRules.of(registry, Objects.requireNonNull(router, "router")), null);
    }

    /**
     * A factory that refuses what this one counts: a statement whose Context lost all hints fails with
     * {@link ContextLostException}. Connections of {@link #captured(ContextView)} are not meant.
     *
     * @return a factory of its own, with views and counters of its own
     */
    public RoutingConnectionFactory withStrictContext() {
        RoutingRules strict = rules.strict();
        return new RoutingConnectionFactory(strict, null);
    }

    /**
     * The view for one product, for libraries that write SQL for one dialect. Its metadata carries the product's name, and a
     * route to another product is a {@link ProductMismatchException} before a connection is taken.
     *
     * @param product the product's name as R2DBC spells it, such as {@code PostgreSQL}
     * @return always the same instance for the same argument, since Spring keys transactions by identity
     */
    public RoutingConnectionFactory forProduct(String product) {
        Objects.requireNonNull(product, "product");
        RoutingConnectionFactory root = root();
        return root.views.computeIfAbsent(
                product, name -> new RoutingConnectionFactory(root.rules.forProduct(name), root));
    }

    /**
     * A factory that is bound to one Context, for whatever loses it: jOOQ, futures, RxJava. Its connections have the route of
     * that Context, whoever subscribes; a statement whose Context has hints is still guarded.
     *
     * <pre>{@code Flux.deferContextual(context -> Flux.from(
     *         DSL.using(routed.forProduct("PostgreSQL").captured(context), SQLDialect.POSTGRES).select(...)))}</pre>
     *
     * @param context the Context, usually of {@code deferContextual}
     * @return a factory with the metadata of this one
     */
    public ConnectionFactory captured(ContextView context) {
        return new CapturedConnectionFactory(rules, Objects.requireNonNull(context, "context"));
    }

    /**
     * A connection for the hints of the subscriber's Context. Completes on the subscriber's thread without taking a
     * connection from a pool; the first statement does that. A missing or unknown name is an error there.
     *
     * @return a connection that has to be closed
     */
    @Override
    public Mono<SwitchboardConnection> create() {
        return Mono.deferContextual(context -> Mono.just(open(context)));
    }

    /**
     * Where the hints of the subscriber's Context lead at this moment, and why: which hint, which router, which replica or shard.
     *
     * <pre>{@code orders.find(id).contextWrite(usingShardKey(id));
     * routed.explain().doOnNext(System.out::println).contextWrite(usingShardKey(id));}</pre>
     *
     * <p>The routers are asked as for a query, and take no connection for it, apart from one that asks a database by itself; a
     * {@link ReplicaRouter} may probe its members. It is a snapshot and decides nothing: the next query is decided anew. Inside a
     * transaction on this factory whose connection is decided, it tells that decision. Each decision for a query is logged at
     * DEBUG by {@code dev.switchboard.routing.HintBinding} in the same words.
     *
     * @return the explanation, on whatever thread the routers answer; the error that a query would get where there is no route. Never
     *     empty. Cancelling stops asking
     */
    public Mono<RouteExplanation> explain() {
        return Mono.deferContextual(context -> {
            TransactionScope running = Transactions.runningOn(this, context);
            return running == null || running.servesAllRoutes()
                    ? bind(context).explain(running != null && running.isReadOnly())
                    : running.binding().explain(context, running.isReadOnly());
        });
    }

    /**
     * How many statements ran on their connection's route because their Context had lost all hints.
     *
     * @return a count since this factory was made; views count together with their whole
     */
    public long statementsWithoutContext() {
        return rules.lostContexts();
    }

    /** {@return metadata that needs no Context: the product's name for a view, else {@code Switchboard}} */
    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return rules::productName;
    }

    /** {@return the registry behind this factory} */
    @Override
    public ReactiveConnectionRegistry unwrap() {
        return rules.registry();
    }

    /** {@return what this factory is for, without anything secret} */
    @Override
    public String toString() {
        return "RoutingConnectionFactory[" + rules.productName() + "]";
    }

    SwitchboardConnection open(ContextView context) {
        return open(bind(context));
    }

    SwitchboardConnection open(HintBinding binding) {
        return rules.registry().connect(binding);
    }

    HintBinding bind(ContextView context) {
        return new HintBinding(rules, context, true);
    }

    /** The factory that this one is a view of, or this one: what its views share is keyed by it. */
    RoutingConnectionFactory root() {
        return whole == null ? this : whole;
    }
}
