package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.BudgetDeadlockException;
import dev.switchboard.core.HeldConnections;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Several databases in one order, with one connection each: s1 has the notes 1, 4, 7.., s2 has 2, 5, 8.., s3 has 3, 6, 9.. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
@Tag("once")
class OrderedFanOutTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int NOTES = 90;
    private static final List<Integer> ALL =
            IntStream.rangeClosed(1, NOTES).boxed().toList();
    private static final Comparator<Integer> ASCENDING = Comparator.naturalOrder();

    private static Fleet fleet = new Fleet();

    private final SqlClient db = fleet.db();
    private final FanOut everywhere = FanOut.over("s1", "s2", "s3");

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = new Fleet();
        for (int shard = 1; shard <= 3; shard++) {
            fleet.add(product, "s" + shard, 1);
            StringBuilder rows = new StringBuilder();
            for (int id = shard; id <= NOTES; id += 3) {
                rows.append(id == shard ? "" : ", ").append("(").append(id).append(", 'note')");
            }
            fleet.execute("s" + shard, "INSERT INTO note VALUES " + rows);
        }
        fleet.add(product, "broken", 1);
        fleet.execute("broken", "DROP TABLE note");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        Waiting.until("nothing on loan", () -> fleet.inUse() == 0);
        fleet.awaitRest();
    }

    private Flux<Integer> notes() {
        return db.sql("SELECT id FROM note ORDER BY id").map(Integer.class).all();
    }

    private Flux<Integer> page(@Nullable Integer after, int rows) {
        return db.sql("SELECT id FROM note WHERE id > :after ORDER BY id LIMIT :rows")
                .bind("after", after == null ? 0 : after)
                .bind("rows", rows)
                .map(Integer.class)
                .all();
    }

    private final Keyset<Integer, Integer> byId =
            Keyset.<Integer, Integer>of(id -> id, this::page).withPageSize(4);

    @Test
    void rowsComeInOneOrderAndSayWhereTheyAreFrom() {
        for (Flux<FromShard<Integer>> rows : List.of(
                everywhere.mergeOrderedNamed(notes(), ASCENDING),
                everywhere.withPrefetch(1).mergeOrderedNamed(notes(), ASCENDING),
                everywhere.pages(byId).allNamed())) {
            StepVerifier.create(rows.collectList())
                    .assertNext(all -> {
                        assertThat(all).extracting(FromShard::value).isEqualTo(ALL);
                        assertThat(all)
                                .allSatisfy(row ->
                                        assertThat(row.shard()).isEqualTo("s" + (1 + (row.value() - 1) % 3)));
                    })
                    .expectComplete()
                    .verify(PATIENCE);
        }
        StepVerifier.create(FanOut.over(List.of()).mergeOrdered(notes(), ASCENDING))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void rowsThatCompareAsEqualComeInTheOrderOfTheShards() {
        StepVerifier.create(FanOut.over("s3", "s1", "s2")
                        .mergeOrderedNamed(notes(), Comparator.comparing(Integer::signum))
                        .map(FromShard::shard)
                        .distinctUntilChanged()
                        .collectList())
                .expectNext(List.of("s3", "s1", "s2"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whoTakesOneRowLeavesFewBehind() {
        AtomicLong asked = new AtomicLong();
        AtomicInteger came = new AtomicInteger();
        Flux<Integer> counted = notes().doOnRequest(asked::addAndGet).doOnNext(row -> came.incrementAndGet());
        StepVerifier.create(everywhere
                        .withPrefetch(4)
                        .mergeOrdered(counted, ASCENDING)
                        .take(1))
                .expectNext(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked).hasValue(3 * 4);
        assertThat(came).hasValueLessThanOrEqualTo(3 * 4);
        AtomicInteger pages = new AtomicInteger();
        Keyset<Integer, Integer> countedPages = Keyset.<Integer, Integer>of(id -> id, (after, rows) -> {
                    pages.incrementAndGet();
                    return page(after, rows);
                })
                .withPageSize(4);
        StepVerifier.create(everywhere.pages(countedPages).all().take(1))
                .expectNext(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(pages).hasValue(3);
    }

    @Test
    void noMoreIsReadThanTheReaderAsksFor() {
        AtomicLong asked = new AtomicLong();
        AtomicInteger came = new AtomicInteger();
        Flux<Integer> counted = notes().doOnRequest(asked::addAndGet).doOnNext(row -> came.incrementAndGet());
        StepVerifier.create(everywhere.withPrefetch(4).mergeOrdered(counted, ASCENDING), 0)
                .expectSubscription()
                .then(() -> Waiting.until("the first rows", () -> came.get() == 3 * 4))
                .then(() -> assertThat(asked).hasValue(3 * 4))
                .thenRequest(6)
                .expectNext(1, 2, 3, 4, 5, 6)
                .then(() -> assertThat(asked).hasValue(3 * 4))
                .thenRequest(3)
                .expectNext(7, 8, 9)
                .then(() -> assertThat(asked).hasValue(3 * 7))
                .thenRequest(Long.MAX_VALUE)
                .expectNextSequence(ALL.subList(9, NOTES))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aShardThatFailsEndsTheOthers() {
        StepVerifier.create(FanOut.over("s1", "broken", "s2").mergeOrdered(notes(), ASCENDING))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(R2dbcException.class)
                        .satisfies(error -> assertThat(error.getSuppressed())
                                .anySatisfy(where -> assertThat(where).hasMessage("signalled by the shard 'broken'"))))
                .verify(PATIENCE);
        Keyset<Integer, Integer> broken = Keyset.of(id -> id, (after, rows) -> page(after, rows));
        StepVerifier.create(FanOut.over("s1", "broken").pages(broken).page(null, 5))
                .expectError(R2dbcException.class)
                .verify(PATIENCE);
    }

    @Test
    void aShardThatAnswersInAnotherOrderIsNoticed() {
        Flux<Integer> backwards = db.sql("SELECT id FROM note ORDER BY id DESC")
                .map(Integer.class)
                .all();
        StepVerifier.create(everywhere.mergeOrdered(backwards, ASCENDING))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ShardOrderException.class)
                        .hasMessageContaining("a row came behind one that it belongs before"))
                .verify(PATIENCE);
        for (Keyset<Integer, Integer> wrong : List.of(
                Keyset.<Integer, Integer>of(id -> id, (after, rows) -> page(null, rows))
                        .withPageSize(4),
                Keyset.<Integer, Integer>of(id -> id / 12, (after, rows) -> page(after, rows)),
                Keyset.<Integer, Integer>of(id -> -id, (after, rows) -> page(after, rows)))) {
            StepVerifier.create(everywhere.pages(wrong).all().then())
                    .expectError(ShardOrderException.class)
                    .verify(PATIENCE);
        }
    }

    @Test
    void aSlowShardFailsTheMergeAndASlowReaderDoesNot() {
        FanOut impatient = everywhere.withTimeout(Duration.ofMillis(400));
        Flux<Integer> stuck = notes().concatWith(Flux.never());
        StepVerifier.create(impatient.mergeOrdered(stuck, ASCENDING).then())
                .expectError(ShardTimeoutException.class)
                .verify(PATIENCE);
        StepVerifier.create(impatient.withPrefetch(2).mergeOrdered(notes(), ASCENDING), 1)
                .expectNext(1)
                .thenAwait(Duration.ofMillis(900))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(NOTES - 1)
                .expectComplete()
                .verify(PATIENCE);
    }

    /** Each merge needs the only connection of each name, and each chain holds one of them while it asks for another one. */
    @Test
    void mergesOverTheSameNamesAndChainsThatHoldAConnectionDoNotWaitForEachOther() {
        FanOut otherWay = FanOut.over("s3", "s2", "s1");
        int rounds = TestSize.of(4, 200);
        Flux<Integer> merges = Flux.range(0, 4)
                .flatMap(worker -> (worker % 2 == 0 ? everywhere : otherWay)
                        .mergeOrdered(notes(), ASCENDING)
                        .count()
                        .repeat(rounds - 1)
                        .map(Long::intValue));
        Flux<Integer> chains = Flux.range(0, 2)
                .flatMap(worker -> holding("s1", "s" + (2 + worker)).repeat(rounds - 1));
        StepVerifier.create(Flux.merge(merges, chains)
                        .filter(count -> count == NOTES)
                        .count())
                .expectNext(4L * rounds)
                .expectComplete()
                .verify(PATIENCE.multipliedBy(TestSize.of(1, 10)));
    }

    private Mono<Integer> holding(String held, String asked) {
        return Mono.usingWhen(
                fleet.registry().connectionFactory(held).create(),
                connection -> first(connection)
                        .then(notes().next().contextWrite(usingConnection(asked)))
                        .contextWrite(HeldConnections.holding(connection)),
                Connection::close);
    }

    private static Mono<Void> first(Connection connection) {
        return Flux.from(connection.createStatement("SELECT name FROM who").execute())
                .concatMap(result -> result.map((row, metadata) -> "there"))
                .then();
    }

    @Test
    void aMergeInsideOfAHeldConnectionDoesNotWait() {
        StepVerifier.create(Mono.usingWhen(
                        fleet.registry().connectionFactory("s1").create(),
                        connection -> first(connection)
                                .then(FanOut.over("s2", "s3")
                                        .mergeOrdered(notes(), ASCENDING)
                                        .count())
                                .contextWrite(HeldConnections.holding(connection)),
                        Connection::close))
                .expectNext(2L * NOTES / 3)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(Mono.usingWhen(
                        fleet.registry().connectionFactory("s1").create(),
                        connection -> first(connection)
                                .then(everywhere
                                        .mergeOrdered(notes(), ASCENDING)
                                        .count())
                                .contextWrite(HeldConnections.holding(connection)),
                        Connection::close))
                .expectErrorSatisfies(failure -> assertThat(failure).isInstanceOf(BudgetDeadlockException.class))
                .verify(PATIENCE);
    }

    @Test
    void whoLeavesAtAnyMomentLeavesNothingBehind() {
        Random random = new Random(4);
        for (int round = 0; round < TestSize.of(20, 2_000); round++) {
            Duration moment = Duration.ofNanos(random.nextInt(4_000_000));
            Flux<Integer> rows = round % 4 == 0
                    ? everywhere.pages(byId).all()
                    : everywhere.withPrefetch(4).mergeOrdered(notes(), ASCENDING);
            Flux<Integer> left = round % 2 == 0 ? rows.takeUntilOther(Mono.delay(moment)) : rows.take(round % 7);
            StepVerifier.create(Flux.merge(left, rows.skip(NOTES)).then())
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    @Test
    void whoLeavesWhileItWaitsOpensNothing() {
        fleet.registry().disposeAll().block(PATIENCE);
        Mono<Long> bothAside = Flux.interval(Duration.ofMillis(2))
                .filter(tick -> Stream.of("s1", "s2")
                        .allMatch(name -> fleet.registry().status(name).counts().opening() == 1))
                .next();
        StepVerifier.create(Mono.usingWhen(
                        fleet.registry().connectionFactory("s3").create(),
                        connection -> first(connection)
                                .then(FanOut.over("s3", "s1", "s2")
                                        .mergeOrdered(notes(), ASCENDING)
                                        .takeUntilOther(bothAside)
                                        .count()),
                        Connection::close))
                .expectNext(0L)
                .expectComplete()
                .verify(PATIENCE);
        fleet.awaitRest();
        assertThat(fleet.registry().status("s1").counts().idle()).isZero();
        assertThat(fleet.registry().status("s2").counts().idle()).isZero();
    }

    @Test
    void pageAfterPageHasEveryRowOnce() {
        ShardPages<Integer, Integer> pages = everywhere.pages(byId);
        List<Integer> all = new ArrayList<>();
        Integer after = null;
        int count = 0;
        do {
            ShardPage<Integer, Integer> page = pages.page(after, 7).block(PATIENCE);
            all.addAll(page.values());
            after = page.next();
            count++;
        } while (after != null);
        assertThat(all).isEqualTo(ALL);
        assertThat(count).isEqualTo((NOTES + 6) / 7);
        assertThatThrownBy(() -> pages.page(null, 0))
                .hasMessage("A page of 0 rows was asked for. Allowed: one or more.");
        assertThatThrownBy(() -> byId.withPageSize(0))
                .hasMessage("Pages of 0 rows were asked for. Allowed: one or more.");
        assertThatThrownBy(() -> everywhere.withPrefetch(0))
                .hasMessage("A fan-out was to ask 0 rows of each database ahead. Allowed: one or more.");
    }

    /** The same key in several databases: a page ends behind all of them. */
    @Test
    void aPageDoesNotEndBetweenRowsWithOneKey() {
        Keyset<Integer, Integer> byGroup =
                Keyset.of(id -> (id + 2) / 3, (after, rows) -> page(after == null ? null : after * 3, rows));
        ShardPages<Integer, Integer> pages = everywhere.pages(byGroup);
        StepVerifier.create(pages.page(null, 4).flatMap(page -> {
                    assertThat(page.values()).containsExactly(1, 2, 3, 4, 5, 6);
                    assertThat(page.next()).isEqualTo(2);
                    return pages.page(page.next(), NOTES);
                }))
                .assertNext(page -> {
                    assertThat(page.values()).isEqualTo(ALL.subList(6, NOTES));
                    assertThat(page.next()).isNull();
                })
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void pagesAreReadOfNoMoreShardsAtATimeThanSaid() {
        AtomicInteger asking = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Keyset<Integer, Integer> counted = Keyset.<Integer, Integer>of(
                        id -> id,
                        (after, rows) -> Flux.defer(() -> {
                            most.accumulateAndGet(asking.incrementAndGet(), Math::max);
                            return page(after, rows).doOnTerminate(asking::decrementAndGet);
                        }))
                .withPageSize(5);
        StepVerifier.create(everywhere.withConcurrency(1).pages(counted).all().count())
                .expectNext((long) NOTES)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(most).hasValue(1);
    }
}
