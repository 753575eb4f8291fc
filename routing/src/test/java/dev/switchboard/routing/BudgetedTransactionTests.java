package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.BudgetDeadlockException;
import dev.switchboard.core.ConnectionBudget;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A transaction holds a connection, and says so to the budget. */
class BudgetedTransactionTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Test
    void whoAsksForASecondConnectionInsideOfOneIsToldAtOnceWhenThereIsNone() {
        ConnectionBudget budget = ConnectionBudget.builder().total(1).build();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().budget(budget).build());
        try (Database database = Databases.create(Product.H2)) {
            registry.register("orders", database.url()).register("billing", database.url());
            SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry));
            Mono<Integer> elsewhere = SqlClient.over(RoutingConnectionFactory.over(registry))
                    .sql("SELECT 1")
                    .map(Integer.class)
                    .one()
                    .contextWrite(usingConnection("billing"));
            Mono<Integer> both = db.inTransaction(
                            db.sql("SELECT 1").map(Integer.class).one().then(elsewhere))
                    .contextWrite(usingConnection("orders"));
            StepVerifier.create(both)
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOfSatisfying(
                                    BudgetDeadlockException.class,
                                    stuck -> assertThat(stuck.held()).containsExactly("orders")))
                    .verify(PATIENCE);
            registry.budget().limit(budget.mutate().total(2).build());
            StepVerifier.create(both).expectNext(1).expectComplete().verify(PATIENCE);
        } finally {
            registry.close().block(PATIENCE);
        }
    }
}
