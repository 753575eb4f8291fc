package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A few connections that many names fight for from many threads, on fixed seeds: connections are reclaimed while they are
 * borrowed, borrowers leave while they are served, names are replaced while they are acquired, and the cap is changed. There is
 * never a connection too many, and nothing is left.
 */
@Tag("once")
class BudgetRaceTests {

    private static final int WORKERS = 8;
    private static final int STEPS = TestSize.of(300, 30_000);
    private static final int NAMES = 5;

    private final List<Throwable> unexplained = java.util.Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger answers = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void thereIsNeverAConnectionTooManyAndNothingIsLeft(int cap) {
        try (Database database = Databases.create(Product.H2)) {
            CountingFactory driver = new CountingFactory(database.url());
            ConnectionBudget budget = ConnectionBudget.builder()
                    .total(cap)
                    .openingsPerHost(cap)
                    .quantum(2)
                    .build();
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                    RegistryOptions.builder().budget(budget).build());
            IntStream.range(0, NAMES).forEach(name -> registry.register(definition(name, driver)));
            Flux.range(0, WORKERS)
                    .flatMap(worker -> work(registry, driver, budget, new Random(worker)), WORKERS)
                    .blockLast(Duration.ofMinutes(TestSize.of(1, 60)));
            registry.quiescent().block(Borrowing.PATIENCE);
            BudgetStatus total = registry.budget().total();
            assertThat(unexplained).isEmpty();
            assertThat(answers.get()).isGreaterThan(WORKERS * STEPS / 4);
            assertThat(driver.peak()).isEqualTo(cap);
            assertThat(total.open()).isEqualTo(driver.open());
            assertThat(total.counts())
                    .isEqualTo(
                            new PoolCounts(0, total.open(), 0, 0, total.counts().max()));
            assertThat(total.reclaimed()).isPositive();
            Borrowing.close(registry);
            assertThat(driver.open()).isZero();
            assertThat(registry.budget().total().open()).isZero();
        }
    }

    private static ConnectionDefinition definition(int name, CountingFactory driver) {
        return ConnectionDefinition.of("name" + name, driver)
                .withPool(pool -> pool.maxSize(2).acquireTimeout(Duration.ofSeconds(20)));
    }

    private Mono<Void> work(
            ReactiveConnectionRegistry registry, CountingFactory driver, ConnectionBudget budget, Random random) {
        return Flux.range(0, STEPS)
                .concatMap(step -> Mono.defer(() -> step(registry, driver, budget, random))
                        .onErrorResume(failure -> Mono.fromRunnable(() -> unexplained.add(failure))))
                .then()
                .subscribeOn(Schedulers.parallel());
    }

    private Mono<Void> step(
            ReactiveConnectionRegistry registry, CountingFactory driver, ConnectionBudget budget, Random random) {
        int name = random.nextInt(NAMES);
        Mono<Void> query = Borrowing.query(registry, "name" + name, "SELECT 1")
                .doOnNext(one -> answers.incrementAndGet())
                .then();
        int what = random.nextInt(100);
        if (what == 0) {
            return registry.replace(definition(name, driver));
        }
        if (what == 1) {
            return Mono.fromRunnable(() -> registry.budget()
                    .limit(budget.mutate()
                            .total(1 + random.nextInt(budget.total()))
                            .build()));
        }
        return what < 40 ? query.takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(2_000_000)))) : query;
    }
}
