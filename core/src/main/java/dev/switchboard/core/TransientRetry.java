package dev.switchboard.core;

import java.time.Duration;
import reactor.util.retry.Retry;
import reactor.util.retry.RetryBackoffSpec;

/**
 * How to repeat what failed for a passing reason, as in {@code work.retryWhen(retryTransient())}. The whole chain above it is
 * subscribed again: put it behind the transaction and not into it. Without a transaction the chain may hold one statement only, with one set
 * of values: of several, those before the one that failed have happened, and would happen again.
 *
 * <p>Three times, after about 50, 100 and 200 ms, each longer or shorter by up to a half so that those who failed together do
 * not come back together; then the last failure passes on as it is. Both are specifications of Reactor's own and can be
 * changed: {@code retryTransient().maxAttempts(5)}.
 */
public final class TransientRetry {

    private static final int ATTEMPTS = 3;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private TransientRetry() {}

    /**
     * {@return repeats what certainly has not happened: {@link FailureClass#mayBeRepeated()}} What is lost with its connection,
     * or was not answered in time, may have happened and passes on.
     */
    public static RetryBackoffSpec retryTransient() {
        return backoff().filter(failure -> FailureClass.of(failure).mayBeRepeated());
    }

    /**
     * {@return repeats what may have happened as well} For work that does no harm when it is done twice, such as a query, or a
     * write that sets what it sets.
     */
    public static RetryBackoffSpec retryIdempotent() {
        return backoff().filter(failure -> {
            FailureClass meaning = FailureClass.of(failure);
            return meaning.mayBeRepeated()
                    || meaning == FailureClass.CONNECTION_DEAD
                    || meaning == FailureClass.OUTCOME_UNKNOWN;
        });
    }

    private static RetryBackoffSpec backoff() {
        return Retry.backoff(ATTEMPTS, FIRST_PAUSE)
                .maxBackoff(LONGEST_PAUSE)
                .jitter(0.5)
                .onRetryExhaustedThrow((spec, last) -> last.failure());
    }
}
