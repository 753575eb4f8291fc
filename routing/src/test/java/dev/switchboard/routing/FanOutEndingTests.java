package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

/** How a fan-out ends: who is too slow is left, or its connection would be in use for ever, and an error keeps its kind. */
@Tag("once")
class FanOutEndingTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final CountDownLatch left = new CountDownLatch(1);

    private Flux<Integer> rows() {
        return Flux.deferContextual(
                context -> "slow".equals(RouteHints.from(context).connectionName())
                        ? Flux.concat(Flux.range(1, 3), Flux.<Integer>never()).doOnCancel(left::countDown)
                        : Flux.just(4));
    }

    static Stream<Arguments> waysToAsk() {
        return Stream.of(
                way("merge", FanOut::merge),
                way("partial", FanOut::partial),
                way("ordered", (fanOut, query) -> fanOut.mergeOrdered(query, Comparator.naturalOrder())),
                way("pages", (fanOut, query) -> fanOut.pages(pages(query)).all()));
    }

    private static Keyset<Integer, Integer> pages(Flux<Integer> query) {
        return Keyset.of(row -> row, Comparator.<Integer>naturalOrder(), (after, rows) -> query);
    }

    private static Arguments way(String name, BiFunction<FanOut, Flux<Integer>, Publisher<?>> way) {
        return Arguments.of(name, way);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("waysToAsk")
    void aQueryThatIsLateIsCancelled(String name, BiFunction<FanOut, Flux<Integer>, Publisher<?>> way)
            throws InterruptedException {
        FanOut impatient = FanOut.over("slow", "quick").withTimeout(Duration.ofMillis(200));
        StepVerifier.create(Mono.when(way.apply(impatient, rows())).onErrorComplete(ShardTimeoutException.class))
                .expectComplete()
                .verify(PATIENCE);
        assertThat(left.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shardsThatFailAtTheSameMomentGiveOneErrorOfItsKind() {
        TestPublisher<FromShard<Integer>> one = TestPublisher.create();
        TestPublisher<FromShard<Integer>> two = TestPublisher.create();
        Comparator<Integer> inTheMiddle = (left, right) -> {
            one.error(new IllegalStateException("one"));
            two.error(new IllegalStateException("two"));
            return Integer.compare(left, right);
        };
        StepVerifier.create(OrderedRows.merged(List.of(one.flux(), two.flux()), inTheMiddle, 4)
                        .then())
                .then(() -> one.next(new FromShard<>("s1", 1)))
                .then(() -> two.next(new FromShard<>("s2", 1)))
                .expectError(IllegalStateException.class)
                .verify(PATIENCE);
    }

    @Test
    void anOrderThatSqlDoesNotShareIsRefusedInWords() {
        Keyset<String, String> texts = Keyset.of(text -> text, (after, rows) -> Flux.empty());
        assertThatThrownBy(() -> texts.rowOrder().compare("a", "B"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("String", "Keyset.of(key, order, query)", "COLLATE");
        Keyset<UUID, UUID> ids = Keyset.of(id -> id, (after, rows) -> Flux.empty());
        assertThatThrownBy(() -> ids.rowOrder().compare(new UUID(0, 1), new UUID(0, 2)))
                .hasMessageContaining("UUID");
        assertThat(Keyset.<Integer, Integer>of(id -> id, (after, rows) -> Flux.empty())
                        .rowOrder()
                        .compare(1, 2))
                .isNegative();
    }
}
