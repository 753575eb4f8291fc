package dev.switchboard.spring;

import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Spring's client and transaction manager on SQLite, reached in each way, with nothing but this module on the class path. */
@ParameterizedClass(name = "{0}")
@EnumSource
class DatabaseClientTests {

    private static final int MANY = 100_000;

    private final SpringOnSqlite sqlite;

    DatabaseClientTests(Access access) {
        sqlite = new SpringOnSqlite(access);
    }

    @AfterEach
    void close() {
        sqlite.close();
    }

    private Mono<Long> write(int id) {
        return sqlite.client()
                .sql("INSERT INTO note (id, body) VALUES (:id, :body)")
                .bind("id", id)
                .bind("body", "by Spring")
                .fetch()
                .rowsUpdated();
    }

    private static Mono<Long> fail() {
        return Mono.error(new IllegalStateException("planned"));
    }

    @Test
    void rowsAreCreatedReadUpdatedAndDeleted() {
        DatabaseClient client = sqlite.client();
        Mono<Long> update = client.sql("UPDATE note SET body = :body WHERE id = :id AND body <> :body")
                .bind("id", 1)
                .bind("body", "changed")
                .fetch()
                .rowsUpdated();
        Mono<String> read = client.sql("SELECT body FROM note WHERE id IN (:ids)")
                .bind("ids", List.of(1, 7))
                .mapValue(String.class)
                .one();
        Mono<Long> delete =
                client.sql("DELETE FROM note WHERE id = ?1").bind(0, 1).fetch().rowsUpdated();

        StepVerifier.create(Flux.concat(write(1), read, update, read, update, delete, read))
                .expectNext(1L, "by Spring", 1L, "changed", 0L, 1L)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aGeneratedKeyComesBack() {
        Mono<Long> key = sqlite.client()
                .sql("INSERT INTO note (body) VALUES (:body)")
                .bind("body", "keyless")
                .filter(statement -> statement.returnGeneratedValues("id"))
                .mapValue(Long.class)
                .one();

        StepVerifier.create(write(41).then(key))
                .expectNext(42L)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aViolatedConstraintIsSpringsOwnError() {
        StepVerifier.create(write(1).then(write(1)))
                .expectError(DataIntegrityViolationException.class)
                .verify(PATIENCE);
    }

    @Test
    void aTransactionCommitsAndRollsBack() {
        StepVerifier.create(write(1).then(write(2)).as(sqlite.tx()::transactional))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(write(3).then(fail()).as(sqlite.tx()::transactional))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(sqlite.ids()).containsExactly(1, 2);
    }

    @Test
    void aCancelledTransactionRollsBackAndLetsTheNextWriterIn() {
        Sinks.Empty<Void> written = Sinks.empty();
        Mono<Long> endless = write(1).doOnNext(rows -> written.tryEmitEmpty()).then(Mono.never());

        StepVerifier.create(endless.as(sqlite.tx()::transactional))
                .then(() -> written.asMono().block(PATIENCE))
                .thenCancel()
                .verify(PATIENCE);
        StepVerifier.create(write(2)).expectNext(1L).expectComplete().verify(PATIENCE);
        assertThat(sqlite.ids()).containsExactly(2);
    }

    @Test
    void aNestedTransactionIsASavepoint() {
        Mono<Long> inner =
                write(2).then(fail()).as(sqlite.nested()::transactional).onErrorReturn(0L);

        StepVerifier.create(write(1).then(inner).then(write(3)).as(sqlite.tx()::transactional))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(sqlite.ids()).containsExactly(1, 3);
    }

    @Test
    void rowsAreStreamed() {
        sqlite.fill(MANY);
        Flux<Integer> ids = sqlite.client()
                .sql("SELECT id FROM note ORDER BY id")
                .mapValue(Integer.class)
                .all()
                .limitRate(256);

        StepVerifier.create(ids.index()
                        .filter(row -> row.getT1() + 1 == row.getT2())
                        .count())
                .expectNext((long) MANY)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(ids.take(3)).expectNext(1, 2, 3).expectComplete().verify(PATIENCE);
    }
}
