package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What is told of a budget: who loses a place, who waits and for how long, what went beyond a soft cap. */
@Tag("once")
class BudgetEventsTests {

    private final Database one = Databases.create(Product.H2);
    private final Database other = Databases.create(Product.H2);
    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @BeforeEach
    void capOne() {
        budget(caps -> caps);
    }

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        one.close();
        other.close();
    }

    private void budget(UnaryOperator<ConnectionBudget.Builder> caps) {
        ConnectionBudget budget = caps.apply(
                        ConnectionBudget.builder().total(1).controlPermits(0).reserve(0))
                .build();
        registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().budget(budget).build());
        registry.register(ConnectionDefinition.of("one", one.url()));
        registry.register(ConnectionDefinition.of("other", other.url())
                .withPool(pool -> pool.maxSize(2).acquireTimeout(Duration.ofSeconds(5))));
    }

    @Test
    void anIdleConnectionThatMakesRoomIsReclaimedAndThenClosed() throws Exception {
        Heard heard = Heard.of(registry);
        Borrowing.query(registry, "one", "SELECT 1").block(Borrowing.PATIENCE);
        Borrowing.query(registry, "other", "SELECT 1").block(Borrowing.PATIENCE);
        List<ConnectionEvent> told = heard.untilClosed(registry);
        ConnectionEvent.Reclaimed reclaimed = heard.first(ConnectionEvent.Reclaimed.class);
        assertThat(reclaimed.name()).isEqualTo("one");
        assertThat(reclaimed.reason())
                .startsWith("the registry has 1 of 1 connections open: ")
                .doesNotContain("other");
        assertThat(told)
                .filteredOn(event -> reclaimed.connection().equals(event.connection()))
                .extracting(ConnectionEvent::type)
                .containsExactly("Created", "Acquired", "Returned", "Reclaimed", "Closed");
        assertThat(heard.first(ConnectionEvent.Closed.class).reason()).isEqualTo("reclaimed");
    }

    @Test
    void whoWaitsAtACapIsToldWhenItBeginsAndWhenItGivesUp() throws Exception {
        registry.replace(ConnectionDefinition.of("other", other.url())
                        .withPool(pool -> pool.acquireTimeout(Duration.ofMillis(100))))
                .block(Borrowing.PATIENCE);
        Heard heard = Heard.of(registry);
        Connection held = Borrowing.borrowed(registry, "one");
        StepVerifier.create(Borrowing.query(registry, "other", "SELECT 1"))
                .expectError(AcquireTimeoutException.class)
                .verify(Borrowing.PATIENCE);
        Borrowing.close(held);
        List<ConnectionEvent> told = heard.untilClosed(registry);
        assertThat(told)
                .filteredOn(
                        event -> event.name().equals("other") && event.type().startsWith("Budget"))
                .extracting(ConnectionEvent::type)
                .containsExactly("BudgetWaiting", "BudgetTimedOut");
        assertThat(heard.first(ConnectionEvent.BudgetWaiting.class).reason())
                .startsWith("the registry has 1 of 1 connections open: ");
        ConnectionEvent.BudgetTimedOut gaveUp = heard.first(ConnectionEvent.BudgetTimedOut.class);
        assertThat(gaveUp.duration()).isEqualTo(Duration.ofMillis(100));
        assertThat(gaveUp.reason()).startsWith("the registry has 1 of 1 connections open: ");
    }

    @Test
    void whoWaitsForItsOwnPoolOnlyIsNotToldAsWaitingAtACap() throws Exception {
        budget(caps -> caps.total(10));
        Heard heard = Heard.of(registry);
        Connection first = Borrowing.borrowed(registry, "other");
        Connection second = Borrowing.borrowed(registry, "other");
        Mono<Object> third = Borrowing.query(registry, "other", "SELECT 1").cache();
        third.subscribe();
        Borrowing.close(List.of(first, second));
        third.block(Borrowing.PATIENCE);
        assertThat(heard.untilClosed(registry))
                .extracting(ConnectionEvent::type)
                .doesNotContain("BudgetWaiting");
    }

    @Test
    void whatIsOpenedBeyondASoftCapIsTold() throws Exception {
        budget(caps -> caps.soft(true));
        Heard heard = Heard.of(registry);
        Connection first = Borrowing.borrowed(registry, "one");
        Connection second = Borrowing.borrowed(registry, "other");
        Borrowing.close(List.of(first, second));
        List<ConnectionEvent> told = heard.untilClosed(registry);
        assertThat(told)
                .filteredOn(ConnectionEvent.SoftOverflow.class::isInstance)
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.name()).isEqualTo("other");
                    assertThat(event.reason()).startsWith("the registry has 2 of 1 connections open: ");
                });
    }

    @Test
    void aNameWithAWriterAndReadersIsOneEntry() {
        try (Database file = Databases.create(Product.SQLITE)) {
            budget(caps -> caps.total(20));
            registry.register(ConnectionDefinition.of("file", file.url()).withPool(pool -> pool.maxSize(4)));
            Borrowing.query(registry, "file", "SELECT 1").block(Borrowing.PATIENCE);
            Borrowing.query(registry, "file", "CREATE TABLE t (id INTEGER)")
                    .onErrorComplete()
                    .block(Borrowing.PATIENCE);
            assertThat(registry.budget().names())
                    .singleElement()
                    .isEqualTo(new BudgetStatus("file", 2, new PoolCounts(0, 2, 0, 0, 4), 0, 0));
            assertThat(registry.budget().hosts()).singleElement().satisfies(host -> {
                assertThat(host.scope()).endsWith(".db");
                assertThat(host.open()).isEqualTo(2);
            });
        }
    }
}
