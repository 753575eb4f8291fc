package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Who forgets a name gets what the directory says from then on, and not what it was about to say. */
class DirectoryForgettingTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Database database = Databases.create(Product.H2);
    private final List<Sinks.One<ConnectionDefinition>> questions = new ArrayList<>();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .directory(this::find, DirectoryOptions.defaults())
            .build());

    private synchronized Mono<ConnectionDefinition> find(String name) {
        Sinks.One<ConnectionDefinition> question = Sinks.one();
        questions.add(question);
        return question.asMono();
    }

    @AfterEach
    void close() {
        Borrowing.close(registry);
        database.close();
    }

    private ConnectionDefinition customer(int size) {
        return ConnectionDefinition.of("acme", database.url()).withPool(pool -> pool.maxSize(size));
    }

    private Mono<Integer> size() {
        return registry.lookup("acme").map(status -> status.counts().max());
    }

    @Test
    void anAnswerFromBeforeIsNotGivenToAnybody() {
        StepVerifier.create(Mono.zip(size(), Mono.defer(() -> {
                    registry.forget("acme").subscribe();
                    return size();
                })))
                .expectSubscription()
                .then(() -> assertThat(questions).as("one before and one after").hasSize(2))
                .then(() -> questions.get(0).tryEmitValue(customer(1)))
                .then(() -> questions.get(1).tryEmitValue(customer(2)))
                .expectNextMatches(both -> both.getT1() == 2 && both.getT2() == 2)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(registry.status("acme").counts().max()).isEqualTo(2);
        assertThat(questions).hasSize(2);
    }

    @Test
    void anAnswerFromBeforeThatComesLastChangesNothing() {
        StepVerifier.create(Mono.zip(size(), Mono.defer(() -> {
                    registry.forget("acme").subscribe();
                    return size();
                })))
                .expectSubscription()
                .then(() -> questions.get(1).tryEmitValue(customer(2)))
                .then(() -> questions.get(0).tryEmitEmpty())
                .expectNextMatches(both -> both.getT1() == 2 && both.getT2() == 2)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(registry.contains("acme")).isTrue();
    }

    @Test
    void thatThereIsNoSuchNameIsNotRememberedFromBefore() {
        StepVerifier.create(size())
                .expectSubscription()
                .then(() -> registry.forget("acme").subscribe())
                .then(() -> questions.get(0).tryEmitEmpty())
                .then(() -> assertThat(questions).as("asked again").hasSize(2))
                .then(() -> questions.get(1).tryEmitValue(customer(3)))
                .expectNext(3)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whoLosesAForgottenSlotOnTheWayLooksForTheNameAgain() {
        RegistryOptions options = RegistryOptions.builder()
                .directory(name -> Mono.just(customer(4)))
                .build();
        RegistryCore core = new RegistryCore(options);
        SlotTable table = new SlotTable(core, options);
        List<ConnectionSlot> seen = new ArrayList<>();
        StepVerifier.create(table.with("acme", slot -> {
                    seen.add(slot);
                    Mono<Void> before = seen.size() == 1 ? table.forget("acme") : Mono.empty();
                    return before.then(Mono.defer(slot::open));
                }))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(seen).hasSize(2).doesNotHaveDuplicates();
        table.close().block(PATIENCE);
    }

    @Test
    void anAnswerThatIsNullIsRefusedInWords() {
        ReactiveConnectionRegistry careless = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .directory(DirectoryForgettingTests::nothing)
                .build());
        StepVerifier.create(careless.lookup("acme"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(InvalidDefinitionException.class)
                        .hasMessageContaining("'acme'")
                        .hasMessageContaining("the connection directory answered with null")
                        .hasMessageContaining("Mono.empty()"))
                .verify(PATIENCE);
        Borrowing.close(careless);
    }

    @SuppressWarnings("NullAway")
    private static Mono<ConnectionDefinition> nothing(String name) {
        return null;
    }
}
