package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Who comes when the queue is full is told at once; who waited for too long is told something else. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
@Tag("once")
class WaitingQueueTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().timer(time).build());

    @Parameter
    Product product;

    private Database database;

    @BeforeEach
    void create() {
        database = Databases.create(product);
    }

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        database.close();
    }

    private void register(int maxSize, int maxWaiting) {
        registry.register(Borrowing.alike(ConnectionDefinition.of("orders", database.url()))
                .withPool(pool -> pool.maxSize(maxSize).maxWaiting(maxWaiting)));
    }

    private Mono<Object> query() {
        return Borrowing.query(registry, "orders", "SELECT 1");
    }

    @Test
    void whoComesWhenAsManyWaitAsMayWaitFailsAtOnce() {
        register(1, 2);
        Connection holder = Borrowing.borrowed(registry, "orders");
        List<Disposable> waiting = new ArrayList<>(List.of(query().subscribe(), query().subscribe()));
        Waiting.until("two wait", () -> registry.status("orders").counts().waiting() == 2);
        StepVerifier.create(query())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(WaitingQueueFullException.class, full -> {
                            assertThat(full.maxWaiting()).isEqualTo(2);
                            assertThat(full.counts()).isEqualTo(new PoolCounts(1, 0, 0, 2, 1));
                        }))
                .verify(PATIENCE);
        waiting.remove(0).dispose();
        waiting.add(query().subscribe());
        assertThat(registry.status("orders").counts().waiting()).isEqualTo(2);
        waiting.forEach(Disposable::dispose);
        Borrowing.close(holder);
    }

    @Test
    void whoWaitedForTooLongGetsAnotherError() {
        register(1, 1);
        Connection holder = Borrowing.borrowed(registry, "orders");
        StepVerifier.create(query())
                .expectSubscription()
                .then(() -> Waiting.until(
                        "one waits", () -> registry.status("orders").counts().waiting() == 1))
                .then(() -> time.advanceTimeBy(Duration.ofSeconds(30)))
                .expectError(AcquireTimeoutException.class)
                .verify(PATIENCE);
        Borrowing.close(holder);
    }

    @Test
    void aQueueWithoutPlacesServesWhoeverFindsAFreeConnection() {
        register(2, 0);
        Connection first = Borrowing.borrowed(registry, "orders");
        Connection second = Borrowing.borrowed(registry, "orders");
        StepVerifier.create(query())
                .expectError(WaitingQueueFullException.class)
                .verify(PATIENCE);
        Borrowing.close(first);
        assertThat(query().block(PATIENCE)).hasToString("1");
        Borrowing.close(second);
    }

    @Test
    void ofAStormAsManyAreSentAwayAsFindNoPlace() {
        register(2, 3);
        List<Connection> holders =
                List.of(Borrowing.borrowed(registry, "orders"), Borrowing.borrowed(registry, "orders"));
        Mono<List<Object>> storm = Flux.range(0, 50)
                .flatMap(
                        i -> query().onErrorResume(WaitingQueueFullException.class, full -> Mono.just("sent away")), 50)
                .doOnNext(answer -> {
                    if (registry.status("orders").counts().waiting() == 3) {
                        holders.forEach(holder -> Mono.from(holder.close()).subscribe());
                    }
                })
                .collectList();
        List<Object> answers = storm.block(PATIENCE);
        assertThat(answers).hasSize(50).filteredOn("sent away"::equals).hasSizeBetween(1, 47);
        assertThat(answers).filteredOn(answer -> !"sent away".equals(answer)).hasSizeGreaterThanOrEqualTo(3);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 2));
    }
}
