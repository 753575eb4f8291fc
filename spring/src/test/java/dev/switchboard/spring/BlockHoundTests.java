package dev.switchboard.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** The watch over all other tests is awake. */
class BlockHoundTests {

    @Test
    void aPlantedBlockingCallOnAParallelThreadIsCaught() {
        CountDownLatch never = new CountDownLatch(1);
        StepVerifier.create(Mono.fromCallable(() -> {
                            never.await();
                            return 1;
                        })
                        .subscribeOn(Schedulers.parallel()))
                .verifyErrorSatisfies(failure -> assertThat(failure).isInstanceOf(BlockingOperationError.class));
    }
}
