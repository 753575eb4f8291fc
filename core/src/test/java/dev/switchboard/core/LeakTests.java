package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A borrower that keeps its connection is named, by the clock that was handed in. */
class LeakTests {

    private static final Duration THRESHOLD = Duration.ofMinutes(5);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().timer(time).build());
    private final Database database = Databases.create(Product.H2);

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        database.close();
    }

    private void register(boolean looking) {
        registry.register(ConnectionDefinition.of("orders", database.url())
                .withPool(pool -> looking ? pool.leakThreshold(THRESHOLD) : pool));
    }

    private Connection borrow() {
        return Objects.requireNonNull(Borrowing.borrow(registry, "orders")
                .checkpoint("loads the orders")
                .block(Borrowing.PATIENCE));
    }

    private static List<ConnectionEvent> leaks(List<ConnectionEvent> told) {
        return told.stream()
                .filter(ConnectionEvent.LeakSuspected.class::isInstance)
                .toList();
    }

    @Test
    void aConnectionThatIsHeldForTooLongIsReportedOnceWithItsRouteAndWhereItsChainWasAssembled() throws Exception {
        register(true);
        Heard heard = Heard.of(registry);
        Connection kept = borrow();
        time.advanceTimeBy(THRESHOLD.minusMillis(1));
        time.advanceTimeBy(Duration.ofMillis(1));
        time.advanceTimeBy(THRESHOLD.multipliedBy(3));
        ConnectionInfo info = Objects.requireNonNull(registry.connections().info(kept));
        Borrowing.close(kept);
        assertThat(leaks(heard.untilClosed(registry))).singleElement().satisfies(event -> {
            assertThat(event.name()).isEqualTo("orders");
            assertThat(event.connection()).isEqualTo(info.id());
            assertThat(event.duration()).isEqualTo(THRESHOLD);
            assertThat(event.time()).isEqualTo(Instant.EPOCH.plus(THRESHOLD));
            assertThat(event.reason()).isEqualTo("read-write on 'orders', assembled: checkpoint(\"loads the orders\")");
        });
    }

    @Test
    void aConnectionThatComesBackInTimeIsNot() throws Exception {
        register(true);
        Heard heard = Heard.of(registry);
        Connection honest = borrow();
        time.advanceTimeBy(THRESHOLD.minusMillis(1));
        Borrowing.close(honest);
        time.advanceTimeBy(THRESHOLD.multipliedBy(3));
        assertThat(leaks(heard.untilClosed(registry))).isEmpty();
    }

    @Test
    void nobodyIsWatchedUnlessItIsAskedFor() throws Exception {
        register(false);
        Heard heard = Heard.of(registry);
        Connection kept = borrow();
        time.advanceTimeBy(Duration.ofDays(2));
        Borrowing.close(kept);
        assertThat(leaks(heard.untilClosed(registry))).isEmpty();
    }

    @Test
    void aLeakWithoutAssemblyInformationIsReportedAllTheSame() throws Exception {
        register(true);
        Heard heard = Heard.of(registry);
        Connection kept = Objects.requireNonNull(
                Mono.from(Borrowing.borrow(registry, "orders")).block(Borrowing.PATIENCE));
        time.advanceTimeBy(THRESHOLD);
        Borrowing.close(kept);
        assertThat(leaks(heard.untilClosed(registry)))
                .singleElement()
                .extracting(ConnectionEvent::reason)
                .isEqualTo("read-write on 'orders', assembled: unknown");
    }
}
