package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Ten minutes in which everything goes wrong at random, and the registry goes on: connections are cut in the middle of results and
 * reset, the network stalls, is slow and refuses, servers are killed and started again, borrowers leave, names are replaced, removed and
 * softly invalidated, caps change. Nobody hangs; in the end no connection, permit, session or pool is left, and the heap is as large
 * as it was.
 */
@Tag("once")
@EnabledIf("isFull")
class FaultSoakTests {

    private static final int NAMES = 12;
    private static final int CHAINS = 24;
    private static final int PER_HOST = 6;

    /** A borrower may wait for this long, then for the time-outs of whatever it does, and never longer. */
    private static final Duration ACQUIRE = Duration.ofSeconds(10);

    private static final Duration LONGEST = Duration.ofSeconds(90);
    private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("switchboard.soak.seconds", 600));

    private final List<DatabaseServer> servers =
            List.of(Databases.startServer(Product.POSTGRESQL), Databases.startServer(Product.MARIADB));
    private final List<Database> databases =
            servers.stream().map(DatabaseServer::createDatabase).toList();
    private final List<FaultProxy> proxies = servers.stream()
            .map(server -> new FaultProxy(server.host(), server.port()))
            .toList();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().perHost(PER_HOST).build())
            .idlePoolTimeout(Duration.ofSeconds(5))
            .build());
    private final Random random = new Random(20_261_128);
    private final Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> faults = new ConcurrentHashMap<>();

    static boolean isFull() {
        return TestSize.isFull();
    }

    @AfterEach
    void close() {
        proxies.forEach(FaultProxy::close);
        servers.forEach(DatabaseServer::close);
    }

    private ConnectionDefinition definition(int number) {
        int server = number % 2;
        String url = databases
                .get(server)
                .url()
                .replace(
                        ":" + servers.get(server).port() + "/",
                        ":" + proxies.get(server).port() + "/");
        return ConnectionDefinition.of("shard" + number, url)
                .withPool(pool -> pool.maxSize(3)
                        .acquireTimeout(ACQUIRE)
                        .createTimeout(Duration.ofSeconds(4))
                        .resetTimeout(Duration.ofSeconds(2))
                        .drainTimeout(Duration.ofSeconds(5))
                        .validateAfterIdle(Duration.ofMillis(200))
                        .minIdle(number == 0 ? 1 : 0));
    }

    @Test
    void tenMinutesOfFaultsLeaveNothingBehind() {
        for (int i = 0; i < NAMES; i++) {
            registry.register(definition(i));
        }
        calmly();
        long before = heap();
        long end = System.nanoTime() + TIME.toNanos();
        Mono<Void> work = Flux.range(0, CHAINS).flatMap(i -> chain(end), CHAINS).then();
        Mono<Void> trouble = Mono.<Void>fromRunnable(() -> trouble(end)).subscribeOn(Schedulers.boundedElastic());
        Mono.when(work, trouble).block(TIME.plus(Duration.ofMinutes(5)));
        everythingIsWellAgain();
        calmly();
        long after = heap();
        System.out.printf("Faults: %s%nOutcomes: %s%n", new TreeMap<>(faults), new TreeMap<>(outcomes));
        System.out.printf(
                "Heap before %d KB, after %d KB; reclaimed %d; threads %d%n",
                before / 1024,
                after / 1024,
                registry.budget().total().reclaimed(),
                ManagementFactory.getThreadMXBean().getThreadCount());
        assertThat(outcomes.keySet()).noneMatch(outcome -> outcome.startsWith("HUNG"));
        assertThat(outcomes.get("answered").sum()).isGreaterThan(1_000);
        assertThat(after - before).as("bytes more on the heap").isLessThan(12L << 20);
        registry.close().block(Borrowing.PATIENCE);
        Waiting.until("every permit is back", () -> registry.budget().total().open() == 0);
        PoolCounts counts = registry.budget().total().counts();
        assertThat(counts).isEqualTo(new PoolCounts(0, 0, 0, 0, counts.max()));
        assertThat(registry.budget().names()).isEmpty();
        Waiting.until("no session is left", () -> sessions() == 0);
        proxies.forEach(proxy -> Waiting.until("no socket is left", () -> proxy.connections() == 0));
    }

    private Mono<Void> chain(long end) {
        return Mono.defer(this::something)
                .repeat(() -> System.nanoTime() - end < 0)
                .then();
    }

    /** One piece of work, which ends in time whatever happens to it. */
    private Mono<Void> something() {
        ThreadLocalRandom chance = ThreadLocalRandom.current();
        String name = "shard" + chance.nextInt(NAMES);
        boolean isPostgresql = Integer.parseInt(name.substring(5)) % 2 == 0;
        int kind = chance.nextInt(10);
        Mono<?> work;
        if (kind < 5) {
            work = Borrowing.query(registry, name, "SELECT 1");
        } else if (kind < 7) {
            work = rows(name, isPostgresql).take(1 + chance.nextInt(200)).count();
        } else if (kind < 9) {
            work = transaction(name);
        } else {
            work = Borrowing.query(registry, name, isPostgresql ? "SELECT pg_sleep(0.2)" : "SELECT SLEEP(0.2)");
        }
        if (chance.nextInt(4) == 0) {
            work = Mono.from(work).takeUntilOther(Mono.delay(Duration.ofMillis(chance.nextInt(300))));
        }
        return work.timeout(LONGEST, Mono.error(() -> new IllegalStateException("HUNG " + name + " at " + kind)))
                .then(Mono.fromRunnable(() -> count(outcomes, "answered")))
                .onErrorResume(failure -> failed(failure))
                .then();
    }

    /** Whoever is told at once that there is nothing waits a little, as a program would. */
    private Mono<Void> failed(Throwable failure) {
        String text = failure instanceof IllegalStateException
                ? failure.getMessage()
                : failure.getClass().getSimpleName();
        count(outcomes, String.valueOf(text));
        return Mono.delay(Duration.ofMillis(20)).then();
    }

    private Flux<Object> rows(String name, boolean isPostgresql) {
        String sql = isPostgresql
                ? "SELECT repeat('x', 200) FROM generate_series(1, 20000)"
                : "SELECT REPEAT('x', 200) FROM seq_1_to_20000";
        return Flux.usingWhen(
                registry.connectionFactory(name).create(),
                connection -> Flux.from(connection.createStatement(sql).execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get(0))),
                connection -> Mono.from(connection.close()));
    }

    private Mono<Object> transaction(String name) {
        return Mono.usingWhen(
                registry.connectionFactory(name).create(),
                connection -> Mono.from(connection.beginTransaction())
                        .then(Borrowing.one(connection, "SELECT 1"))
                        .flatMap(
                                one -> Mono.from(connection.commitTransaction()).thenReturn(one)),
                connection -> Mono.from(connection.close()));
    }

    private static void count(Map<String, LongAdder> counts, String what) {
        counts.computeIfAbsent(what, text -> new LongAdder()).increment();
    }

    /** Blocks its worker: one fault after the other, each healed before the next. */
    private void trouble(long end) {
        while (System.nanoTime() - end < 0) {
            sleep(200 + random.nextInt(800));
            int server = random.nextInt(2);
            FaultProxy proxy = proxies.get(server);
            switch (random.nextInt(11)) {
                case 0 -> fault("cut", proxy::cut);
                case 1 -> fault("reset", proxy::reset);
                case 2 -> fault("cut in the middle of an answer", () -> proxy.cutAfter(random.nextInt(100_000)));
                case 3 -> during("stalled", proxy::stall, proxy::resume, 3_000);
                case 4 ->
                    during("slow", () -> proxy.delay(Duration.ofMillis(50)), () -> proxy.delay(Duration.ZERO), 2_000);
                case 5 -> during("refused", proxy::refuse, proxy::accept, 2_000);
                case 6 -> killed(server);
                case 7 -> fault("replaced", () -> quietly(registry.replace(definition(random.nextInt(NAMES)))));
                case 8 -> removed(random.nextInt(NAMES));
                case 9 ->
                    fault(
                            "softly invalidated",
                            () -> quietly(registry.connections().softInvalidate("shard" + random.nextInt(NAMES))));
                default -> during("caps lowered", () -> perHost(3 + random.nextInt(3)), () -> perHost(PER_HOST), 1_000);
            }
        }
    }

    private void perHost(int cap) {
        registry.budget().limit(ConnectionBudget.builder().perHost(cap).build());
    }

    private void fault(String what, Runnable begins) {
        count(faults, what);
        begins.run();
    }

    private void during(String what, Runnable begins, Runnable ends, int longest) {
        fault(what, begins);
        sleep(random.nextInt(longest));
        ends.run();
    }

    private void killed(int server) {
        during("server killed", servers.get(server)::kill, servers.get(server)::restart, 2_000);
    }

    private void removed(int number) {
        fault("removed", () -> quietly(registry.unregister("shard" + number)));
        registry.register(definition(number));
    }

    private static void quietly(Mono<?> change) {
        change.onErrorComplete().block(Duration.ofMinutes(1));
    }

    private static void sleep(int millis) {
        Mono.delay(Duration.ofMillis(millis)).block();
    }

    private void everythingIsWellAgain() {
        for (int server = 0; server < 2; server++) {
            proxies.get(server).resume();
            proxies.get(server).delay(Duration.ZERO);
            proxies.get(server).accept();
        }
        perHost(PER_HOST);
    }

    /** Every name answers, and then nothing is under way. */
    private void calmly() {
        for (int i = 0; i < NAMES; i++) {
            String name = "shard" + i;
            Borrowing.query(registry, name, "SELECT 1").retry(20).block(Duration.ofMinutes(1));
        }
        registry.quiescent().block(Duration.ofMinutes(1));
        Waiting.until(
                "what was given up is over",
                () -> registry.budget().total().counts().opening() == 0);
        PoolCounts counts = registry.budget().total().counts();
        assertThat(List.of(counts.inUse(), counts.waiting())).containsOnly(0);
    }

    private int sessions() {
        List<String> sessions = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            String database = databases.get(i).name();
            servers.get(i)
                    .query(
                            i == 0
                                    ? "SELECT pid FROM pg_stat_activity WHERE datname = '" + database + "'"
                                    : "SELECT id FROM information_schema.processlist WHERE db = '" + database + "'")
                    .forEach(row -> sessions.add(row.get(0)));
        }
        return sessions.size();
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
            sleep(300);
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
