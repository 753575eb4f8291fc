package dev.switchboard.core;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A turn that its subscriber gives up at an awkward moment holds up nobody. */
class TurnTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final TurnQueue turns =
            new TurnQueue(VirtualTimeScheduler.create(), ExchangeOptions.defaults(), () -> "orders");

    @Test
    void aTurnThatIsCancelledBeforeItJoinsTheQueueIsNotWaitedFor() {
        Turn cancelled = turns.turn("SELECT 1", false);
        Mono<Void> joins = cancelled.mine();
        cancelled.cancel();
        StepVerifier.create(joins).expectSubscription().thenCancel().verify(PATIENCE);
        StepVerifier.create(turns.turn("SELECT 2", false).mine())
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aTurnThatIsCancelledBehindAnotherOneIsSkipped() {
        Turn first = turns.turn("SELECT 1", false);
        StepVerifier.create(first.mine()).expectComplete().verify(PATIENCE);
        Turn cancelled = turns.turn("SELECT 2", false);
        Mono<Void> joins = cancelled.mine();
        cancelled.cancel();
        StepVerifier.create(joins).expectSubscription().thenCancel().verify(PATIENCE);
        StepVerifier.create(turns.turn("SELECT 3", false).mine())
                .then(first::leave)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void theQueueClosesAlthoughTheLastTurnWasCancelledBeforeItJoined() {
        Turn cancelled = turns.turn("SELECT 1", false);
        Mono<Void> joins = cancelled.mine();
        cancelled.cancel();
        StepVerifier.create(joins).expectSubscription().thenCancel().verify(PATIENCE);
        StepVerifier.create(turns.close(sql -> new IllegalStateException(sql)))
                .expectComplete()
                .verify(PATIENCE);
    }
}
