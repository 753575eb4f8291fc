package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** What is repeated, how often, and what the rows of the table say that no test server can be made to say. */
class TransientRetryTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static Throwable example(FailureClass meaning) {
        return switch (meaning) {
            case RETRYABLE_STATEMENT -> new R2dbcTransientResourceException("busy", "55P03");
            case RETRYABLE_TRANSACTION -> new R2dbcRollbackException("deadlock", "40001", 1213);
            case CONNECTION_DEAD -> new R2dbcNonTransientResourceException("gone", "08006");
            case OUTCOME_UNKNOWN -> new OutcomeUnknownException("orders", new IOException("gone"));
            case WRONG_NODE -> new R2dbcNonTransientResourceException("read-only", "25006");
            case CONSTRAINT -> new R2dbcDataIntegrityViolationException("twice", "23505");
            case PERMISSION -> new R2dbcNonTransientResourceException("no", "42501");
            case BUG -> new R2dbcBadGrammarException("what?", "42601");
            case OTHER -> new ArithmeticException("of the program");
        };
    }

    /** Fails so many times, and then does not. */
    private static Mono<Integer> failing(FailureClass meaning, int times, AtomicInteger attempts) {
        return Mono.defer(
                () -> attempts.incrementAndGet() > times ? Mono.just(attempts.get()) : Mono.error(example(meaning)));
    }

    private static int attempts(FailureClass meaning, Retry retry) {
        AtomicInteger attempts = new AtomicInteger();
        StepVerifier.withVirtualTime(() -> failing(meaning, 9, attempts).retryWhen(retry))
                .thenAwait(Duration.ofMinutes(1))
                .expectErrorSatisfies(failure -> assertThat(failure).hasSameClassAs(example(meaning)))
                .verify(PATIENCE);
        return attempts.get();
    }

    @ParameterizedTest
    @EnumSource
    void onlyWhatCertainlyDidNotHappenIsRepeatedUnlessItDoesNoHarmTwice(FailureClass meaning) {
        assertThat(FailureClass.of(example(meaning))).isEqualTo(meaning);
        boolean passes = meaning == FailureClass.RETRYABLE_STATEMENT || meaning == FailureClass.RETRYABLE_TRANSACTION;
        boolean unknown = meaning == FailureClass.CONNECTION_DEAD || meaning == FailureClass.OUTCOME_UNKNOWN;
        assertThat(attempts(meaning, TransientRetry.retryTransient())).isEqualTo(passes ? 4 : 1);
        assertThat(attempts(meaning, TransientRetry.retryIdempotent())).isEqualTo(passes || unknown ? 4 : 1);
    }

    @Test
    void theSpecificationIsReactorsOwnAndCanBeChanged() {
        AtomicInteger attempts = new AtomicInteger();
        StepVerifier.withVirtualTime(() -> failing(FailureClass.RETRYABLE_TRANSACTION, 5, attempts)
                        .retryWhen(TransientRetry.retryTransient().maxAttempts(5)))
                .thenAwait(Duration.ofMinutes(1))
                .expectNext(6)
                .expectComplete()
                .verify(PATIENCE);
    }

    private static R2dbcException server(String state, int code) {
        return new R2dbcNonTransientResourceException("said by a server", state, code);
    }

    private static CannotConnectException cannotConnect(Throwable cause) {
        return new CannotConnectException("orders", "db01:5432", cause);
    }

    static Stream<Arguments> said() {
        return Stream.of(
                arguments(server("53300", 0), FailureClass.RETRYABLE_STATEMENT),
                arguments(server("08004", 1040), FailureClass.RETRYABLE_STATEMENT),
                arguments(server("42000", 1226), FailureClass.RETRYABLE_STATEMENT),
                arguments(server("57P03", 0), FailureClass.RETRYABLE_STATEMENT),
                arguments(server("40001", 0), FailureClass.RETRYABLE_TRANSACTION),
                arguments(server("40002", 0), FailureClass.CONSTRAINT),
                arguments(server("40003", 0), FailureClass.OUTCOME_UNKNOWN),
                arguments(server("08001", 0), FailureClass.RETRYABLE_STATEMENT),
                arguments(server("08001", 26), FailureClass.BUG),
                arguments(new R2dbcTimeoutException("of the driver"), FailureClass.OUTCOME_UNKNOWN),
                arguments(new R2dbcTimeoutException("of the server", "70100", 1969), FailureClass.RETRYABLE_STATEMENT),
                arguments(new R2dbcTimeoutException("of the server", "HYT00"), FailureClass.RETRYABLE_STATEMENT),
                arguments(cannotConnect(server("3D000", 0)), FailureClass.BUG),
                arguments(
                        cannotConnect(new R2dbcNonTransientResourceException(
                                "in words", "H1000", 9000, server("42000", 1049))),
                        FailureClass.BUG),
                arguments(cannotConnect(server("53300", 0)), FailureClass.RETRYABLE_STATEMENT),
                arguments(cannotConnect(new IOException("refused")), FailureClass.RETRYABLE_STATEMENT),
                arguments(server("08007", 0), FailureClass.OUTCOME_UNKNOWN),
                arguments(server("08S01", 1053), FailureClass.CONNECTION_DEAD),
                arguments(server("70100", 1927), FailureClass.CONNECTION_DEAD),
                arguments(server("25P03", 0), FailureClass.CONNECTION_DEAD),
                arguments(server("HY000", 1290), FailureClass.WRONG_NODE),
                arguments(server("58030", 1290), FailureClass.OTHER),
                arguments(new R2dbcNonTransientResourceException("closed"), FailureClass.CONNECTION_DEAD),
                arguments(new IOException("reset by peer"), FailureClass.CONNECTION_DEAD),
                arguments(new TimeoutException(), FailureClass.OUTCOME_UNKNOWN),
                arguments(new RuntimeException("wrapped", server("40001", 0)), FailureClass.RETRYABLE_TRANSACTION),
                arguments(
                        new WaitingQueueFullException("orders", new PoolCounts(1, 0, 0, 9, 1), 9),
                        FailureClass.RETRYABLE_STATEMENT),
                arguments(new ConnectionDrainingException("orders"), FailureClass.BUG),
                arguments(new ConnectionDrainingException("orders", new IOException()), FailureClass.CONNECTION_DEAD),
                arguments(
                        new UnknownConnectionException(
                                "orders", Stream.<String>empty().toList()),
                        FailureClass.BUG));
    }

    @ParameterizedTest
    @MethodSource
    void said(Throwable failure, FailureClass meaning) {
        assertThat(FailureClass.of(failure)).isEqualTo(meaning);
    }
}
