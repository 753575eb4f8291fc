package dev.switchboard.spring;

import org.springframework.data.domain.Pageable;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.relational.core.sql.LockMode;
import org.springframework.data.relational.repository.Lock;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What an application asks for; Spring Data writes the SQL. */
interface NoteRepository extends ReactiveCrudRepository<Note, Integer> {

    Flux<Note> findByBodyStartingWithOrderById(String start, Pageable page);

    @Lock(LockMode.PESSIMISTIC_WRITE)
    Mono<Note> findFirstByBody(String body);

    Mono<Boolean> existsByBody(String body);

    @Query("SELECT id, body FROM note WHERE id > :after ORDER BY id")
    Flux<Note> after(int after);
}
