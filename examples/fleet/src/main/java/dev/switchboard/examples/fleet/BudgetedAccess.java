package dev.switchboard.examples.fleet;

import static dev.switchboard.routing.Routing.usingConnection;

import dev.switchboard.core.ConnectionBudget;
import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/** A registry with a budget: what a program would write. */
final class BudgetedAccess implements Access {

    private final ReactiveConnectionRegistry registry;
    private final List<ShardHost> hosts;
    private final Mono<String> question;

    BudgetedAccess(Plan plan, List<ShardHost> hosts, Waits waits, String question) {
        this.hosts = hosts;
        ConnectionBudget budget =
                ConnectionBudget.builder().perHost(plan.connections()).build();
        this.registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().budget(budget).metrics(waits).build());
        this.question = SqlClient.over(RoutingConnectionFactory.over(registry))
                .sql(question)
                .map(String.class)
                .one();
    }

    @Override
    public void add(Shard shard) {
        registry.register(ConnectionDefinition.of(shard.name(), shard.url())
                // Patient: the first log-in to a new PostgreSQL database reads its whole catalog, and it shares two
                // cores with
                // three servers that create others.
                .withPool(pool ->
                        pool.maxSize(20).createTimeout(Duration.ofSeconds(30)).acquireTimeout(Duration.ofSeconds(60))));
    }

    @Override
    public Mono<String> ask(Shard shard) {
        return question.contextWrite(usingConnection(shard.name()));
    }

    @Override
    public long reclaimed(int server) {
        String address = hosts.get(server).address();
        return registry.budget().hosts().stream()
                .filter(host -> host.scope().equals(address))
                .mapToLong(host -> host.reclaimed())
                .sum();
    }

    @Override
    public void close() {
        registry.close().block(Duration.ofSeconds(60));
    }
}
