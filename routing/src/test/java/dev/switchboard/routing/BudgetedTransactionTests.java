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
import java.util.List;
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

    @Test
    void aTransactionOverSeveralDatabasesNamesEachThatItHolds() {
        ConnectionBudget budget = ConnectionBudget.builder().total(2).build();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().budget(budget).build());
        try (Database database = Databases.create(Product.H2)) {
            for (String name : List.of("orders", "billing", "audit")) {
                registry.register(name, database.url());
            }
            SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry));
            Mono<Integer> one = db.sql("SELECT 1").map(Integer.class).one();
            Mono<Integer> elsewhere = SqlClient.over(RoutingConnectionFactory.over(registry))
                    .sql("SELECT 1")
                    .map(Integer.class)
                    .one();
            Mono<Integer> all = db.inTransaction(
                    one.contextWrite(usingConnection("orders"))
                            .then(one.contextWrite(usingConnection("billing")))
                            .then(elsewhere.contextWrite(usingConnection("audit"))),
                    TransactionOptions.defaults().withGuarantee(TransactionGuarantee.BEST_EFFORT));
            StepVerifier.create(all)
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOfSatisfying(
                                    BudgetDeadlockException.class,
                                    stuck -> assertThat(stuck.held()).containsExactlyInAnyOrder("orders", "billing")))
                    .verify(PATIENCE);
        } finally {
            registry.close().block(PATIENCE);
        }
    }
}
