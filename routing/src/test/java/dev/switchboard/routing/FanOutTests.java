package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.R2dbcException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

/** One query on several databases: s1 has the notes 1, 4, 7.., s2 has 2, 5, 8.., s3 has 3, 6, 9.. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
@Tag("once")
class FanOutTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int NOTES = 30;
    private static final List<Integer> ALL =
            IntStream.rangeClosed(1, NOTES).boxed().toList();

    private static Fleet fleet = new Fleet();

    private final ShardRouter shards =
            ShardRouter.over(fleet.registry()).replace("notes", ShardMap.hash("s1", "s2", "s3"));
    private final SqlClient db = SqlClient.over(RoutingConnectionFactory.over(fleet.registry(), shards));
    private final FanOut everywhere = shards.allowScatter("notes").fanOut("notes");

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "s1", "s2", "s3");
        for (int id : ALL) {
            fleet.execute("s" + (1 + (id - 1) % 3), "INSERT INTO note VALUES (" + id + ", 'note')");
        }
        fleet.add(product, "broken");
        fleet.execute("broken", "DROP TABLE note");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    /** A merge that somebody leaves says so to him first, and to the databases as soon as it has delivered the last row. */
    @AfterEach
    void nothingStaysOnLoan() {
        Waiting.until("nothing on loan", () -> fleet.inUse() == 0);
        fleet.awaitRest();
    }

    private Flux<Integer> notes() {
        return db.sql("SELECT id FROM note ORDER BY id").map(Integer.class).all();
    }

    private Mono<String> who() {
        return db.sql("SELECT name FROM who").map(String.class).one();
    }

    @Test
    void theRowsOfAllShardsComeAsOne() {
        StepVerifier.create(everywhere.merge(notes()).collectSortedList())
                .expectNext(ALL)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(FanOut.over("s1", "s3", "s1").merge(who().flux()).collectSortedList())
                .expectNext(List.of("s1", "s3"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void eachRowCanSayWhereItIsFrom() {
        StepVerifier.create(everywhere.mergeNamed(notes()).collectList())
                .assertNext(rows -> assertThat(rows)
                        .hasSize(NOTES)
                        .allSatisfy(row -> assertThat(row.shard()).isEqualTo("s" + (1 + (row.value() - 1) % 3))))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aSelectionAsksNobodyElse() {
        StepVerifier.create(shards.fanOut("notes", List.of("s2")).merge(who().flux()))
                .expectNext("s2")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(shards.fanOut("notes", List.of("s2", "s9")).merge(who().flux()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NoShardException.class)
                        .hasMessage("'s9' is no shard of 'notes'. Name shards that its map has."))
                .verify(PATIENCE);
    }

    @Test
    void numbersAreAddedComparedAndAveraged() {
        Mono<Long> count = db.sql("SELECT COUNT(*) FROM note").map(Long.class).one();
        Mono<Integer> least =
                db.sql("SELECT MIN(id) FROM note").map(Integer.class).one();
        Mono<Integer> largest =
                db.sql("SELECT MAX(id) FROM note").map(Integer.class).one();
        Mono<SumAndCount> parts = db.sql("SELECT SUM(id) AS sum, COUNT(*) AS count FROM note WHERE id <> 3")
                .map(SumAndCount.class)
                .one();
        StepVerifier.create(Flux.concat(
                        everywhere.sum(count),
                        everywhere.min(least),
                        everywhere.max(largest),
                        everywhere.average(parts)))
                .expectNext(
                        (long) NOTES,
                        1,
                        NOTES,
                        new BigDecimal(465 - 3).divide(new BigDecimal(29), MathContext.DECIMAL128))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whatIsNotAWholeNumberIsAddedExactlyAndRowsAreCollected() {
        Mono<BigDecimal> tenths = Mono.just(new BigDecimal("0.1"));
        StepVerifier.create(everywhere.sumExactly(tenths))
                .expectNext(new BigDecimal("0.3"))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(everywhere.sumExactly(Mono.just(BigDecimal.valueOf(Long.MAX_VALUE))))
                .expectNext(BigDecimal.valueOf(Long.MAX_VALUE).multiply(BigDecimal.valueOf(3)))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(Flux.concat(
                        everywhere.count(db.sql("SELECT COUNT(*) FROM note")
                                .map(Long.class)
                                .one()),
                        everywhere.collect(notes(), Collectors.summingLong(Integer::longValue)),
                        everywhere.reduce(notes(), Integer::sum).map(Integer::longValue)))
                .expectNext((long) NOTES, 465L, 465L)
                .expectComplete()
                .verify(PATIENCE);
    }

    /** Over no rows SQL says NULL, which is no number: each way around it that the documentation names. */
    @Test
    void aShardWithoutRowsAddsNothing() {
        String some = " FROM note WHERE id IN (1, 4)";
        StepVerifier.create(Flux.concat(
                        everywhere.sum(db.sql("SELECT COALESCE(SUM(id), 0)" + some)
                                .map(Long.class)
                                .one()),
                        everywhere.min(db.sql("SELECT MIN(id)" + some + " HAVING COUNT(*) > 0")
                                .map(Long.class)
                                .one()),
                        everywhere.max(db.sql("SELECT id" + some + " ORDER BY id DESC LIMIT 1")
                                .map(Long.class)
                                .one())))
                .expectNext(5L, 1L, 4L)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(everywhere.average(db.sql("SELECT SUM(id) AS sum, COUNT(*) AS count" + some)
                        .map(SumAndCount.class)
                        .one()))
                .expectNext(new BigDecimal("2.5"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whereNoShardHasAnythingThereIsNoSmallestAndNoAverage() {
        Mono<Integer> none =
                db.sql("SELECT id FROM note WHERE id < 0").map(Integer.class).one();
        StepVerifier.create(everywhere.min(none)).expectComplete().verify(PATIENCE);
        StepVerifier.create(everywhere.average(Mono.just(new SumAndCount(null, 0))))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(everywhere.sum(Mono.empty()))
                .expectNext(0L)
                .expectComplete()
                .verify(PATIENCE);
        for (Mono<?> tooMuch : List.of(
                everywhere.sum(Mono.just(Long.MAX_VALUE)),
                everywhere.count(Mono.just(Long.MAX_VALUE)),
                everywhere.average(Mono.just(new SumAndCount(BigDecimal.ONE, Long.MAX_VALUE))))) {
            StepVerifier.create(tooMuch).expectError(ArithmeticException.class).verify(PATIENCE);
        }
        StepVerifier.create(everywhere.sumExactly(Mono.empty()))
                .expectNext(BigDecimal.ZERO)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(everywhere.reduce(Flux.<Integer>empty(), Integer::sum))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void theFirstRowsOfAllAreTheFirstOnes() {
        StepVerifier.create(everywhere.top(notes(), 4, Comparator.reverseOrder()))
                .expectNext(List.of(30, 29, 28, 27))
                .expectComplete()
                .verify(PATIENCE);
        assertThatThrownBy(() -> everywhere.top(notes(), 0, Comparator.<Integer>naturalOrder()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The first 0 rows were asked for. Allowed: one or more.");
    }

    @Test
    void theErrorOfOneIsTheErrorOfAllAndNamesIt() {
        StepVerifier.create(FanOut.over("s1", "broken").merge(notes()).then())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(R2dbcException.class)
                        .satisfies(error -> assertThat(error.getSuppressed())
                                .anySatisfy(where -> assertThat(where).hasMessage("signalled by the shard 'broken'"))))
                .verify(PATIENCE);
    }

    @Test
    void whatCanBeHadIsHadWhereThatIsAskedFor() {
        StepVerifier.create(FanOut.over("s1", "broken", "s2").partial(notes()))
                .assertNext(partial -> {
                    assertThat(partial.isComplete()).isFalse();
                    assertThat(partial.failures()).containsOnlyKeys("broken");
                    assertThat(partial.rows())
                            .hasSize(20)
                            .extracting(FromShard::shard)
                            .containsOnly("s1", "s2");
                })
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(everywhere.partial(notes()))
                .assertNext(all -> assertThat(all.isComplete()).isTrue())
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void itsProgressCanBeWatched() {
        Set<Integer> ended = new HashSet<>();
        StepVerifier.create(FanOut.over("s1", "broken", "s2").observe(notes()).collectList())
                .assertNext(signals -> {
                    for (ShardSignal<Integer> signal : signals) {
                        if (signal instanceof ShardSignal.Completed<Integer> done) {
                            assertThat(done.rows()).isEqualTo(10);
                            assertThat(done.of()).isEqualTo(3);
                            ended.add(done.ended());
                        } else if (signal instanceof ShardSignal.Failed<Integer> failed) {
                            assertThat(failed.shard()).isEqualTo("broken");
                            ended.add(failed.ended());
                        }
                    }
                    assertThat(signals).hasSize(23);
                })
                .expectComplete()
                .verify(PATIENCE);
        assertThat(ended).containsExactlyInAnyOrder(1, 2, 3);
    }

    @Test
    void noMoreThanSoManyAreAskedAtATime() {
        AtomicInteger asking = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Flux<Integer> counted = Flux.defer(() -> {
            most.accumulateAndGet(asking.incrementAndGet(), Math::max);
            return notes().doOnTerminate(asking::decrementAndGet);
        });
        StepVerifier.create(everywhere.withConcurrency(2).merge(counted).count())
                .expectNext((long) NOTES)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(most).hasValueBetween(1, 2);
        assertThatThrownBy(() -> everywhere.withConcurrency(0))
                .hasMessage("A fan-out was to ask 0 databases at a time. Allowed: one or more.");
    }

    @Test
    void aSlowShardFailsAndTheOthersCanBeHad() {
        FanOut impatient = everywhere.withTimeout(Duration.ofMillis(500));
        Flux<String> slow = who().flatMapMany(name -> name.equals("s2") ? Mono.never() : Mono.just(name));
        StepVerifier.create(impatient.partial(slow))
                .assertNext(partial -> {
                    assertThat(partial.rows()).extracting(FromShard::value).containsExactlyInAnyOrder("s1", "s3");
                    assertThat(partial.failures().get("s2"))
                            .isInstanceOf(ShardTimeoutException.class)
                            .hasMessage("The shard 's2' did not answer to the end within 500 ms. Allow it longer with"
                                    + " withTimeout(..) of the fan-out, ask it for less, or take what the others say with"
                                    + " partial(..).");
                })
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(impatient.merge(slow).then())
                .expectError(ShardTimeoutException.class)
                .verify(PATIENCE);
        assertThatThrownBy(() -> everywhere.withTimeout(Duration.ZERO))
                .hasMessage("A fan-out was to wait PT0S for each database. Allowed: longer than zero.");
    }

    @Test
    void whoeverLeavesEarlyLeavesNothingBehind() {
        for (int round = 0; round < 20; round++) {
            StepVerifier.create(everywhere.merge(notes()).take(1))
                    .expectNextCount(1)
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    @Test
    void aFanOutInsideATransactionIsAConflict() {
        StepVerifier.create(db.inTransaction(
                                who().then(everywhere.merge(who().flux()).then()))
                        .contextWrite(usingConnection("s1")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void anUnintendedScatterIsRefused() {
        ShardRouter careful = ShardRouter.over(fleet.registry()).replace("notes", ShardMap.hash("s1", "s2", "s3"));
        StepVerifier.create(careful.fanOut("notes").merge(who().flux()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ScatterRefusedException.class)
                        .hasMessage(
                                "All 3 shards of 'notes' were to be asked, which nobody has allowed. Write usingShardKey(key)"
                                        + " where one shard has the answer, name the shards that have it with fanOut(name, shards), or"
                                        + " allow it once with allowScatter(\"notes\") of the ShardRouter."))
                .verify(PATIENCE);
        StepVerifier.create(careful.fanOut("other").merge(who().flux()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NoShardException.class)
                        .hasMessage(
                                "'other' stands for no shards. Give it some with replace(..) of the ShardRouter, or correct"
                                        + " the name."))
                .verify(PATIENCE);
    }

    @Test
    void aPinnedShardIsReachedByAFanOutToo() {
        shards.replace(
                "regions",
                ShardMap.list().shard("s1", "eu").shard("s2", "us").pinned().build());
        StepVerifier.create(shards.fanOut("regions", List.of("s2")).merge(who().flux()))
                .expectNext("s2")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aNameChosenInsideOfTheQueryIsNotTakenForTheShard() {
        Flux<String> elsewhere = who().flatMapMany(shard -> who().contextWrite(usingConnection("broken")));
        StepVerifier.create(everywhere.merge(elsewhere).distinct())
                .expectNext("broken")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(shards.fanOut("notes", List.of("s1"))
                        .merge(FanOut.over("s2", "s3").merge(who().flux()))
                        .sort())
                .expectNext("s2", "s3")
                .expectComplete()
                .verify(PATIENCE);
    }
}
