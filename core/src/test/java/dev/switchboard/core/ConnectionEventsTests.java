package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a registry tells about its connections, and that telling it hurts nobody. */
class ConnectionEventsTests {

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
    }

    private void register(Database database) {
        registry.register(definition(database));
    }

    private static ConnectionDefinition definition(Database database) {
        return ConnectionDefinition.of("orders", database.url()).withPool(Borrowing::quick);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void theWholeLifeOfAConnectionIsTold(Product product) throws Exception {
        try (Database database = Databases.create(product)) {
            Heard heard = Heard.of(registry);
            register(database);
            Connection connection = Borrowing.borrowed(registry, "orders");
            ConnectionInfo info = Objects.requireNonNull(registry.connections().info(connection));
            Borrowing.close(connection);
            Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE);
            registry.replace(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.maxSize(3)))
                    .block(Borrowing.PATIENCE);
            registry.unregister("orders").block(Borrowing.PATIENCE);

            List<ConnectionEvent> told = heard.untilClosed(registry);
            assertThat(told)
                    .extracting(ConnectionEvent::type)
                    .containsExactly(
                            "Registered",
                            "PoolOpened",
                            "Created",
                            "Acquired",
                            "Returned",
                            "Acquired",
                            "Returned",
                            "Replaced",
                            "Closed",
                            "PoolClosed",
                            "Unregistered");
            assertThat(told).allMatch(event -> event.name().equals("orders"));
            assertThat(told.stream().map(ConnectionEvent::connection).filter(Objects::nonNull))
                    .hasSize(6)
                    .containsOnly(info.id());
            assertThat(told.stream().filter(event -> event.connection() != null))
                    .allMatch(event -> Objects.requireNonNull(event.duration()).compareTo(Borrowing.PATIENCE) < 0);
            assertThat(told.get(8).reason()).isEqualTo("pool closed");
            assertThat(told).isSortedAccordingTo((one, other) -> one.time().compareTo(other.time()));
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aConnectionKnowsWhichItIs(Product product) {
        try (Database database = Databases.create(product)) {
            registry.register(Borrowing.alike(definition(database)));
            Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
            Connection first = Borrowing.borrowed(registry, "orders");
            ConnectionInfo info = registry.connections().info(first);
            Borrowing.close(first);
            Connection second = Borrowing.borrowed(registry, "orders");
            ConnectionInfo later = registry.connections().info(second);
            Connection other = Borrowing.borrowed(registry, "orders");
            assertThat(info).isNotNull();
            assertThat(later).isNotNull();
            assertThat(info.name()).isEqualTo("orders");
            assertThat(info.uses()).isEqualTo(1);
            assertThat(info.created()).isBetween(before, Instant.now());
            assertThat(later.id()).isEqualTo(info.id());
            assertThat(later.created()).isEqualTo(info.created());
            assertThat(later.uses()).isEqualTo(2);
            assertThat(later.lastUsed()).isAfterOrEqualTo(info.created());
            assertThat(registry.connections().info(other))
                    .extracting(ConnectionInfo::id)
                    .isNotEqualTo(info.id());
            Borrowing.close(List.of(second, other));
        }
    }

    @Test
    void aHandleWithoutAConnectionHasNoIdentityYet() {
        registry.register("orders", "r2dbc:h2:mem:///lazy");
        Connection lazy = Objects.requireNonNull(
                Mono.from(registry.connectionFactory("orders").create()).block(Borrowing.PATIENCE));
        assertThat(registry.connections().info(lazy)).isNull();
        Borrowing.close(lazy);
    }

    @Test
    void nothingIsMadeWhenNobodyListens() {
        RegistryCore core = new RegistryCore(RegistryOptions.defaults());
        Disposable listener = core.events().subscribe();
        assertThat(core.events().areHeard()).isTrue();
        listener.dispose();
        core.tell(time -> {
            throw new AssertionError("made for nobody");
        });
    }

    @Test
    void aListenerThatThrowsHearsOnAndDisturbsNobody() {
        try (Database database = Databases.create(Product.H2)) {
            register(database);
            CountDownLatch heard = new CountDownLatch(3);
            registry.events().onCheckout(event -> {
                heard.countDown();
                throw new IllegalStateException("a bug in a listener");
            });
            for (int i = 0; i < 3; i++) {
                assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE))
                        .hasToString("1");
            }
            StepVerifier.create(Mono.fromCallable(() -> heard.await(20, TimeUnit.SECONDS)))
                    .expectNext(true)
                    .verifyComplete();
        }
    }

    @Test
    void eachConvenienceListenerHearsItsKindUntilItIsDisposed() throws Exception {
        try (Database database = Databases.create(Product.H2)) {
            List<String> heard = new ArrayList<>();
            CountDownLatch closed = new CountDownLatch(1);
            List<Disposable> listening = List.of(
                    registry.events().onConnect(event -> add(heard, "connect")),
                    registry.events().onCheckout(event -> add(heard, "checkout")),
                    registry.events().onCheckin(event -> add(heard, "checkin")),
                    registry.events().onDisconnect(event -> closed.countDown()));
            register(database);
            Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE);
            registry.dispose("orders").block(Borrowing.PATIENCE);
            assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
            listening.forEach(Disposable::dispose);
            assertThat(registry.events().areHeard()).isFalse();
            Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE);
            assertThat(heard).doesNotHaveDuplicates().isSubsetOf("connect", "checkout", "checkin");
        }
    }

    private static void add(List<String> heard, String word) {
        synchronized (heard) {
            heard.add(word);
        }
    }

    /** Emission itself, so that the number of events is small beside a real load and exact. */
    @Test
    void whoFallsBehindLosesEventsWhichAreCountedAndNobodyWaitsForIt() throws Exception {
        int events = 8_000;
        AtomicInteger seen = new AtomicInteger();
        CountDownLatch release = new CountDownLatch(1);
        RegistryCore core = new RegistryCore(RegistryOptions.defaults());
        Mono<Long> slow = core.events().doOnNext(event -> await(release)).count();
        Mono<Long> quick =
                core.events().doOnNext(event -> seen.incrementAndGet()).count();
        CompletableFuture<Long> slowCount = slow.toFuture();
        CompletableFuture<Long> quickCount = quick.toFuture();
        for (int i = 0; i < events; i++) {
            String name = "n" + i;
            core.tell(time -> new ConnectionEvent.Registered(name, time));
            if (i % 1_000 == 0) {
                int told = i + 1;
                Waiting.until("the quick one has caught up", () -> seen.get() == told);
            }
        }
        core.events().end();
        release.countDown();
        long heardBySlow = slowCount.get(20, TimeUnit.SECONDS);
        assertThat(heardBySlow).isBetween(1_024L, events - 1L);
        assertThat(quickCount.get(20, TimeUnit.SECONDS)).isEqualTo(events);
        assertThat(core.events().lost()).isEqualTo(events - heardBySlow);
    }

    private static void await(CountDownLatch release) {
        try {
            release.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whoListensToAClosedRegistryHearsTheEnd() {
        Borrowing.close(registry);
        StepVerifier.create(registry.events()).expectComplete().verify(Borrowing.PATIENCE);
    }

    @Test
    void aFailedValidationIsTold() throws Exception {
        ScriptedDriver driver = new ScriptedDriver("H2").validatesRemotely(Mono.just(false));
        registry.register(ConnectionDefinition.of("orders", driver)
                .withPool(pool -> Borrowing.quick(pool).validateAfterIdle(Duration.ZERO)));
        Heard heard = Heard.of(registry);
        StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                .expectError(ValidationFailedException.class)
                .verify(Borrowing.PATIENCE);
        ConnectionEvent.ValidationFailed failed = heard.first(ConnectionEvent.ValidationFailed.class);
        assertThat(failed.reason()).isEqualTo("no longer valid");
        ConnectionEvent closed = heard.first(event ->
                event instanceof ConnectionEvent.Closed && failed.connection().equals(event.connection()));
        assertThat(closed.reason()).isEqualTo("not validated");
    }

    @Test
    void theLoggerWritesOneLineForEachEventWithoutSecrets() {
        EventLogger logger = new EventLogger();
        UUID id = UUID.randomUUID();
        logger.accept(new ConnectionEvent.Created("orders", id, Instant.EPOCH, Duration.ofMillis(3)));
        assertThat(EventLogger.line(
                        new ConnectionEvent.Closed("or\nders", id, Instant.EPOCH, Duration.ofMillis(1500), "idle")))
                .isEqualTo("Closed 'or\\u000Aders' " + id + " 1500.000 ms: idle");
        assertThat(EventLogger.line(new ConnectionEvent.Registered("orders", Instant.EPOCH)))
                .isEqualTo("Registered 'orders'");
    }
}
