package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.core.Route;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.context.Context;

/** A primary and two replicas that copy nothing, under the name {@code orders}, in virtual time. */
abstract class ReplicaGroups {

    static final RoutingHint ORDERS = usingConnection("orders");
    static final Duration PATIENCE = Duration.ofSeconds(30);

    final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().timer(time).build());
    final ReplicaRouter replicas = ReplicaRouter.over(registry);
    final SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, replicas));
    final List<Database> databases = new ArrayList<>();

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
        databases.forEach(Database::close);
        time.dispose();
    }

    final void members(String... names) {
        for (String name : names) {
            Database database = Databases.create(Product.SQLITE);
            databases.add(database);
            registry.register(name, database.url());
        }
    }

    /** Quick by the clock of the test, and with a time-out that this clock does not reach while a database answers. */
    final void group(UnaryOperator<ReplicaGroup.Builder> settings) {
        members("p", "r1", "r2");
        replicas.replace(
                "orders",
                settings.apply(ReplicaGroup.builder("p")
                                .replica("r1")
                                .replica("r2")
                                .probe(Duration.ofMillis(10), Duration.ofMinutes(1)))
                        .build());
    }

    final Mono<Route> route(RoutingHint... hints) {
        return route(Context.empty(), false, hints);
    }

    final Mono<Route> route(Context outer, boolean readOnlyTransaction, RoutingHint... hints) {
        Context context = outer;
        for (RoutingHint hint : hints) {
            context = hint.apply(context);
        }
        return new HintBinding(RoutingRules.of(registry, replicas), context, true).resolve(readOnlyTransaction);
    }

    final String reader(RoutingHint... more) {
        List<RoutingHint> hints = new ArrayList<>(List.of(ORDERS, readOnly()));
        hints.addAll(List.of(more));
        return route(hints.toArray(RoutingHint[]::new))
                .map(Route::connectionName)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    final Map<String, Integer> readers(int times) {
        Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < times; i++) {
            counts.merge(reader(), 1, Integer::sum);
        }
        return counts;
    }

    /** Lets the members be probed, and waits until all have answered or failed. */
    final void probed(String state, BooleanSupplier reached) {
        Waiting.until(state, () -> {
            time.advanceTimeBy(Duration.ofMillis(10));
            route(ORDERS).block(PATIENCE);
            return reached.getAsBoolean();
        });
    }

    final boolean inRotation(String name) {
        return replicas.replicas("orders").stream()
                .anyMatch(replica -> replica.connectionName().equals(name) && replica.inRotation());
    }
}
