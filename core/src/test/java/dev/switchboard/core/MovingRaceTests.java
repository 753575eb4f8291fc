package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Names of one server that take connections from each other from many threads, on fixed seeds, while borrowers leave at any
 * moment, names are replaced, removed and soft-invalidated and the cap is changed. No answer comes from another name's database,
 * there is never a connection too many, each of them belongs to one name at a time, and nothing is left.
 */
@Tag("once")
class MovingRaceTests {

    private static final int WORKERS = 12;
    private static final int STEPS = TestSize.of(120, 20_000);
    private static final int PLACES = 6;
    private static final int CAP = 5;

    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> unexplained = new ConcurrentLinkedQueue<>();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    static List<Product> products() {
        return TestSize.of(1, 3) == 1
                ? List.of(Product.MARIADB)
                : List.of(Product.MARIADB, Product.MYSQL, Product.POSTGRESQL);
    }

    @ParameterizedTest
    @MethodSource("products")
    void everyAnswerIsThatOfItsNameAndNoConnectionIsCountedTwiceOrLost(Product product) throws Exception {
        try (MovingHost host = new MovingHost(product, PLACES)) {
            ReactiveConnectionRegistry registry = host.registry(budget(host, CAP));
            Heard heard = Heard.of(registry);
            Flux.range(0, WORKERS)
                    .flatMap(worker -> work(host, registry, new Random(worker)), WORKERS)
                    .blockLast(Duration.ofMinutes(TestSize.of(2, 60)));
            registry.quiescent().block(Borrowing.PATIENCE);
            BudgetStatus total = registry.budget().total();
            System.out.printf(
                    "%s: %d answers, %d left, at most %d connections, %d moved, %d reclaimed%n",
                    product, answers.get(), left.get(), most.get(), total.moved(), total.reclaimed());
            assertThat(unexplained).isEmpty();
            assertThat(wrong).isEmpty();
            assertThat(answers.get()).isGreaterThan(WORKERS * STEPS / 4);
            assertThat(most.get()).isBetween(2, CAP);
            assertThat(total.moved()).isGreaterThan(STEPS);
            assertThat(total.counts())
                    .isEqualTo(
                            new PoolCounts(0, total.open(), 0, 0, total.counts().max()));
            assertThat(host.sessions()).isLessThanOrEqualTo(total.open());
            for (int place = 0; place < PLACES; place++) {
                assertThat(MovingHost.tag(registry, place).block(Borrowing.PATIENCE))
                        .isEqualTo(place);
            }
            List<ConnectionEvent> told = heard.untilClosed(registry);
            assertThat(registry.budget().total().open()).isZero();
            assertThat(registry.events().lost() > 0 ? List.of() : notWhole(told))
                    .isEmpty();
        }
    }

    private static ConnectionBudget.Builder budget(MovingHost host, int cap) {
        return host.budget()
                .total(cap)
                .openingsPerHost(cap)
                .quantum(2)
                .controlPermits(0)
                .reserve(0);
    }

    private static ConnectionDefinition definition(MovingHost host, int place) {
        return host.definition(place).withPool(pool -> pool.maxSize(3).acquireTimeout(Duration.ofSeconds(20)));
    }

    private Mono<Void> work(MovingHost host, ReactiveConnectionRegistry registry, Random random) {
        return Flux.range(0, STEPS)
                .concatMap(step -> Mono.defer(() -> step(host, registry, random))
                        .onErrorResume(failure -> Mono.fromRunnable(() -> unexplained.add(failure))))
                .then()
                .subscribeOn(Schedulers.parallel());
    }

    private Mono<Void> step(MovingHost host, ReactiveConnectionRegistry registry, Random random) {
        int place = random.nextInt(PLACES);
        int what = random.nextInt(200);
        most.accumulateAndGet(registry.budget().total().open(), Math::max);
        if (what == 0) {
            return registry.replace(definition(host, place));
        }
        if (what == 1) {
            // Nobody asks for the last one meanwhile, so that no query meets a name that is not there.
            return registry.unregister("place" + PLACES)
                    .onErrorComplete()
                    .then(Mono.fromRunnable(
                            () -> registry.register(definition(host, place).withName("place" + PLACES))))
                    .onErrorComplete()
                    .then(Borrowing.query(registry, "place" + PLACES, "SELECT 1"))
                    .onErrorComplete()
                    .then();
        }
        if (what < 4) {
            return registry.connections().softInvalidate("place" + place);
        }
        if (what == 4) {
            return Mono.fromRunnable(() -> registry.budget()
                    .limit(budget(host, 1 + random.nextInt(CAP)).build()));
        }
        if (what == 5) {
            return registry.dispose("place" + place);
        }
        Mono<Void> query = MovingHost.tag(registry, place)
                .doOnNext(tag -> answered(place, tag))
                .then();
        return what < 80
                ? query.doOnCancel(left::incrementAndGet)
                        .takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(3_000_000))))
                : query;
    }

    private void answered(int place, int tag) {
        answers.incrementAndGet();
        if (tag != place) {
            wrong.add("place" + place + " answered " + tag);
        }
    }

    /** Connections that were not created once, closed once, and in one name's hands from the first to the last. */
    private static List<String> notWhole(List<ConnectionEvent> told) {
        Map<UUID, String> whose = new HashMap<>();
        IntStream.range(0, told.size())
                .mapToObj(told::get)
                .filter(event -> event.connection() != null)
                .forEach(event -> whose.merge(event.connection(), letter(event), String::concat));
        return whose.values().stream().filter(life -> !life.matches("C(MI)*X")).toList();
    }

    private static String letter(ConnectionEvent event) {
        return switch (event.type()) {
            case "Created" -> "C";
            case "MovedAway" -> "M";
            case "MovedIn" -> "I";
            case "Closed" -> "X";
            default -> "";
        };
    }
}
