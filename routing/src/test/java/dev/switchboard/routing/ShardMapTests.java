package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Which shard has a key. */
class ShardMapTests {

    private static @Nullable String shardOf(ShardMap map, Object key) {
        return map.shardOf(ShardKey.of(key)).block();
    }

    private static List<String> names(int shards) {
        return IntStream.rangeClosed(1, shards).mapToObj(i -> "shard" + i).toList();
    }

    // ---- by hash

    /** Other programs compute the same: these values hold for ever. */
    @ParameterizedTest
    @CsvSource({"a, af63dc4c8601ec8c", "foobar, 85944171f73967e8", "'', cbf29ce484222325"})
    void theHashOfATextIsFnv1a(String text, String expected) {
        assertThat(Long.toHexString(ShardHash.fnv(text))).isEqualTo(expected);
    }

    @Test
    void theMixIsTheFinalizerOfSplitMix64() {
        // the first output of SplitMix64 with the seed 0, whose state is then its increment
        assertThat(Long.toHexString(ShardHash.mixed(0x9e3779b97f4a7c15L))).isEqualTo("e220a8397b1dcdaf");
    }

    /** Computed by another program: a change here would look for every key in the wrong place. */
    @ParameterizedTest
    @CsvSource({
        "1, orders02",
        "2, orders04",
        "3, orders01",
        "customer-7, orders02",
        "gr\u00fc\u00dfe, orders02",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8, orders03"
    })
    void aKeyStaysWhereItIs(String key, String shard) {
        assertThat(shardOf(ShardMap.hash("orders01", "orders02", "orders03", "orders04"), key))
                .isEqualTo(shard);
    }

    @Test
    void keysAreSpreadEvenly() {
        ShardMap map = ShardMap.hash(names(10));
        Map<String, Integer> keys = new HashMap<>();
        for (int key = 0; key < 100_000; key++) {
            keys.merge(String.valueOf(shardOf(map, key)), 1, Integer::sum);
        }
        assertThat(keys).hasSize(10);
        assertThat(keys.values()).allSatisfy(count -> assertThat(count).isBetween(9_500, 10_500));
    }

    @Test
    void aShardMoreTakesItsPartAndMovesNoOtherKey() {
        ShardMap ten = ShardMap.hash(names(10));
        ShardMap eleven = ShardMap.hash(names(11));
        int moved = 0;
        for (int key = 0; key < 11_000; key++) {
            String before = shardOf(ten, "customer-" + key);
            String after = shardOf(eleven, "customer-" + key);
            if (!String.valueOf(before).equals(after)) {
                moved++;
                assertThat(after).isEqualTo("shard11");
            }
        }
        assertThat(moved).isBetween(900, 1_100);
    }

    @Test
    void theOrderOfTheNamesAndTheTypeOfANumberDoNotMatter() {
        ShardMap one = ShardMap.hash("a", "b", "c");
        ShardMap other = ShardMap.hash("c", "a", "b");
        for (int key = 0; key < 100; key++) {
            assertThat(shardOf(one, key)).isEqualTo(shardOf(other, (long) key)).isEqualTo(shardOf(one, "" + key));
        }
    }

    // ---- by range

    private static final ShardMap NUMBERS = ShardMap.ranges()
            .from(2_000, "c")
            .below(1_000, "a")
            .between(1_000, 2_000, "b")
            .build();

    @ParameterizedTest
    @CsvSource({"-5, a", "999, a", "1000, b", "1999, b", "2000, c", "9223372036854775807, c"})
    void aRangeIncludesItsLowerBoundAndNotItsUpperOne(long key, String shard) {
        assertThat(shardOf(NUMBERS, key)).isEqualTo(shard);
    }

    @Test
    void textsAreOrderedAsTexts() {
        ShardMap map = ShardMap.ranges()
                .between("a", "n", "first")
                .between("n", "{", "second")
                .build();
        assertThat(shardOf(map, "anna")).isEqualTo("first");
        assertThat(shardOf(map, "norbert")).isEqualTo("second");
        assertThat(shardOf(map, "Norbert"))
                .as("capitals come before small letters")
                .isNull();
        assertThat(shardOf(map, 7)).as("no text").isNull();
        assertThat(map.shards()).containsExactly("first", "second");
    }

    // ---- by list

    @Test
    void aValueGoesWhereItsListSaysAndAllOthersNowhereOrWhereItIsSaid() {
        ShardMap strict =
                ShardMap.list().shard("eu", "de", "fr").shard("us", "us").build();
        assertThat(shardOf(strict, "fr")).isEqualTo("eu");
        assertThat(shardOf(strict, "jp")).isNull();
        ShardMap open =
                ShardMap.list().shard("eu", "de", "fr").otherwise("world").build();
        assertThat(shardOf(open, "jp")).isEqualTo("world");
        assertThat(open.shards()).containsExactly("eu", "world");
    }

    // ---- by function and directory

    @Test
    void aFunctionOfTheProgramDecides() {
        ShardMap map = ShardMap.by(List.of("even", "odd"), key -> (Long) key.value() % 2 == 0 ? "even" : "odd");
        assertThat(shardOf(map, 4)).isEqualTo("even");
        assertThat(shardOf(map, 5)).isEqualTo("odd");
    }

    @Test
    void aDirectoryIsAskedOnceForAllWhoAskMeanwhileAndAgainWhenItsAnswerIsOld() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        AtomicInteger asked = new AtomicInteger();
        Sinks.One<String> answer = Sinks.one();
        ShardDirectory directory = new ShardDirectory(
                key -> Mono.defer(() -> {
                    asked.incrementAndGet();
                    return answer.asMono();
                }),
                10,
                Duration.ofMinutes(1),
                time);
        List<String> heard = new ArrayList<>();
        Mono<String> question = directory.shardOf(ShardKey.of(7));
        question.subscribe().dispose();
        Flux.range(0, 5).flatMap(i -> directory.shardOf(ShardKey.of(7))).subscribe(heard::add);
        answer.tryEmitValue("a");
        assertThat(heard).containsExactly("a", "a", "a", "a", "a");
        assertThat(asked).hasValue(1);
        time.advanceTimeBy(Duration.ofSeconds(59));
        StepVerifier.create(directory.shardOf(ShardKey.of(7))).expectNext("a").verifyComplete();
        assertThat(asked).hasValue(1);
        time.advanceTimeBy(Duration.ofSeconds(2));
        StepVerifier.create(directory.shardOf(ShardKey.of(7))).expectNext("a").verifyComplete();
        assertThat(asked).hasValue(2);
    }

    @Test
    void aDirectoryRemembersNoErrorAndAnUnknownKeyForASecond() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        AtomicInteger asked = new AtomicInteger();
        ShardDirectory directory = new ShardDirectory(
                key -> Mono.defer(
                        () -> asked.incrementAndGet() == 1 ? Mono.error(new IllegalStateException()) : Mono.empty()),
                10,
                Duration.ofMinutes(1),
                time);
        StepVerifier.create(directory.shardOf(ShardKey.of(7))).expectError().verify();
        StepVerifier.create(directory.shardOf(ShardKey.of(7))).verifyComplete();
        StepVerifier.create(directory.shardOf(ShardKey.of(7))).verifyComplete();
        assertThat(asked).hasValue(2);
        time.advanceTimeBy(Duration.ofMillis(1_100));
        StepVerifier.create(directory.shardOf(ShardKey.of(7))).verifyComplete();
        assertThat(asked).hasValue(3);
    }

    // ---- what is refused

    static Stream<Arguments> wrongMaps() {
        return Stream.of(
                wrong(ShardMap::hash, "the map has no shard. Give it one connection name at least."),
                wrong(() -> ShardMap.hash("a", "a"), "the map names the shard 'a' twice. Name each shard once."),
                wrong(() -> ShardMap.ranges().build(), "the map has no shard. Give it one connection name at least."),
                wrong(
                        () -> ShardMap.ranges().below(10, "a").from(20, "b").build(),
                        "no range has the keys between those of 'a' (everything below 10) and of 'b' (from 20). Each range"
                                + " begins where the one before it ends."),
                wrong(
                        () -> ShardMap.ranges()
                                .below(10, "a")
                                .between(5, 20, "b")
                                .build(),
                        "the ranges of 'a' (everything below 10) and 'b' (from 5 below 20) overlap. A key belongs to one shard."),
                wrong(
                        () -> ShardMap.ranges().from(10, "a").from(20, "b").build(),
                        "the ranges of 'a' (from 10) and 'b' (from 20) overlap. A key belongs to one shard."),
                wrong(
                        () -> ShardMap.ranges().between("m", "m", "a"),
                        "no key is from 'm' below 'm'. The first bound of a range is below the second one."),
                wrong(
                        () -> ShardMap.ranges().between(1, "m", "a"),
                        "some bounds of its ranges are numbers and others texts. Use one kind for all."),
                wrong(
                        () -> ShardMap.ranges().below(1, "a").from("m", "b"),
                        "some bounds of its ranges are numbers and others texts. Use one kind for all."),
                wrong(
                        () -> ShardMap.ranges().below(new UUID(0, 7), "a"),
                        "a range has the bound 00000000-0000-0000-0000-000000000007. Bounds are integer numbers or texts: UUIDs"
                                + " have no useful order."));
    }

    static Stream<Arguments> otherWrongMaps() {
        return Stream.of(
                wrong(
                        () -> ShardMap.list().shard("a", "de").shard("b", "de"),
                        "the shard key 'de' is in the lists of 'a' and 'b'. A value belongs to one shard."),
                wrong(
                        () -> ShardMap.list()
                                .shard("a", "de")
                                .otherwise("b")
                                .pinned()
                                .build(),
                        "values are pinned to their shards, and all others were to go to 'b'. List the values of each shard, or"
                                + " leave pinned() out."),
                wrong(
                        () -> ShardMap.directory(List.of("a"), key -> Mono.empty(), 0, Duration.ofSeconds(1)),
                        "a directory was to remember 0 keys for PT1S. Allowed are one key or more, and a time longer than zero."));
    }

    private static Arguments wrong(Supplier<Object> map, String message) {
        return arguments(map, "The shards were not changed: " + message);
    }

    @ParameterizedTest
    @MethodSource({"wrongMaps", "otherWrongMaps"})
    void aMapThatCannotBeMeantIsRefusedInWords(Supplier<Object> map, String message) {
        assertThatThrownBy(map::get)
                .isInstanceOfSatisfying(
                        InvalidShardMapException.class,
                        refused -> assertThat(refused.facts()).containsKey("found"))
                .hasMessage(message);
    }

    @Test
    void whatCannotBeAKeyIsRefusedWithoutItsValue() {
        String next =
                " Allowed: a text of 1 to 1000 characters, an integer number or a UUID. Use one of these, and the same one"
                        + " for everything that belongs together.";
        assertThatThrownBy(() -> ShardKey.of(LocalDate.EPOCH))
                .isInstanceOf(InvalidShardKeyException.class)
                .hasMessage("A shard key was a java.time.LocalDate." + next);
        assertThatThrownBy(() -> ShardKey.of("")).hasMessage("A shard key was a text of 0 characters." + next);
        assertThatThrownBy(() -> ShardKey.of("x".repeat(1_001)))
                .hasMessage("A shard key was a text of 1001 characters." + next);
    }

    @Test
    void aKeyIsShownShortAndWithoutHiddenCharacters() {
        assertThat(ShardKey.of("a\nb" + "x".repeat(500)).toString())
                .startsWith("shard key 'a\\u{A}b")
                .hasSizeLessThan(150);
        assertThat(ShardKey.of((short) 7)).isEqualTo(ShardKey.of(7L)).hasToString("shard key 7");
    }

    @Test
    void aMapShowsItsFirstShards() {
        assertThat(ShardMap.hash(names(12)))
                .hasToString(
                        "ShardMap[12 shards: shard1, shard2, shard3, shard4, shard5, shard6, shard7, shard8, shard9,"
                                + " shard10, ..]");
    }
}
