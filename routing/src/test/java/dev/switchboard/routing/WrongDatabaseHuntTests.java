package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionStatus;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import dev.switchboard.routing.HuntSteps.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Many chains at once over many databases of every product: each is answered by the one that its Context names. */
class WrongDatabaseHuntTests {

    private static final long SEED = 42;
    private static final int NAMES_PER_PRODUCT = 10;
    private static final int CHAINS_AT_ONCE = 200;
    private static final int STEPS = 8;

    /** Some of them are done before their moment comes; about 30 of 100 are not. */
    private static final int PERCENT_LEFT_EARLY = 45;

    private static final int ANSWERS = TestSize.of(5_000, 100_000);
    private static final Duration LONGEST = Duration.ofMinutes(TestSize.of(2, 30));
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** As many connections of each name can read at a time; a SQLite file has one more, which writes. */
    private static final int READING = 4;

    private static final Fleet FLEET = new Fleet();
    private static final List<String> NAMES = new ArrayList<>();

    private final Queue<Answer> wrong = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> unexpected = new ConcurrentLinkedQueue<>();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();

    @BeforeAll
    static void fill() {
        for (Product product : Databases.available()) {
            for (int i = 0; i < NAMES_PER_PRODUCT; i++) {
                String name = product.driver() + i;
                NAMES.add(name);
                FLEET.add(product, name, READING + (product == Product.SQLITE ? 1 : 0));
                FLEET.execute(name, "CREATE TABLE landed (id INT PRIMARY KEY, body VARCHAR(100))");
                FLEET.execute(name, "CREATE TABLE many (name VARCHAR(40))");
                String rows = String.join(", ", Collections.nCopies(500, "('" + name + "')"));
                FLEET.execute(name, "INSERT INTO many (name) VALUES " + rows);
            }
        }
    }

    @AfterAll
    static void close() {
        FLEET.close();
    }

    @BeforeEach
    void nothingHasLanded() {
        NAMES.forEach(name -> FLEET.execute(name, "DELETE FROM landed"));
    }

    @Test
    void noChainIsEverAnsweredByAnotherDatabase() {
        HuntSteps steps = new HuntSteps(NAMES, FLEET.routed());
        hunt(steps, 0);
        assertNothingWrong(steps);
        assertThat(unexpected).as("errors that no step expects").isEmpty();
        assertEverythingIsAtRest();
        assertEverySlotIsUsable();
    }

    @Test
    void noChainIsAnsweredByAnotherDatabaseAndNothingIsLostWhenChainsAreCancelledAtAnyMoment() {
        HuntSteps steps = new HuntSteps(NAMES, FLEET.routed());
        hunt(steps, PERCENT_LEFT_EARLY);
        assertThat(cancelled).as("cancelled chains").hasPositiveValue();
        FLEET.awaitRest();
        assertNothingWrong(steps);
        assertThat(unexpected).as("errors that no step expects").isEmpty();
        assertEverythingIsAtRest();
        assertEverySlotIsUsable();
    }

    @Test
    void theHuntFindsARouterThatForgetsTheContextOnceInFiveTimes() {
        AtomicInteger asked = new AtomicInteger();
        AtomicReference<PartialRoute> before = new AtomicReference<>();
        Router forgetful = (soFar, hints) -> {
            PartialRoute previous = before.getAndSet(soFar);
            return Mono.just(previous != null && asked.incrementAndGet() % 5 == 0 ? previous : soFar);
        };
        HuntSteps steps = new HuntSteps(NAMES, RoutingConnectionFactory.over(FLEET.registry(), forgetful));
        hunt(steps, 0, 5_000);
        assertThat(wrong).as("wrong answers").isNotEmpty();
        assertThat(landed(steps)).as("rows in a wrong database").isNotEmpty();
    }

    @Test
    void theCheckOfTheSlotsFindsAConnectionThatIsNotGivenBack() {
        SwitchboardConnection kept = kept(NAMES.get(0)).block(PATIENCE);
        try {
            assertThatThrownBy(WrongDatabaseHuntTests::assertEverythingIsAtRest)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining(NAMES.get(0));
        } finally {
            assertThat(kept).isNotNull();
            kept.close().block(PATIENCE);
        }
    }

    private void hunt(HuntSteps steps, int percentCancelled) {
        hunt(steps, percentCancelled, ANSWERS);
    }

    private void hunt(HuntSteps steps, int percentCancelled, int wanted) {
        long started = System.nanoTime();
        AtomicInteger chains = new AtomicInteger();
        Flux.range(0, Integer.MAX_VALUE)
                .takeWhile(number -> answers.get() < wanted)
                .doOnNext(number -> chains.incrementAndGet())
                .flatMap(
                        number -> chain(steps, new Random(SEED + number), percentCancelled)
                                .subscribeOn(Schedulers.parallel()),
                        CHAINS_AT_ONCE)
                .blockLast(LONGEST);
        System.out.printf(
                "Hunt, seed %d: %d names, %d chains, %d cancelled, %d answers, %d wrong, %d unexpected errors, %d ms%n",
                SEED,
                NAMES.size(),
                chains.get(),
                cancelled.get(),
                answers.get(),
                wrong.size(),
                unexpected.size(),
                (System.nanoTime() - started) / 1_000_000);
    }

    private Flux<Answer> chain(HuntSteps steps, Random random, int percentCancelled) {
        boolean isCancelled = random.nextInt(100) < percentCancelled;
        int last = isCancelled ? random.nextInt(STEPS) : STEPS;
        Flux<Answer> whole = Flux.range(0, last).concatMap(i -> checked(steps.next(random)));
        return isCancelled ? whole.concatWith(leftEarly(steps, random)) : whole;
    }

    private Flux<Answer> leftEarly(HuntSteps steps, Random random) {
        Mono<Long> moment =
                Mono.delay(Duration.ofNanos(random.nextInt(20_000_000))).doOnNext(now -> cancelled.incrementAndGet());
        return checked(steps.next(random)).takeUntilOther(moment);
    }

    private Flux<Answer> checked(Flux<Answer> step) {
        return step.doOnNext(answer -> {
                    answers.incrementAndGet();
                    if (answer.isWrong()) {
                        wrong.add(answer);
                    }
                })
                .onErrorResume(failure -> {
                    unexpected.add(failure);
                    return Flux.empty();
                });
    }

    private void assertNothingWrong(HuntSteps steps) {
        assertThat(answers).hasValueGreaterThanOrEqualTo(ANSWERS);
        assertThat(wrong).as("wrong answers of %d", answers.get()).isEmpty();
        assertThat(landed(steps)).as("rows in a wrong database").isEmpty();
    }

    private static List<Answer> landed(HuntSteps steps) {
        List<Answer> found =
                steps.landed().filter(Answer::isWrong).collectList().block(PATIENCE);
        return found == null ? List.of() : found;
    }

    private static void assertEverythingIsAtRest() {
        FLEET.awaitRest();
        for (ConnectionStatus status : FLEET.registry().status()) {
            assertThat(status.counts().inUse()).as(status.name() + " in use").isZero();
            assertThat(status.counts().waiting()).as(status.name() + " waiting").isZero();
            assertThat(status.counts().opening()).as(status.name() + " opening").isZero();
        }
        Databases.available().stream().filter(Product::isServer).forEach(WrongDatabaseHuntTests::awaitNoTransaction);
    }

    /** A server hears of the end of a forced connection a little later than its client. */
    private static void awaitNoTransaction(Product product) {
        String sql = product == Product.POSTGRESQL
                ? "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
                : "SELECT trx_id FROM information_schema.innodb_trx";
        Waiting.until(
                "no session in a transaction on " + product,
                () -> Databases.server(product).query(sql).isEmpty());
    }

    /** As many borrowers at once as a name has slots, each holding its own until the last has been answered. */
    private static void assertEverySlotIsUsable() {
        for (ConnectionStatus status : FLEET.registry().status()) {
            List<SwitchboardConnection> all = Flux.range(0, READING)
                    .flatMap(i -> kept(status.name()))
                    .collectList()
                    .block(PATIENCE);
            assertThat(all).as(status.name()).hasSize(READING);
            Flux.fromIterable(all).flatMap(SwitchboardConnection::close).blockLast(PATIENCE);
        }
        FLEET.awaitRest();
    }

    private static Mono<SwitchboardConnection> kept(String name) {
        return FLEET.routed()
                .create()
                .flatMap(connection -> HuntSteps.plain(connection)
                        .doOnNext(answer -> assertThat(answer).isEqualTo(name))
                        .then(Mono.just(connection)))
                .contextWrite(usingConnection(name));
    }
}
