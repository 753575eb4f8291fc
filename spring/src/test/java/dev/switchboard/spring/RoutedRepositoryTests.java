package dev.switchboard.spring;

import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.RoutingConnectionFactory;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.repository.support.R2dbcRepositoryFactory;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One repository over many SQLite files: the chain chooses the file. */
class RoutedRepositoryTests {

    @Test
    void theChainChoosesTheFile() {
        try (Database first = Databases.create(Product.SQLITE);
                Database second = Databases.create(Product.SQLITE)) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                    .register("first", first.url())
                    .register("second", second.url());
            ConnectionFactory view = RoutingConnectionFactory.over(registry).forProduct("SQLite");
            R2dbcEntityTemplate template = new R2dbcEntityTemplate(view);
            NoteRepository notes = new R2dbcRepositoryFactory(template).getRepository(NoteRepository.class);
            TransactionalOperator tx = TransactionalOperator.create(new R2dbcTransactionManager(view));
            Mono<Void> create = template.getDatabaseClient()
                    .sql("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
                    .then();
            Mono<Note> write = notes.save(Note.of("here")).as(tx::transactional);

            StepVerifier.create(Flux.concat(
                            create.then(write).then(notes.count()).contextWrite(usingConnection("first")),
                            create.then(notes.count()).contextWrite(usingConnection("second"))))
                    .expectNext(1L, 0L)
                    .expectComplete()
                    .verify(PATIENCE);
            registry.close().block(PATIENCE);
        }
    }
}
