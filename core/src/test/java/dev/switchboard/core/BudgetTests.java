package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A budget on a server that has no connection more than the cap: one too many, and somebody is refused by it. */
@Tag("once")
@ParameterizedClass
@EnumSource(
        value = Product.class,
        names = {"POSTGRESQL", "MARIADB"})
class BudgetTests {

    private static final int CAP = 10;
    private static final int NAMES = 60;

    private static DatabaseServer server;
    private static Database database;

    @Parameter
    Product product;

    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        // What is beyond the cap is reserved for the administrator, who counts.
        server = product == Product.POSTGRESQL
                ? Databases.startServer(product, "max_connections=" + (CAP + 3), "superuser_reserved_connections=3")
                : Databases.startServer(product, "max_connections=" + CAP);
        database = server.createDatabase();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        server.close();
    }

    @AfterEach
    void nothingIsLeft() {
        registry.close().block(Borrowing.PATIENCE);
        assertThat(registry.budget().total().open()).as("permits").isZero();
        PoolCounts counts = registry.budget().total().counts();
        assertThat(counts).isEqualTo(new PoolCounts(0, 0, 0, 0, counts.max()));
        Waiting.until("no session", () -> sessions() == 0);
    }

    private static int sessions() {
        return server.query(
                        server.product() == Product.POSTGRESQL
                                ? "SELECT pid FROM pg_stat_activity WHERE datname = '" + database.name() + "'"
                                : "SELECT id FROM information_schema.processlist WHERE db = '" + database.name() + "'")
                .size();
    }

    private void budget(UnaryOperator<ConnectionBudget.Builder> caps) {
        ConnectionBudget budget = caps.apply(
                        ConnectionBudget.builder().controlPermits(0).reserve(0))
                .build();
        registry = ReactiveConnectionRegistry.create(
                RegistryOptions.builder().budget(budget).build());
    }

    private void register(String... names) {
        for (String name : names) {
            registry.register(definition(name));
        }
    }

    private static ConnectionDefinition definition(String name) {
        return ConnectionDefinition.of(name, database.url())
                .withPool(pool -> pool.maxSize(4).acquireTimeout(Duration.ofSeconds(30)));
    }

    private BudgetStatus name(String name) {
        return registry.budget().names().stream()
                .filter(status -> status.scope().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private BudgetStatus host() {
        return registry.budget().hosts().get(0);
    }

    @Test
    void sixtyNamesShareTenConnectionsAndNobodyIsRefused() {
        budget(caps -> caps.perHost(CAP).controlPermits(1).reserve(1));
        for (int i = 0; i < NAMES; i++) {
            register("shard" + i);
        }
        Random random = new Random(20_261_125);
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        int queries = TestSize.of(150, 100_000);
        AtomicInteger seen = new AtomicInteger();
        Sinks.Empty<Void> over = Sinks.empty();
        Mono<Void> counting = serverCounts(seen, over);
        counting.subscribe(null, failure -> {});
        Flux.range(0, queries)
                .flatMap(
                        i -> {
                            String name = "shard" + (int) (NAMES * Math.pow(random.nextDouble(), 3));
                            Mono<Object> query = Borrowing.query(registry, name, "SELECT 1")
                                    .doOnNext(one -> answered.incrementAndGet());
                            most.accumulateAndGet(registry.budget().total().open(), Math::max);
                            return random.nextInt(4) == 0
                                    ? query.takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(5_000_000))))
                                    : query;
                        },
                        100)
                .blockLast(Duration.ofMinutes(TestSize.of(1, 30)));
        over.tryEmitEmpty();
        counting.block(Borrowing.PATIENCE);
        registry.quiescent().block(Borrowing.PATIENCE);
        BudgetStatus host = host();
        System.out.printf(
                "%s: %d answers, at most %d connections, %d as the server counts, %s; %d reclaimed%n",
                product, answered.get(), most.get(), seen.get(), highWaterMark(), host.reclaimed());
        assertThat(seen.get()).as("as the server counts").isBetween(CAP / 2, CAP);
        assertThat(answered.get()).isGreaterThan(queries / 2);
        assertThat(most.get()).isBetween(CAP / 2, CAP);
        assertThat(host.reclaimed()).isPositive();
        assertThat(host.counts()).isEqualTo(new PoolCounts(0, host.open(), 0, 0, CAP));
    }

    /** Asks the server again and again how many of its sessions are ours, until it is over. */
    private static Mono<Void> serverCounts(AtomicInteger most, Sinks.Empty<Void> over) {
        return Mono.fromRunnable(() -> most.accumulateAndGet(sessions(), Math::max))
                .subscribeOn(Schedulers.boundedElastic())
                .repeat(() -> !over.scanOrDefault(Scannable.Attr.TERMINATED, false))
                .then()
                .cache();
    }

    /** What MariaDB has counted since it started, with the administrator, those still leaving, and those it refused. */
    private String highWaterMark() {
        if (product == Product.POSTGRESQL) {
            return "which keeps no high-water mark";
        }
        List<List<String>> counts = server.query(
                "SHOW GLOBAL STATUS WHERE Variable_name IN ('Max_used_connections', 'Connection_errors_max_connections')");
        int mark = counts.stream()
                .filter(count -> count.get(0).startsWith("Max_used"))
                .mapToInt(count -> Integer.parseInt(count.get(1)))
                .findFirst()
                .orElseThrow();
        assertThat(mark).as("high-water mark").isGreaterThanOrEqualTo(CAP / 2);
        return counts.toString();
    }

    @Test
    void connectionsOpenedAheadMakeRoomForBorrowersAndStayAway() {
        budget(caps -> caps.perHost(2));
        registry.register(definition("ready").withPool(pool -> pool.minIdle(2)));
        register("other");
        registry.initialize("ready").block(Borrowing.PATIENCE);
        assertThat(host().counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 2));
        Connection held = Borrowing.borrowed(registry, "other");
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(host().counts()).isEqualTo(new PoolCounts(1, 1, 0, 0, 2));
        Borrowing.close(held);
        Borrowing.query(registry, "ready", "SELECT 1").block(Borrowing.PATIENCE);
        assertThat(host().open()).isEqualTo(2);
    }

    @Test
    void aLowerCapClosesTheIdleAtOnceAndTheRestWhenTheyComeBack() {
        budget(caps -> caps.perHost(8));
        register("a", "b", "c");
        List<Connection> held = new ArrayList<>();
        for (String name : List.of("a", "a", "b", "b", "c", "c")) {
            held.add(Borrowing.borrowed(registry, name));
        }
        Borrowing.close(held.remove(5));
        Borrowing.close(held.remove(4));
        assertThat(host().counts()).isEqualTo(new PoolCounts(4, 2, 0, 0, 8));
        registry.budget().limit(registry.budget().limits().mutate().perHost(2).build());
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(host().counts()).isEqualTo(new PoolCounts(4, 0, 0, 0, 2));
        Borrowing.close(held.remove(3));
        Borrowing.close(held.remove(2));
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(host().open()).isEqualTo(2);
        Borrowing.close(held);
        assertThat(host().counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 2));
        Waiting.until("two sessions", () -> sessions() == 2);
    }

    @Test
    void theLeastRecentlyUsedIdleConnectionMakesRoom() {
        budget(caps -> caps.perHost(3));
        register("a", "b", "c", "d", "e");
        for (String name : List.of("a", "b", "c", "a", "d", "e")) {
            Borrowing.query(registry, name, "SELECT 1").block(Borrowing.PATIENCE);
        }
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(List.of("a", "b", "c", "d", "e"))
                .extracting(name -> name(name).counts().idle())
                .containsExactly(1, 0, 0, 1, 1);
        assertThat(List.of("a", "b", "c", "d", "e"))
                .extracting(name -> name(name).reclaimed())
                .containsExactly(0L, 1L, 1L, 0L, 0L);
        assertThat(host().reclaimed()).isEqualTo(2);
    }

    @Test
    void whoWaitsAtTheCapIsServedByTheConnectionOfAnotherName() {
        budget(caps -> caps.perHost(1));
        register("a", "b");
        Connection held = Borrowing.borrowed(registry, "a");
        Mono<Object> waiting = Borrowing.query(registry, "b", "SELECT 1").cache();
        waiting.subscribe();
        Waiting.until("it waits", () -> host().counts().waiting() == 1);
        Borrowing.close(held);
        assertThat(waiting.block(Borrowing.PATIENCE)).isNotNull();
        assertThat(name("a").reclaimed()).isEqualTo(1);
    }

    @Test
    void aHostThatDoesNotAnswerLeavesTheOthersTheirConnections() {
        budget(caps -> caps.total(8));
        register("alive");
        try (FaultProxy dead = new FaultProxy(server.host(), server.port())) {
            dead.stall();
            String url = database.url().replace(":" + server.port(), ":" + dead.port());
            for (int i = 0; i < 8; i++) {
                registry.register(ConnectionDefinition.of("dead" + i, url)
                        .withPool(pool ->
                                pool.acquireTimeout(Duration.ofSeconds(30)).createTimeout(Duration.ofSeconds(6))));
            }
            List<Mono<Object>> stuck = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                stuck.add(Borrowing.query(registry, "dead" + i, "SELECT 1").cache());
            }
            Flux.merge(Flux.fromIterable(stuck), 8).onErrorComplete().subscribe();
            Waiting.until(
                    "they open what they may",
                    () -> registry.budget().total().counts().waiting() == 6);
            assertThat(registry.budget().total().counts().opening()).isEqualTo(2);
            Flux.range(0, 50)
                    .flatMap(i -> Borrowing.query(registry, "alive", "SELECT 1"), 10)
                    .blockLast(Duration.ofSeconds(5));
            dead.resume();
            Flux.merge(Flux.fromIterable(stuck), 8).blockLast(Borrowing.PATIENCE);
        }
    }

    @Test
    void aBusyConnectionThatIsClosedByForceKeepsItsPlaceUntilTheServerHasStopped() {
        budget(caps -> caps.total(2).controlPermits(1));
        register("other");
        try (FaultProxy proxy = new FaultProxy(server.host(), server.port())) {
            registry.register(definition("busy")
                    .withHost("127.0.0.1")
                    .withPort(proxy.port())
                    .withPool(pool -> pool.resetTimeout(Duration.ofSeconds(20))));
            Connection busy = Borrowing.borrowed(registry, "busy");
            proxy.stall();
            Borrowing.one(busy, "SELECT 2").subscribe(null, failure -> {});
            Mono<Void> gone = registry.connections().invalidate(busy).cache();
            gone.subscribe();
            Mono<Object> waiting =
                    Borrowing.query(registry, "other", "SELECT 1").cache();
            waiting.subscribe(null, failure -> {});
            Waiting.until("it waits", () -> registry.budget().total().counts().waiting() == 1);
            proxy.resume();
            assertThat(waiting.block(Borrowing.PATIENCE)).isNotNull();
            gone.block(Borrowing.PATIENCE);
        }
    }

    @Test
    void aServerThatIsFullForAMomentIsAskedAgain() {
        budget(caps -> caps);
        register("a");
        ReactiveConnectionRegistry others = ReactiveConnectionRegistry.create()
                .register(definition("others").withPool(pool -> pool.maxSize(CAP)));
        List<Connection> all = Objects.requireNonNull(Flux.range(0, CAP)
                .concatMap(i -> Borrowing.borrow(others, "others"))
                .collectList()
                .block(Borrowing.PATIENCE));
        Mono<Object> answer = Borrowing.query(registry, "a", "SELECT 1").cache();
        answer.subscribe();
        Waiting.until("it opens", () -> registry.budget().total().open() == 1);
        Borrowing.close(all);
        Borrowing.close(others);
        assertThat(answer.block(Borrowing.PATIENCE)).isNotNull();
    }

    /** Asks for a second connection while it holds one, and gives both back. */
    private Mono<Object> nested(String outer, String inner) {
        return Mono.usingWhen(
                Borrowing.borrow(registry, outer),
                held -> Borrowing.query(registry, inner, "SELECT 1").contextWrite(HeldConnections.holding(held)),
                Connection::close);
    }

    @Test
    void aChainThatHoldsAConnectionDrawsOnTheReserveAndNeverWaitsForItself() {
        budget(caps -> caps.perHost(3).reserve(1));
        register("a", "b", "c");
        Connection one = Borrowing.borrowed(registry, "a");
        assertThat(nested("b", "c").block(Borrowing.PATIENCE)).isNotNull();
        Connection two = Borrowing.borrowed(registry, "a");
        Mono<Object> second = Borrowing.query(registry, "c", "SELECT 1").contextWrite(HeldConnections.holding(two));
        assertThat(second.block(Borrowing.PATIENCE)).as("out of the reserve").isNotNull();
        Connection reserved = Objects.requireNonNull(Borrowing.borrow(registry, "b")
                .contextWrite(HeldConnections.holding(one))
                .block(Borrowing.PATIENCE));
        StepVerifier.create(second)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(BudgetDeadlockException.class, stuck -> {
                            assertThat(stuck.held()).containsExactly("a");
                            assertThat(stuck.facts()).containsEntry("capMax", 3);
                        }))
                .verify(Duration.ofSeconds(5));
        Borrowing.close(List.of(one, two, reserved));
        assertThat(nested("b", "c").block(Borrowing.PATIENCE)).isNotNull();
    }

    @Test
    void aTimeOutSaysWhichCapWasInTheWay() {
        budget(caps -> caps.perHost(1));
        register("a");
        registry.register(definition("b").withPool(pool -> pool.acquireTimeout(Duration.ofMillis(50))));
        Connection held = Borrowing.borrowed(registry, "a");
        StepVerifier.create(Borrowing.query(registry, "b", "SELECT 1"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(AcquireTimeoutException.class)
                        .hasMessageContaining("A cap was in the way (" + server.host() + ":" + server.port()
                                + " has 1 of 1 connections open: in use 1,"))
                .verify(Duration.ofSeconds(5));
        Borrowing.close(held);
    }

    @Test
    void aStatementIsStoppedByAConnectionInsideTheCap() {
        CountingFactory driver = new CountingFactory(database.url());
        budget(caps -> caps.total(2).controlPermits(1));
        registry.register(ConnectionDefinition.of("busy", driver).withPool(pool -> pool.maxSize(2)));
        for (int i = 0; i < 3; i++) {
            Borrowing.query(
                            registry,
                            "busy",
                            product == Product.POSTGRESQL ? "SELECT pg_sleep(60)" : "SELECT SLEEP(60)")
                    .timeout(Duration.ofMillis(200))
                    .onErrorComplete()
                    .block(Borrowing.PATIENCE);
        }
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(driver.peak()).isBetween(product == Product.POSTGRESQL ? 1 : 2, 2);
        assertThat(registry.budget().total().counts().inUse()).isZero();
    }

    @Test
    void softCapsLetBorrowersGoOnAndAreKeptWhenTheyComeBack() {
        budget(caps -> caps.perHost(2).soft(true));
        register("a", "b", "c", "d");
        List<Connection> held = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "d")) {
            held.add(Borrowing.borrowed(registry, name));
        }
        assertThat(host().counts()).isEqualTo(new PoolCounts(4, 0, 0, 0, 2));
        Borrowing.close(held);
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(host().counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 2));
    }
}
