package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Serial;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class ErrorWatchTests {

    /** Stands for an error of the library: it is in one of its packages, and it has facts. */
    public static final class Refusal extends Exception {

        @Serial
        private static final long serialVersionUID = 1;

        private final transient Map<String, Object> facts;

        Refusal(String message, @Nullable Throwable cause, Map<String, Object> facts) {
            super(message, cause);
            this.facts = facts;
        }

        public Map<String, Object> facts() {
            return facts;
        }
    }

    @Test
    void anErrorThatATestExpectsIsRead() {
        Refusal refusal = new Refusal("refused " + Account.PASSWORD, null, Map.of());
        StepVerifier.create(Flux.error(refusal)).expectError(Refusal.class).verify();
        StepVerifier.create(Flux.just(1)
                        .hide()
                        .flatMap(i -> Mono.<Integer>error(refusal).hide())
                        .onErrorReturn(7))
                .expectNext(7)
                .verifyComplete();
        // Taken here, or they would fail this test.
        assertThat(ErrorWatch.taken()).hasSize(2).allMatch(text -> text.contains("Refusal, in "));
    }

    @Test
    void textFactsCausesAndSuppressedErrorsAreRead() {
        Refusal suppressing = new Refusal("x", null, Map.of());
        suppressing.addSuppressed(new IOException(Account.PASSWORD));
        IOException deep = new IOException("outer", new IOException(Account.PASSWORD));

        assertThat(ErrorWatch.secretIn(new Refusal(Account.PASSWORD, null, Map.of())))
                .isNotNull();
        assertThat(ErrorWatch.secretIn(new Refusal("x", deep, Map.of()))).isNotNull();
        assertThat(ErrorWatch.secretIn(suppressing)).isNotNull();
        assertThat(ErrorWatch.secretIn(new Refusal("x", null, Map.of("user", Account.PASSWORD))))
                .isNotNull();
        assertThat(ErrorWatch.secretIn(new Refusal("x", new IOException("y"), Map.of("user", "app"))))
                .isNull();
    }
}
