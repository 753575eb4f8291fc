package dev.switchboard.spring;

import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.domain.Pageable;
import org.springframework.data.domain.Sort;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.dialect.DialectResolver;
import org.springframework.data.r2dbc.repository.support.R2dbcRepositoryFactory;
import org.springframework.data.relational.core.query.Query;
import org.springframework.data.relational.core.sql.SqlIdentifier;
import org.springframework.r2dbc.BadSqlGrammarException;
import org.springframework.r2dbc.core.binding.BindMarkersFactoryResolver;
import reactor.test.StepVerifier;

/** The words of SQLite that Spring Data writes. */
class DialectTests {

    private final SpringOnSqlite sqlite = new SpringOnSqlite(Access.BARE);
    private final R2dbcEntityTemplate template = new R2dbcEntityTemplate(sqlite.factory());

    @AfterEach
    void close() {
        sqlite.close();
    }

    @Test
    void springFindsWhatBelongsToSqliteAndOnlyThat() {
        ConnectionFactory other = ConnectionFactories.get("r2dbc:h2:mem:///other");

        assertThat(DialectResolver.getDialect(sqlite.factory())).isSameAs(SqliteDialect.INSTANCE);
        assertThat(DialectResolver.getDialect(other)).isNotSameAs(SqliteDialect.INSTANCE);
        assertThat(BindMarkersFactoryResolver.resolve(sqlite.factory())
                        .create()
                        .next()
                        .getPlaceholder())
                .isEqualTo("?1");
        assertThat(BindMarkersFactoryResolver.resolve(other).create().next().getPlaceholder())
                .isEqualTo("$1");
    }

    @Test
    void anOffsetNeedsNoLimit() {
        sqlite.fill(5);
        Query byId = Query.empty().sort(Sort.by("id"));

        StepVerifier.create(template.select(byId.offset(3), Note.class).map(Note::id))
                .expectNext(4, 5)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(template.select(byId.offset(1).limit(2), Note.class).map(Note::id))
                .expectNext(2, 3)
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(template.select(byId.limit(1), Note.class).map(Note::id))
                .expectNext(1)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void anUpsertInsertsAndThenUpdates() {
        StepVerifier.create(template.upsert(new Note(7, "first"))
                        .then(template.upsert(new Note(7, "second")))
                        .thenMany(template.select(Note.class).all()))
                .expectNext(new Note(7, "second"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aReservedWordIsAName() {
        sqlite.execute("CREATE TABLE `order` (`group` INTEGER)");
        sqlite.execute("INSERT INTO `order` VALUES (3)");
        SqlIdentifier group = SqlIdentifier.quoted("group");

        assertThat(group.toSql(SqliteDialect.INSTANCE.getIdentifierProcessing()))
                .isEqualTo("`group`");
        StepVerifier.create(sqlite.client()
                        .sql("SELECT " + group.toSql(SqliteDialect.INSTANCE.getIdentifierProcessing())
                                + " FROM `order`")
                        .mapValue(Integer.class)
                        .one())
                .expectNext(3)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aQuotedNameThatIsNoColumnIsAnErrorAndNotAString() {
        String name = SqlIdentifier.quoted("boddy").toSql(SqliteDialect.INSTANCE.getIdentifierProcessing());
        sqlite.fill(1);

        StepVerifier.create(sqlite.client()
                        .sql("SELECT " + name + " FROM note")
                        .fetch()
                        .all())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(BadSqlGrammarException.class)
                        .hasStackTraceContaining("boddy"))
                .verify(PATIENCE);
    }

    @Test
    void aSequenceIsRefusedInWords() {
        assertThat(SqliteDialect.INSTANCE.getIdGeneration().sequencesSupported())
                .isFalse();
        assertThatThrownBy(() ->
                        SqliteDialect.INSTANCE.getIdGeneration().createSequenceQuery(SqlIdentifier.quoted("note_id")))
                .hasMessageContaining("SQLite has no sequences")
                .hasMessageContaining("note_id")
                .hasMessageContaining("INTEGER PRIMARY KEY");
    }

    /** A limit of SQLite that the page of the dialect tells; whoever finds a way around it must change the page. */
    @Test
    void aDerivedQueryFindsNothingForASignOfLike() {
        NoteRepository notes = new R2dbcRepositoryFactory(template).getRepository(NoteRepository.class);
        sqlite.execute("INSERT INTO note VALUES (1, '100% of it')");

        StepVerifier.create(notes.findByBodyStartingWithOrderById("100", Pageable.unpaged())
                        .concatWith(notes.findByBodyStartingWithOrderById("100%", Pageable.unpaged())))
                .expectNext(new Note(1, "100% of it"))
                .expectComplete()
                .verify(PATIENCE);
    }
}
