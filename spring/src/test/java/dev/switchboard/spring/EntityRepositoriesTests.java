package dev.switchboard.spring;

import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.usingEntity;
import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.RouteConflictException;
import dev.switchboard.routing.Router;
import dev.switchboard.routing.Routing;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import io.r2dbc.spi.ConnectionFactory;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.FilterType;
import org.springframework.data.annotation.Id;
import org.springframework.data.r2dbc.config.AbstractR2dbcConfiguration;
import org.springframework.data.r2dbc.repository.Modifying;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.data.relational.core.mapping.Table;
import org.springframework.data.relational.core.sql.LockMode;
import org.springframework.data.relational.repository.Lock;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Two databases behind one repository: reads see one of them, writes reach the other. */
@Tag("once")
class EntityRepositoriesTests {

    private static final Database READ = Databases.create(Product.SQLITE);
    private static final Database WRITE = Databases.create(Product.SQLITE);
    private static final ReactiveConnectionRegistry REGISTRY = ReactiveConnectionRegistry.create()
            .register("read", READ.url())
            .register("write", WRITE.url())
            .register("labels", WRITE.url());
    private static final RoutingConnectionFactory ROUTED = RoutingConnectionFactory.over(
            REGISTRY,
            Router.byEntity(
                    entities -> entities.entity(Note.class, "read", "write").entity(Label.class, "labels")));
    private static final SqlClient DB = SqlClient.over(RoutingConnectionFactory.over(REGISTRY));
    private static final AnnotationConfigApplicationContext CONTEXT = new AnnotationConfigApplicationContext();

    @Table("label")
    record Label(@Id Integer id) {}

    interface Labels extends ReactiveCrudRepository<Label, Integer> {}

    interface Notes extends ReactiveCrudRepository<Note, Integer> {

        Flux<Note> findByBody(String body);

        Mono<Integer> deleteByBody(String body);

        @Lock(LockMode.PESSIMISTIC_WRITE)
        Mono<Note> findFirstByBody(String body);

        @Query(" SELECT body FROM note ORDER BY id")
        Flux<String> bodies();

        @Transactional
        @Query("SELECT body FROM note ORDER BY id")
        Flux<String> bodiesForWriting();

        @Query("INSERT INTO note (body) VALUES (:body) RETURNING id, body")
        Mono<Note> add(String body);

        @Modifying
        @Query("DELETE FROM note")
        Mono<Integer> clear();

        CompletableFuture<Note> findTop1ByBody(String body);

        default Flux<Note> move(String from) {
            return findByBody(from).concatMap(note -> save(Note.of(note.body())));
        }
    }

    /** What an application writes. */
    @Configuration
    @EnableTransactionManagement
    @EnableR2dbcRepositories(
            considerNestedRepositories = true,
            includeFilters =
                    @ComponentScan.Filter(
                            type = FilterType.ASSIGNABLE_TYPE,
                            classes = {Notes.class, Labels.class}))
    static class Application extends AbstractR2dbcConfiguration {

        @Override
        public ConnectionFactory connectionFactory() {
            return ROUTED.forProduct("SQLite");
        }

        @Bean
        ReactiveTransactionManager transactions() {
            return new R2dbcTransactionManager(connectionFactory());
        }

        @Bean
        static EntityRepositories entityRepositories() {
            return EntityRepositories.create();
        }

        @Bean
        Desk desk(Notes notes, Labels labels) {
            return new Desk(notes, labels);
        }
    }

    /** A service with transactions. */
    static class Desk {
        private final Notes notes;
        private final Labels labels;

        Desk(Notes notes, Labels labels) {
            this.notes = notes;
            this.labels = labels;
        }

        @Transactional
        public Mono<Long> writeAndCount() {
            return notes.save(Note.of("new")).then(notes.count());
        }

        @Transactional
        public Mono<Long> writeAndCountLabels() {
            return notes.save(Note.of("new")).then(labels.count());
        }
    }

    @BeforeAll
    static void start() {
        for (String name : List.of("read", "write")) {
            execute(name, "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
        }
        execute("write", "CREATE TABLE label (id INTEGER PRIMARY KEY)");
        CONTEXT.register(Application.class);
        CONTEXT.refresh();
    }

    @AfterAll
    static void stop() {
        CONTEXT.close();
        REGISTRY.close().block(PATIENCE);
        READ.close();
        WRITE.close();
    }

    @BeforeEach
    void twoNotesThatSayWhereTheyAre() {
        for (String name : List.of("read", "write")) {
            execute(name, "DELETE FROM note");
            execute(name, "INSERT INTO note (body) VALUES ('" + name + "')");
        }
    }

    private static void execute(String name, String sql) {
        DB.sql(sql).rowsUpdated().contextWrite(Routing.usingConnection(name)).block(PATIENCE);
    }

    private static List<String> bodiesIn(String name) {
        return DB.sql("SELECT body FROM note ORDER BY id")
                .map(String.class)
                .all()
                .collectList()
                .contextWrite(Routing.usingConnection(name))
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    private static Notes notes() {
        return CONTEXT.getBean(Notes.class);
    }

    private static <T> List<T> all(Flux<T> query) {
        return query.collectList().blockOptional(PATIENCE).orElseThrow();
    }

    @Test
    void readsTakeTheReadName() {
        assertThat(all(notes().findAll())).extracting(Note::body).containsExactly("read");
        assertThat(all(notes().findAllById(List.of(1)))).extracting(Note::body).containsExactly("read");
        assertThat(all(notes().findByBody("read"))).hasSize(1);
        assertThat(all(notes().bodies())).containsExactly("read");
        execute("read", "INSERT INTO note (body) VALUES ('read')");
        assertThat(notes().count().block(PATIENCE)).isEqualTo(2);
    }

    @Test
    void writesTakeTheWriteName() {
        notes().save(Note.of("saved")).block(PATIENCE);
        notes().add("added").block(PATIENCE);
        assertThat(bodiesIn("write")).containsExactly("write", "saved", "added");
        assertThat(notes().deleteByBody("saved").block(PATIENCE)).isEqualTo(1);
        assertThat(notes().deleteByBody("read").block(PATIENCE)).isZero();
        assertThat(notes().findFirstByBody("write").block(PATIENCE)).isNotNull();
        assertThat(notes().clear().block(PATIENCE)).isEqualTo(2);
        assertThat(bodiesIn("write")).isEmpty();
        assertThat(bodiesIn("read")).containsExactly("read");
    }

    @Test
    void theScopeAndTheInterfaceMayReadWhereItIsWritten() {
        assertThat(all(notes().bodies().contextWrite(readWrite()))).containsExactly("write");
        assertThat(all(notes().bodiesForWriting())).containsExactly("write");
        StepVerifier.create(notes().save(Note.of("refused")).contextWrite(preventWrites()))
                .expectError()
                .verify(PATIENCE);
        assertThat(bodiesIn("write")).containsExactly("write");
        assertThat(bodiesIn("read")).containsExactly("read");
    }

    @Test
    void aDefaultMethodReadsAndWritesEachWhereItBelongs() {
        assertThat(all(notes().move("read"))).hasSize(1);
        assertThat(bodiesIn("write")).containsExactly("write", "read");
        assertThat(bodiesIn("read")).containsExactly("read");
    }

    @Test
    void aTransactionIsWhereItsFirstStatementLives() {
        Desk desk = CONTEXT.getBean(Desk.class);

        assertThat(desk.writeAndCount().block(PATIENCE)).isEqualTo(2);
        assertThat(desk.writeAndCount().contextWrite(usingEntity(Note.class)).block(PATIENCE))
                .isEqualTo(3);
        StepVerifier.create(desk.writeAndCountLabels())
                .expectErrorSatisfies(
                        failure -> assertThat(failure).hasRootCauseInstanceOf(RouteConflictException.class))
                .verify(PATIENCE);
        assertThat(bodiesIn("write")).as("rolled back").hasSize(3);
    }

    @Test
    void whatIsNoPublisherIsRefused() {
        assertThatThrownBy(() -> notes().findTop1ByBody("read"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "The repository method Notes.findTop1ByBody does not return a Mono, a Flux or another Publisher, so its"
                                + " query cannot be led to where its entity lives. Let it return one of them, or leave this repository"
                                + " without EntityRepositories.");
    }
}
