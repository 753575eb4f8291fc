package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ReactiveConnectionRegistry;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Who takes writes, by what the members of a group say of themselves. */
@Tag("once")
class PrimarySeatTests {

    private static final boolean WRITES = true;
    private static final boolean READS_ONLY = false;

    private final Scheduler timer = Schedulers.parallel();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final ReplicaMember first = new ReplicaMember("first", registry, timer);
    private final ReplicaMember second = new ReplicaMember("second", registry, timer);
    private final ReplicaMember third = new ReplicaMember("third", registry, timer);
    private final PrimarySeat seat = seat(builder -> builder);

    private PrimarySeat seat(UnaryOperator<ReplicaGroup.Builder> settings) {
        ReplicaGroup group = settings.apply(ReplicaGroup.builder("first")
                        .replica("second")
                        .replica("third")
                        .followPrimary())
                .build();
        return new PrimarySeat("orders", group, timer, null);
    }

    private static void mysql(ReplicaMember member, boolean writable) {
        member.answered(new ServerState(writable, false, null), 0, ServerState.Part.REPLICA);
    }

    private static void postgresql(ReplicaMember member, boolean writable, long timeline) {
        member.answered(new ServerState(writable, true, new WalPosition(timeline, 1)), 0, ServerState.Part.REPLICA);
    }

    private static void silent(ReplicaMember member) {
        member.failed(new IllegalStateException("no answer"), true);
    }

    private String after(PrimarySeat reviewed) {
        reviewed.review(List.of(first, second, third));
        return reviewed.name();
    }

    private void writerGets(PrimarySeat reviewed, @Nullable String name) {
        Mono<String> writer = reviewed.forWriter();
        if (name == null) {
            StepVerifier.create(writer).verifyError(NoPrimaryException.class);
        } else {
            StepVerifier.create(writer).expectNext(name).verifyComplete();
        }
    }

    @Test
    void theDeclaredOneStaysWhileItTakesWrites() {
        mysql(first, WRITES);
        mysql(second, READS_ONLY);
        mysql(third, WRITES);
        assertThat(after(seat)).isEqualTo("first");
        writerGets(seat, "first");
    }

    @Test
    void aReplicaThatAnybodyMayWriteToIsNotTakenForThePrimary() {
        mysql(second, WRITES);
        silent(first);
        assertThat(after(seat)).as("the primary does not answer").isEqualTo("first");
        mysql(second, READS_ONLY);
        assertThat(after(seat)).isEqualTo("first");
        mysql(second, WRITES);
        assertThat(after(seat)).as("it was read-only and takes writes now").isEqualTo("second");
        writerGets(seat, "second");
        assertThat(seat.isFenced("first")).isTrue();
    }

    @Test
    void whereThePrimaryOnlyReadsTheOneThatWritesFollowsIt() {
        mysql(first, READS_ONLY);
        mysql(second, WRITES);
        mysql(third, WRITES);
        assertThat(after(seat))
                .as("two that write, and nothing tells them apart")
                .isEqualTo("first");
        writerGets(seat, null);
        assertThat(seat.isFenced("first")).isTrue();
        mysql(third, READS_ONLY);
        assertThat(after(seat)).isEqualTo("second");
    }

    @Test
    void ofTwoThatSayTheyArePrimaryTheOneThatWasPromotedIs() {
        postgresql(first, WRITES, 1);
        postgresql(second, WRITES, 2);
        postgresql(third, READS_ONLY, 2);
        assertThat(after(seat)).isEqualTo("second");
        postgresql(third, WRITES, 1);
        assertThat(after(seat)).as("an old one that comes back").isEqualTo("second");
        silent(second);
        assertThat(after(seat)).as("the promoted one misses a probe").isEqualTo("second");
    }

    @Test
    void aSilentPrimaryGetsItsWritersUnlessTheyAreHeld() {
        silent(first);
        postgresql(second, READS_ONLY, 1);
        assertThat(after(seat)).isEqualTo("first");
        writerGets(seat, "first");
        PrimarySeat holding = seat(builder -> builder.holdWriters(Duration.ofSeconds(20)));
        assertThat(after(holding)).isEqualTo("first");
        StepVerifier.create(holding.forWriter())
                .then(() -> {
                    postgresql(second, WRITES, 2);
                    after(holding);
                })
                .expectNext("second")
                .verifyComplete();
    }

    @Test
    void whoHasTheSeatIsKeptWhenTheGroupIsChanged() {
        mysql(first, READS_ONLY);
        mysql(second, WRITES);
        after(seat);
        ReplicaGroup more = ReplicaGroup.builder("first")
                .replica("second")
                .replica("fourth")
                .followPrimary()
                .build();
        assertThat(new PrimarySeat("orders", more, timer, seat).name()).isEqualTo("second");
        assertThat(new PrimarySeat("orders", ReplicaGroup.of("first", "second"), timer, seat).name())
                .isEqualTo("first");
        ReplicaGroup without = ReplicaGroup.builder("first").followPrimary().build();
        assertThat(new PrimarySeat("orders", without, timer, seat).name()).isEqualTo("first");
    }
}
