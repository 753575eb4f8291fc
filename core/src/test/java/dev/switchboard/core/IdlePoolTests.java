package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Pools that nobody uses any more. */
class IdlePoolTests {

    private static final Duration LIMIT = Duration.ofMinutes(4);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().timer(time).idlePoolTimeout(LIMIT).build());

    private boolean isOpenAfter(Duration pause) {
        time.advanceTimeBy(pause);
        registry.quiescent().block(Borrowing.PATIENCE);
        return registry.status("orders").open();
    }

    @Test
    void aPoolIsClosedWhenNobodyUsedItForSoLongAndOpensAgain() {
        try (Database database = Databases.create(Product.H2)) {
            CountingFactory driver = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", driver));
            Connection held = Borrowing.borrowed(registry, "orders");
            assertThat(isOpenAfter(LIMIT.multipliedBy(2)))
                    .as("while it is held")
                    .isTrue();
            Borrowing.close(held);
            assertThat(isOpenAfter(LIMIT.dividedBy(2))).as("half of it later").isTrue();
            assertThat(isOpenAfter(LIMIT)).as("when it is over").isFalse();
            Waiting.until("its connection is closed", () -> driver.open() == 0);
            Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE);
            assertThat(registry.status("orders").open()).isTrue();
            Borrowing.close(registry);
        }
    }

    @Test
    void aPoolThatKeepsConnectionsReadyStaysOpen() {
        try (Database database = Databases.create(Product.H2)) {
            registry.register(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.minIdle(1)));
            registry.initialize("orders").block(Borrowing.PATIENCE);
            assertThat(isOpenAfter(LIMIT.multipliedBy(2))).isTrue();
            Borrowing.close(registry);
        }
    }
}
