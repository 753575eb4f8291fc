package dev.switchboard.spring;

import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.TestSize;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.repository.support.R2dbcRepositoryFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Spring Data's repositories on SQLite, reached in each way; nothing names a dialect. */
@ParameterizedClass(name = "{0}")
@EnumSource
class RepositoryTests {

    private static final int MANY = TestSize.of(20_000, 100_000);

    private final SpringOnSqlite sqlite;
    private final NoteRepository notes;

    RepositoryTests(Access access) {
        sqlite = new SpringOnSqlite(access);
        notes = new R2dbcRepositoryFactory(new R2dbcEntityTemplate(sqlite.factory()))
                .getRepository(NoteRepository.class);
    }

    @AfterEach
    void close() {
        sqlite.close();
    }

    private Mono<Note> save(String body) {
        return notes.save(Note.of(body));
    }

    private static Mono<Note> fail() {
        return Mono.error(new IllegalStateException("planned"));
    }

    @Test
    void entitiesAreSavedFoundChangedAndDeleted() {
        Mono<Note> changed = notes.save(new Note(1, "changed"));

        StepVerifier.create(Flux.concat(save("first"), changed, notes.findById(1)))
                .expectNext(new Note(1, "first"), new Note(1, "changed"), new Note(1, "changed"))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(notes.deleteById(1).then(notes.count()))
                .expectNext(0L)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void manyEntitiesGetTheirKeys() {
        Flux<Note> some = Flux.range(1, 10).map(number -> Note.of("note " + number));

        StepVerifier.create(notes.saveAll(some).map(Note::id).collectList())
                .assertNext(ids -> assertThat(ids)
                        .containsExactlyElementsOf(
                                IntStream.rangeClosed(1, 10).boxed().toList()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void derivedQueriesPageExistAndLock() {
        sqlite.fill(30);

        StepVerifier.create(notes.findByBodyStartingWithOrderById("note 1", PageRequest.of(1, 5)))
                .expectNextSequence(IntStream.of(14, 15, 16, 17, 18)
                        .mapToObj(id -> new Note(id, "note " + id))
                        .toList())
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(notes.existsByBody("note 7").concatWith(notes.existsByBody("note 77")))
                .expectNext(true, false)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(notes.findFirstByBody("note 7"))
                .expectNext(new Note(7, "note 7"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aTransactionCommitsAndRollsBack() {
        StepVerifier.create(save("a").then(save("b")).as(sqlite.tx()::transactional))
                .expectNext(new Note(2, "b"))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(save("c").then(fail()).as(sqlite.tx()::transactional))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(sqlite.ids()).containsExactly(1, 2);
    }

    @Test
    void aCancelledTransactionRollsBackAndLetsTheNextWriterIn() {
        Sinks.Empty<Void> written = Sinks.empty();
        Mono<Note> endless = save("a").doOnNext(note -> written.tryEmitEmpty()).then(Mono.never());

        StepVerifier.create(endless.as(sqlite.tx()::transactional))
                .then(() -> written.asMono().block(PATIENCE))
                .thenCancel()
                .verify(PATIENCE);
        StepVerifier.create(save("b").thenMany(notes.findAll()))
                .expectNext(new Note(1, "b"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aNestedTransactionIsASavepoint() {
        Mono<Note> inner =
                save("b").then(fail()).as(sqlite.nested()::transactional).onErrorResume(e -> Mono.empty());

        StepVerifier.create(save("a").then(inner).then(save("c")).as(sqlite.tx()::transactional))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(notes.findAll().map(Note::body))
                .expectNext("a", "c")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void entitiesAreStreamed() {
        sqlite.fill(MANY);
        Flux<Note> all = notes.after(0).limitRate(256);

        StepVerifier.create(all.index()
                        .filter(row ->
                                row.getT2().equals(new Note((int) (row.getT1() + 1), "note " + (row.getT1() + 1))))
                        .count())
                .expectNext((long) MANY)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(all.take(1))
                .expectNext(new Note(1, "note 1"))
                .expectComplete()
                .verify(PATIENCE);
    }
}
