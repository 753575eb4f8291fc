package dev.switchboard.spring;

import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;

import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.r2dbc.config.AbstractR2dbcConfiguration;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** An application with annotations gets its repositories and transactions on SQLite without naming a dialect. */
class ApplicationTests {

    @ParameterizedTest
    @EnumSource
    void repositoriesAndTransactionsAreWired(Access access) {
        try (SpringOnSqlite sqlite = new SpringOnSqlite(access);
                AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            context.registerBean("sqlite", ConnectionFactory.class, sqlite::factory);
            context.register(Application.class);
            context.refresh();
            Desk desk = context.getBean(Desk.class);

            StepVerifier.create(desk.write("kept"))
                    .expectNext(new Note(1, "kept"))
                    .expectComplete()
                    .verify(PATIENCE);
            StepVerifier.create(desk.writeAndFail("lost"))
                    .expectErrorMessage("planned")
                    .verify(PATIENCE);
            StepVerifier.create(context.getBean(NoteRepository.class).findAll())
                    .expectNext(new Note(1, "kept"))
                    .expectComplete()
                    .verify(PATIENCE);
        }
    }

    /** What an application writes, and nothing more. */
    @Configuration
    @EnableR2dbcRepositories
    @EnableTransactionManagement
    static class Application extends AbstractR2dbcConfiguration {
        private final ConnectionFactory sqlite;

        Application(ConnectionFactory sqlite) {
            this.sqlite = sqlite;
        }

        @Override
        public ConnectionFactory connectionFactory() {
            return sqlite;
        }

        @Bean
        ReactiveTransactionManager transactions() {
            return new R2dbcTransactionManager(sqlite);
        }

        @Bean
        Desk desk(NoteRepository notes) {
            return new Desk(notes);
        }
    }

    /** A service with transactions. */
    static class Desk {
        private final NoteRepository notes;

        Desk(NoteRepository notes) {
            this.notes = notes;
        }

        @Transactional
        public Mono<Note> write(String body) {
            return notes.save(Note.of(body));
        }

        @Transactional
        public Mono<Note> writeAndFail(String body) {
            return notes.save(Note.of(body)).then(Mono.error(new IllegalStateException("planned")));
        }
    }
}
