package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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

    /** Runs all on workers that leave the barrier together. */
    private static void together(Runnable... races) {
        CyclicBarrier start = new CyclicBarrier(races.length);
        Flux.just(races)
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

    // ---- two changes of one name, and somebody who uses it meanwhile

    private static final int USED_ROUNDS = TestSize.of(40, 4_000);

    /** What may come out: the number of the database that answers, null where the name is gone, and who was refused. */
    private interface Outcome {
        boolean isRight(@Nullable Object answers, @Nullable Throwable one, @Nullable Throwable other);
    }

    private static ConnectionDefinition definition(CountingFactory of) {
        return ConnectionDefinition.of("orders", of).withPool(Borrowing::quick);
    }

    private static @Nullable Throwable refusal(Mono<?> change) {
        return change.then(Mono.<Throwable>empty()).onErrorResume(Mono::just).block(Borrowing.PATIENCE);
    }

    private static Mono<Object> answer(ReactiveConnectionRegistry registry) {
        return Borrowing.query(registry, "orders", "SELECT tag FROM me");
    }

    /** The name stands for database 0; the changes may make it stand for 1 and 2. */
    private static void meet(Change one, Change other, Outcome outcome) {
        List<Database> databases =
                Stream.of(0, 1, 2).map(tag -> Borrowing.tagged(Product.H2, tag)).toList();
        for (int i = 0; i < USED_ROUNDS; i++) {
            List<CountingFactory> drivers = databases.stream()
                    .map(database -> new CountingFactory(database.url()))
                    .toList();
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register(definition(drivers.get(0)));
            if (i % 2 == 0) {
                answer(registry).block(Borrowing.PATIENCE);
            }
            @Nullable Throwable[] refusals = new Throwable[3];
            together(
                    () -> refusals[0] = refusal(one.in(registry, drivers)),
                    () -> refusals[1] = refusal(other.in(registry, drivers)),
                    () -> refusals[2] = refusal(answer(registry)));
            assertThat(refusals[2])
                    .as("of the borrower")
                    .satisfiesAnyOf(
                            none -> assertThat(none).isNull(),
                            draining -> assertThat(draining).isInstanceOf(ConnectionDrainingException.class),
                            gone -> assertThat(gone).isInstanceOf(UnknownConnectionException.class));
            Object answers = registry.contains("orders") ? answer(registry).block(Borrowing.PATIENCE) : null;
            assertThat(outcome.isRight(answers, refusals[0], refusals[1]))
                    .as("answers %s, refused %s", answers, Arrays.toString(refusals))
                    .isTrue();
            Borrowing.close(registry);
            assertThat(drivers).as("connections that nobody closed").allMatch(driver -> driver.open() == 0);
        }
        databases.forEach(Database::close);
    }

    /** One change of the name. */
    private interface Change {
        Mono<?> in(ReactiveConnectionRegistry registry, List<CountingFactory> drivers);
    }

    private static Change replaceBy(int tag) {
        return (registry, drivers) -> registry.replace(definition(drivers.get(tag)));
    }

    private static final Change UNREGISTER = (registry, drivers) -> registry.unregister("orders");
    private static final Change REGISTER =
            (registry, drivers) -> Mono.fromRunnable(() -> registry.register(definition(drivers.get(1))));

    private static boolean isUnknown(@Nullable Throwable refusal) {
        return refusal instanceof UnknownConnectionException;
    }

    @Test
    void afterAReplaceAndAnUnregisterTheNameIsGone() {
        meet(
                replaceBy(1),
                UNREGISTER,
                (answers, replace, unregister) ->
                        answers == null && unregister == null && (replace == null || isUnknown(replace)));
    }

    @Test
    void ofTwoReplacementsOneIsTheLast() {
        meet(
                replaceBy(1),
                replaceBy(2),
                (answers, one, other) ->
                        one == null && other == null && !Integer.valueOf(0).equals(answers));
    }

    @Test
    void ofTwoUnregistrationsOneFindsTheName() {
        meet(
                UNREGISTER,
                UNREGISTER,
                (answers, one, other) ->
                        answers == null && (one == null ? isUnknown(other) : isUnknown(one) && other == null));
    }

    @Test
    void aRegistrationEitherComesAfterTheUnregistrationOrIsRefused() {
        meet(
                REGISTER,
                UNREGISTER,
                (answers, register, unregister) -> unregister == null
                        && (answers == null
                                ? register instanceof DuplicateConnectionException
                                : register == null && answers.equals(1)));
    }

    @Test
    void aRegistrationOfWhatIsAbsentSaysWhetherItWon() {
        Change registerIfAbsent =
                (registry, drivers) -> Mono.fromSupplier(() -> registry.registerIfAbsent(definition(drivers.get(1))))
                        .filter(won -> won)
                        .switchIfEmpty(Mono.error(() -> new IllegalStateException("it was there")));
        meet(
                registerIfAbsent,
                UNREGISTER,
                (answers, register, unregister) -> unregister == null
                        && (register == null ? Integer.valueOf(1).equals(answers) : answers == null));
    }

    @Test
    void aReplacementIsNotUndoneByARecreationNorByADisposalOfAll() {
        Outcome replaced = (answers, replace, closed) ->
                replace == null && closed == null && Integer.valueOf(1).equals(answers);
        meet(replaceBy(1), (registry, drivers) -> registry.recreate("orders"), replaced);
        meet(replaceBy(1), (registry, drivers) -> registry.disposeAll(), replaced);
    }

    @Test
    void aDisposalOfANameThatGoesOpensNothing() {
        meet(
                (registry, drivers) -> registry.dispose("orders"),
                UNREGISTER,
                (answers, dispose, unregister) ->
                        answers == null && unregister == null && (dispose == null || isUnknown(dispose)));
    }
}
