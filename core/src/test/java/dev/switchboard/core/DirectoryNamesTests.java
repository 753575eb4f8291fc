package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Which names a directory is asked for, and which name an answer must have. */
class DirectoryNamesTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile Mono<ConnectionDefinition> answer = Mono.empty();
    private ReactiveConnectionRegistry registry = registry(options -> options);

    private ReactiveConnectionRegistry registry(UnaryOperator<DirectoryOptions.Builder> change) {
        return ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .directory(
                        name -> {
                            asked.add(name);
                            return answer;
                        },
                        change.apply(DirectoryOptions.builder()).build())
                .build());
    }

    @AfterEach
    void close() {
        Borrowing.close(registry);
    }

    private Mono<Object> query(String name) {
        return Borrowing.query(registry, name, "SELECT 1");
    }

    private void expectUnknown(String name) {
        StepVerifier.create(query(name))
                .expectError(UnknownConnectionException.class)
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "../../etc/passwd",
                "a/b",
                "a'; DROP TABLE customer; --",
                "a\nFAKE LOG LINE",
                "a\u0000b",
                "\u202Eacme",
                "acme\u200B",
                "a%2e%2e",
                "${jndi:ldap://x}",
                ".hidden",
                "-rf",
                "é"
            })
    void aHostileNameNeverReachesTheDirectory(String hostile) {
        StepVerifier.create(query(hostile))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(UnknownConnectionException.class)
                        .satisfies(unknown ->
                                assertThat(unknown.getMessage()).doesNotContain("\n", "\u0000", "\u202E", "\u200B")))
                .verify(PATIENCE);
        assertThat(asked).isEmpty();
    }

    @Test
    void aNameOfEndlessLengthNeverReachesTheDirectoryAndTheProgramSaysWhichNamesMay() {
        expectUnknown("a".repeat(201));
        expectUnknown("kunde:1");
        assertThat(asked).isEmpty();
        registry = registry(options -> options.names(Pattern.compile("kunde:[0-9]+")));
        expectUnknown("acme");
        expectUnknown("kunde:1");
        assertThat(asked).containsExactly("kunde:1");
    }

    @Test
    void anAnswerUnderAnotherNameIsRefusedInWordsAndTheOtherNameIsNotTold() {
        answer = Mono.just(ConnectionDefinition.of("globex", "r2dbc:h2:mem:///globex"));
        StepVerifier.create(query("acme"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(InvalidDefinitionException.class)
                        .hasMessage(
                                "Connection 'acme' cannot be defined: the connection directory answered with a definition"
                                        + " of another name. Allowed: a definition of exactly the name that it was asked for."
                                        + " Let it answer with definition.withName(name)."))
                .verify(PATIENCE);
        assertThat(registry.contains("acme")).isFalse();
    }
}
