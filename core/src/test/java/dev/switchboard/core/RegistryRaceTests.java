package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.TestSize;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Two changes in the same moment: the outcome is the one of either order. */
@Tag("once")
class RegistryRaceTests {

    private static final String ORDERS = "r2dbc:postgresql://app:hush@db1.example/orders";
    private static final String MOVED = "r2dbc:mysql://app:hush@db2.example/orders";
    private static final int ROUNDS = TestSize.of(2_000, 200_000);

    private final CyclicBarrier start = new CyclicBarrier(2);

    /** Runs both on workers that leave the barrier together. */
    private void together(Runnable one, Runnable other) {
        Flux.just(one, other)
                .flatMap(race -> Mono.fromCallable(() -> {
                            start.await();
                            race.run();
                            return true;
                        })
                        .subscribeOn(Schedulers.boundedElastic()))
                .then()
                .block(Borrowing.PATIENCE);
    }

    private static void quietly(Mono<Void> change) {
        change.onErrorComplete().block(Borrowing.PATIENCE);
    }

    private static void quietly(Runnable change) {
        quietly(Mono.fromRunnable(change));
    }

    @Test
    void aReplacedDefinitionIsNotUndoneByADispose() {
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create().register("orders", ORDERS);
        for (int i = 0; i < ROUNDS / 100; i++) {
            together(
                    () -> manyTimes(attempt -> {
                        String url = attempt % 2 == 0 ? ORDERS : MOVED;
                        quietly(registry.replace(ConnectionDefinition.of("orders", url)));
                        assertThat(registry.product("orders")).isEqualTo(attempt % 2 == 0 ? "PostgreSQL" : "MySQL");
                    }),
                    () -> manyTimes(attempt -> quietly(registry.dispose("orders"))));
        }
    }

    private static void manyTimes(IntConsumer attempt) {
        for (int i = 0; i < 500; i++) {
            attempt.accept(i);
        }
    }

    @Test
    void theDefaultIsNeverANameThatWent() {
        for (int i = 0; i < ROUNDS; i++) {
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register("orders", ORDERS);
            together(
                    () -> quietly(() -> registry.defaultConnection("orders")),
                    () -> quietly(registry.unregister("orders")));
            assertThat(registry.contains("orders")).isEqualTo("orders".equals(registry.defaultConnection()));
        }
    }

    @Test
    void nothingIsRegisteredInAClosedRegistry() {
        for (int i = 0; i < ROUNDS; i++) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
            together(() -> quietly(() -> registry.register("orders", ORDERS)), () -> quietly(registry.close()));
            assertThat(registry.names()).isEmpty();
        }
    }

    @Test
    void ofTwoRegistrationsOneWins() {
        for (int i = 0; i < ROUNDS; i++) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
            boolean[] won = new boolean[2];
            together(
                    () -> won[0] = registry.registerIfAbsent(ConnectionDefinition.of("orders", ORDERS)),
                    () -> won[1] = registry.registerIfAbsent(ConnectionDefinition.of("orders", MOVED)));
            assertThat(won[0]).isNotEqualTo(won[1]);
            assertThat(registry.product("orders")).isEqualTo(won[0] ? "PostgreSQL" : "MySQL");
        }
    }

    private static SwitchboardConfiguration configuration(String url, String... names) {
        SwitchboardConfiguration.Builder builder =
                SwitchboardConfiguration.builder().environment(Map.of());
        for (String name : names) {
            builder.connection(name, d -> d.url(url));
        }
        return builder.build();
    }

    @Test
    void noConfigurationIsAppliedToAClosedRegistry() {
        SwitchboardConfiguration orders = configuration(ORDERS, "orders");
        for (int i = 0; i < ROUNDS; i++) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
            together(() -> quietly(registry.apply(orders).then()), () -> quietly(registry.close()));
            assertThat(registry.names()).isEmpty();
        }
    }

    @Test
    void ofTwoConfigurationsTheLastOneIsAppliedAsAWhole() {
        SwitchboardConfiguration one = configuration(ORDERS, "a", "both");
        SwitchboardConfiguration other = configuration(MOVED, "b", "both");
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        for (int i = 0; i < ROUNDS; i++) {
            together(
                    () -> registry.apply(one).block(),
                    () -> registry.apply(other).block());
            boolean lastIsOne = registry.contains("a");
            assertThat(registry.names()).containsExactly(lastIsOne ? "a" : "b", "both");
            assertThat(registry.product("both")).isEqualTo(lastIsOne ? "PostgreSQL" : "MySQL");
        }
    }

    @Test
    void aNameThatProgramAndConfigurationWantBelongsToTheFirst() {
        SwitchboardConfiguration configured = configuration(ORDERS, "orders");
        for (int i = 0; i < ROUNDS; i++) {
            ReactiveConnectionRegistry registry = configuration(ORDERS).createRegistry();
            boolean[] won = new boolean[1];
            together(
                    () -> registry.apply(configured).block(),
                    () -> won[0] = registry.registerIfAbsent(ConnectionDefinition.of("orders", MOVED)));
            assertThat(registry.product("orders")).isEqualTo(won[0] ? "MySQL" : "PostgreSQL");
            registry.apply(configuration(ORDERS)).block();
            assertThat(registry.contains("orders")).isEqualTo(won[0]);
        }
    }
}
