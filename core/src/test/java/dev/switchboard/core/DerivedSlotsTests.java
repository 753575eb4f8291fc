package dev.switchboard.core;

import static dev.switchboard.core.ConnectionOverrideTests.override;
import static dev.switchboard.core.Siblings.handle;
import static dev.switchboard.core.Siblings.tag;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.context.Context;

/** The pools of overrides: shared, bounded, closed when idle, gone with their definition. */
@Tag("once")
class DerivedSlotsTests {

    private static final Duration LONG = Borrowing.PATIENCE;
    private static final ConnectionOverride NONE = override(options -> options);

    /** Nobody writes to them. */
    private static final Map<Product, Siblings> SIBLINGS = new EnumMap<>(Product.class);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    private static Siblings siblings(Product product) {
        return SIBLINGS.computeIfAbsent(product, of -> new Siblings(of, 6));
    }

    @AfterAll
    static void dropSiblings() {
        SIBLINGS.values().forEach(Siblings::close);
    }

    @AfterEach
    void closeEverything() {
        Hooks.resetOnErrorDropped();
        Borrowing.close(registry);
        assertThat(registry.status()).isEmpty();
        registry.quiescent().block(LONG);
        SIBLINGS.values().forEach(Siblings::awaitNoSession);
    }

    private List<String> pools() {
        return registry.status().stream().map(ConnectionStatus::name).sorted().toList();
    }

    private String shown(Siblings siblings, int i) {
        return "orders[database=" + siblings.name(i) + "]";
    }

    private Connection borrowed(ConnectionOverride override) {
        Connection connection = handle(registry, override);
        Borrowing.one(connection, "SELECT tag FROM me").block(LONG);
        return connection;
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void anOverrideLeadsToAnotherDatabaseThroughAPoolOfItsOwn(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base());

        assertThat(tag(registry, NONE).block(LONG)).isEqualTo("tag0");
        assertThat(tag(registry, siblings.to(0)).block(LONG)).isEqualTo("tag0");
        assertThat(pools()).containsExactly("orders");
        assertThat(tag(registry, siblings.to(1)).block(LONG)).isEqualTo("tag1");
        assertThat(tag(registry, siblings.to(1)).block(LONG)).isEqualTo("tag1");

        assertThat(pools()).containsExactly("orders", shown(siblings, 1));
        assertThat(registry.names()).containsExactly("orders");
        assertThat(registry.contains(shown(siblings, 1))).isFalse();
        ConnectionStatus derived = registry.status().stream()
                .filter(status -> !status.name().equals("orders"))
                .findFirst()
                .orElseThrow();
        assertThat(derived.counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 2));
        assertThat(derived.product()).isEqualTo(product.productName());
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aDatabaseThatDoesNotExistIsAnErrorAndIsNotMade(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base());
        ConnectionOverride missing = override(options -> options.database("missing_" + siblings.name(0)));

        for (int i = 0; i < 2; i++) {
            StepVerifier.create(tag(registry, missing))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(R2dbcException.class)
                            .isInstanceOf(SwitchboardError.class)
                            .hasMessageContaining("'orders[database=missing_" + siblings.name(0) + "]'"))
                    .verify(LONG);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void theSameOverrideFromManyChainsOpensOnePool(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base());

        List<String> tags = Flux.range(0, 100)
                .flatMap(i -> tag(registry, siblings.to(1)).subscribeOn(Schedulers.parallel()), 100)
                .distinct()
                .collectList()
                .block(LONG);

        assertThat(tags).containsExactly("tag1");
        assertThat(pools()).containsExactly(shown(siblings, 1));
        if (product.isServer()) {
            assertThat(Sessions.in(siblings.database(1))).hasSizeBetween(1, 2);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void poolsAreBoundedAndTheIdleOneThatWasUsedLongestAgoIsClosed(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(2)));

        tag(registry, siblings.to(1)).block(LONG);
        tag(registry, siblings.to(2)).block(LONG);
        tag(registry, siblings.to(1)).block(LONG);
        assertThat(tag(registry, siblings.to(3)).block(LONG)).isEqualTo("tag3");

        assertThat(pools()).containsExactlyInAnyOrder(shown(siblings, 1), shown(siblings, 3));
        if (product.isServer()) {
            Sessions.awaitNone(siblings.database(2));
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aPoolInUseIsNotClosedAndWhoNeedsItsPlaceWaits(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(2)));
        Connection first = borrowed(siblings.to(1));
        Connection second = borrowed(siblings.to(2));

        Mono<String> third = tag(registry, siblings.to(3)).cache();
        StepVerifier.create(third)
                .then(() -> assertThat(pools()).containsExactlyInAnyOrder(shown(siblings, 1), shown(siblings, 2)))
                .then(() -> assertThat(
                                Borrowing.one(first, "SELECT tag FROM me").block(LONG))
                        .isEqualTo("tag1"))
                .then(() -> Borrowing.close(second))
                .expectNext("tag3")
                .verifyComplete();

        assertThat(pools()).containsExactlyInAnyOrder(shown(siblings, 1), shown(siblings, 3));
        assertThat(Borrowing.one(first, "SELECT tag FROM me").block(LONG)).isEqualTo("tag1");
        Borrowing.close(first);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void manyChainsOnFewPlacesNeverMeetTheWrongDatabaseAndLoseNothing(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(2)));
        AtomicInteger most = new AtomicInteger();
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        Hooks.onErrorDropped(dropped::add);

        Long wrong = Flux.range(0, TestSize.of(75, 5_000))
                .flatMap(
                        i -> {
                            int wanted = 1 + (i * 7 + i / 5) % 5;
                            Mono<String> asked = tag(registry, siblings.to(wanted))
                                    .doOnNext(tag -> most.accumulateAndGet(pools().size(), Math::max))
                                    .subscribeOn(Schedulers.parallel());
                            return i % 9 == 0
                                    ? asked.take(Duration.ofMillis(i % 7)).then(Mono.empty())
                                    : asked.filter(tag -> !tag.equals("tag" + wanted));
                        },
                        24)
                .count()
                .block(Duration.ofMinutes(2));

        assertThat(wrong).isZero();
        assertThat(dropped).isEmpty();
        assertThat(most.get()).isBetween(1, 2);
        registry.quiescent().block(LONG);
        Waiting.until(
                "nothing in use",
                () -> registry.status().stream()
                        .allMatch(status ->
                                status.counts().inUse() == 0 && status.counts().waiting() == 0));
        assertThat(tag(registry, siblings.to(5)).block(LONG)).isEqualTo("tag5");
    }

    /** The pool in the middle would destroy the connection twice if it were disposed of within the return of the first. */
    @ParameterizedTest
    @EnumSource(Product.class)
    void aPoolIsClosedOnlyAfterEveryReturnToItHasEnded(Product product) {
        Siblings siblings = siblings(product);
        registry.register(
                siblings.base().withPool(pool -> pool.maxSize(1)).withOverrides(allowed -> allowed.maxPools(1)));
        ConnectionSlot slot = registry.slot("orders");
        Route toFirst = new Route("orders", false, null, siblings.to(1));
        AtomicReference<Lease> held = new AtomicReference<>();
        slot.acquire(toFirst, Context.empty(), lease -> held.compareAndSet(null, lease))
                .block(LONG);
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        Hooks.onErrorDropped(dropped::add);

        StepVerifier.create(slot.acquire(toFirst, Context.empty(), refused -> false)
                        .then(Mono.<String>empty())
                        .mergeWith(tag(registry, siblings.to(2))))
                .then(() -> held.get().release().block(LONG))
                .expectNext("tag2")
                .verifyComplete();

        assertThat(dropped).isEmpty();
        assertThat(pools()).containsExactly(shown(siblings, 2));
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void itFollowsItsDefinition(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base());
        Connection transaction = handle(registry, siblings.to(1));
        Mono.from(transaction.beginTransaction()).block(LONG);
        Borrowing.one(transaction, "SELECT tag FROM me").block(LONG);

        StepVerifier.create(registry.replace(siblings.base().withPool(pool -> pool.maxSize(1))))
                .expectSubscription()
                .then(() ->
                        assertThat(tag(registry, siblings.to(1)).block(LONG)).isEqualTo("tag1"))
                .then(() -> assertThat(registry.status())
                        .singleElement()
                        .satisfies(status -> assertThat(status.counts().max()).isEqualTo(1)))
                .then(() -> Mono.from(transaction.commitTransaction()).block(LONG))
                .then(() -> Borrowing.close(transaction))
                .verifyComplete();

        registry.dispose("orders").block(LONG);
        assertThat(pools()).isEmpty();
        assertThat(tag(registry, siblings.to(2)).block(LONG)).isEqualTo("tag2");
        registry.unregister("orders").block(LONG);
        assertThat(pools()).isEmpty();
        StepVerifier.create(tag(registry, siblings.to(2)))
                .expectError(UnknownConnectionException.class)
                .verify(LONG);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsForAPlaceMovesWithTheDefinition(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(1)));
        Connection first = borrowed(siblings.to(1));

        StepVerifier.create(tag(registry, siblings.to(2)))
                .then(() -> registry.replace(siblings.base()).subscribe())
                .expectNext("tag2")
                .verifyComplete();
        Borrowing.close(first);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsForAPlaceIsToldWhenTheNameGoes(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(1)));
        Connection first = borrowed(siblings.to(1));

        StepVerifier.create(tag(registry, siblings.to(2)))
                .then(() -> registry.unregister("orders").subscribe())
                .expectError(ConnectionDrainingException.class)
                .verify(LONG);
        Borrowing.close(first);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsForAPlaceIsServedInOrder(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(1)));
        Connection first = borrowed(siblings.to(1));
        List<String> served = new CopyOnWriteArrayList<>();
        List<Mono<String>> waiting = List.of(siblings.to(3), siblings.to(2), siblings.to(3)).stream()
                .map(override -> tag(registry, override).doOnNext(served::add))
                .toList();

        StepVerifier.create(Flux.fromIterable(waiting).flatMap(one -> one))
                .then(() -> Borrowing.close(first))
                .expectNextCount(3)
                .verifyComplete();

        assertThat(served).containsExactly("tag3", "tag3", "tag2");
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoNoLongerWaitsTakesNobodysPlace(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base().withOverrides(allowed -> allowed.maxPools(1)));
        Connection first = borrowed(siblings.to(1));

        StepVerifier.create(tag(registry, siblings.to(2))).thenCancel().verify();
        Borrowing.close(first);
        registry.quiescent().block(LONG);

        assertThat(pools()).containsExactly(shown(siblings, 1));
        assertThat(tag(registry, siblings.to(3)).block(LONG)).isEqualTo("tag3");
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsTooLongIsToldThatAllPlacesAreInUse(Product product) {
        Siblings siblings = siblings(product);
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry timed = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        timed.register(siblings.base().withOverrides(allowed -> allowed.maxPools(1)));
        Connection first = handle(timed, siblings.to(1));
        Borrowing.one(first, "SELECT tag FROM me").block(LONG);

        StepVerifier.create(tag(timed, siblings.to(2)))
                .then(() -> time.advanceTimeBy(Duration.ofSeconds(10)))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(OverridePoolsBusyException.class)
                        .hasMessage("Connection 'orders': no pool for the override [database=" + siblings.name(2)
                                + "] could be opened within 10 s, since all 1 pools for overrides were in use. Hold"
                                + " connections for a shorter time, or raise maxPools with withOverrides(..) of its"
                                + " definition."))
                .verify(LONG);
        Borrowing.close(first);
        assertThat(tag(timed, siblings.to(2)).block(LONG)).isEqualTo("tag2");
        Borrowing.close(timed);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsTooLongInAPoolIsToldWhichOne(Product product) {
        Siblings siblings = siblings(product);
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ReactiveConnectionRegistry timed = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().timer(time).build());
        timed.register(siblings.base().withPool(pool -> pool.maxSize(1)));
        Connection first = handle(timed, siblings.to(1));
        Borrowing.one(first, "SELECT tag FROM me").block(LONG);

        StepVerifier.create(tag(timed, siblings.to(1)))
                .then(() -> time.advanceTimeBy(Duration.ofSeconds(10)))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(AcquireTimeoutException.class)
                        .hasMessageStartingWith("Connection '" + shown(siblings, 1) + "': no connection became free"))
                .verify(LONG);
        Borrowing.close(first);
        Borrowing.close(timed);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aHandleTellsTheRegisteredNameAndItsErrorsTheOverrideToo(Product product) {
        Siblings siblings = siblings(product);
        registry.register(siblings.base());
        SwitchboardConnection handle = handle(registry, siblings.to(1));
        Borrowing.one(handle, "SELECT tag FROM me").block(LONG);
        assertThat(handle.connectionName()).isEqualTo("orders");
        assertThat(handle.product().block(LONG)).isEqualTo(product.productName());
        Borrowing.close(handle);

        StepVerifier.create(Borrowing.one(handle, "SELECT tag FROM me"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ConnectionReleasedException.class)
                        .hasMessageStartingWith("Connection '" + shown(siblings, 1) + "': "))
                .verify(LONG);
    }
}
