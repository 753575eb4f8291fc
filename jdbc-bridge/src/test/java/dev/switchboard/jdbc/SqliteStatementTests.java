package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.column;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class SqliteStatementTests {
    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
        run(connection, "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)");
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    @Test
    void valuesAreBoundByIndex() {
        Statement insert = connection.createStatement("INSERT INTO person VALUES (?, ?)");
        StepVerifier.create(
                        Flux.from(insert.bind(0, 1).bind(1, "Ada").execute()).concatMap(Result::getRowsUpdated))
                .expectNext(1L)
                .verifyComplete();
        assertThat(values(connection, "SELECT name FROM person")).containsExactly("Ada");
    }

    @Test
    void valuesAreBoundByNameWithAndWithoutItsSign() {
        Statement insert = connection.createStatement("INSERT INTO person VALUES (:id, $name)");
        await(Flux.from(insert.bind("id", 1).bind("$name", "Ada").execute()).concatMap(Result::getRowsUpdated));
        Statement select = connection.createStatement("SELECT name FROM person WHERE id = @id OR id = ?7");
        StepVerifier.create(column(select.bind("@id", 1).bindNull("?7", Integer.class)))
                .expectNext("Ada")
                .verifyComplete();
    }

    @Test
    void aNumberThatTheTextLeavesOutIsNoParameter() {
        Statement select = connection.createStatement("SELECT ?3 || ?1");
        assertThatThrownBy(() -> select.bind(1, "x"))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("no parameter 1")
                .hasMessageContaining("{0, 2}");
        StepVerifier.create(column(select.bind(0, "a").bind(2, "b")))
                .expectNext("ba")
                .verifyComplete();
    }

    @Test
    void addRunsTheStatementOncePerSetOfValues() {
        Statement insert = connection.createStatement("INSERT INTO person VALUES (?, ?)");
        for (int i = 1; i <= 5; i++) {
            insert.bind(0, i).bind(1, "p" + i);
            if (i < 5) {
                insert.add();
            }
        }
        StepVerifier.create(Flux.from(insert.execute()).concatMap(Result::getRowsUpdated))
                .expectNext(1L, 1L, 1L, 1L, 1L)
                .verifyComplete();
        assertThat(values(connection, "SELECT count(*) FROM person")).containsExactly(5);
    }

    @Test
    void violationsOfTheContractGiveTheExceptionsThatTheSpiNames() {
        Statement insert = connection.createStatement("INSERT INTO person VALUES (:id, :name)");
        assertThatThrownBy(() -> insert.bind(0, null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> insert.bind("id", null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> insert.bind((String) null, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> insert.bindNull(0, null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> insert.bind(2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> insert.bind(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> insert.bind("nmae", 1))
                .isInstanceOf(NoSuchElementException.class)
                .hasMessageContaining("nmae")
                .hasMessageContaining("[:id, id, :name, name]");
        assertThatThrownBy(() -> insert.bind("id", Class.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Class");
        assertThatThrownBy(() -> insert.bind("id", Parameters.out(R2dbcType.INTEGER)))
                .isInstanceOf(IllegalArgumentException.class);
        insert.bind("id", 1);
        assertThatThrownBy(insert::add).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(insert::execute)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Parameter 1");
        insert.bind("name", "Ada").add();
        assertThatThrownBy(insert::execute).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> insert.fetchSize(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> insert.returnGeneratedValues((String[]) null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> connection.createStatement(null)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void typedParametersAreTakenByTheirValue() {
        Statement insert = connection.createStatement("INSERT INTO person VALUES (?, ?)");
        await(Flux.from(insert.bind(0, Parameters.in(7))
                        .bind(1, Parameters.in(String.class))
                        .execute())
                .concatMap(Result::getRowsUpdated));
        assertThat(values(connection, "SELECT name FROM person WHERE id = 7")).containsExactly("null");
    }

    @Test
    void aNullOfATypeThatSqliteDoesNotStoreIsRefused() {
        Statement insert = connection.createStatement("INSERT INTO person VALUES (?, ?)");
        assertThatThrownBy(() -> insert.bind(0, Parameters.in(Thread.class)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Thread");
        assertThatThrownBy(() -> insert.bind(0, Parameters.in(R2dbcType.COLLECTION)))
                .isInstanceOf(IllegalArgumentException.class);
        insert.bind(0, Parameters.in(R2dbcType.INTEGER));
    }

    @Test
    void generatedValuesAreReturnedForEveryRow() {
        Statement insert = connection
                .createStatement("INSERT INTO person (name) VALUES ('a'), ('b'), ('c') -- the end")
                .returnGeneratedValues("id");
        StepVerifier.create(column(insert)).expectNext(1, 2, 3).verifyComplete();
    }

    @Test
    void aGeneratedColumnThatDoesNotExistIsAnErrorAndNoText() {
        Statement insert = connection
                .createStatement("INSERT INTO person (name) VALUES ('a')")
                .returnGeneratedValues("nope`");
        StepVerifier.create(column(insert))
                .expectError(R2dbcBadGrammarException.class)
                .verify(PATIENCE);
    }

    @Test
    void aResultWithGeneratedValuesStillCountsItsRows() {
        Statement insert = connection
                .createStatement("INSERT INTO person (name) VALUES ('a'), ('b')")
                .returnGeneratedValues();
        StepVerifier.create(Flux.from(insert.execute()).concatMap(Result::getRowsUpdated))
                .expectNext(2L)
                .verifyComplete();
    }

    @Test
    void returningHoldsNoLockOnceItsResultIsThere() {
        Mono.from(connection
                        .createStatement("INSERT INTO person (name) VALUES ('a'), ('b') RETURNING id")
                        .execute())
                .block(PATIENCE);
        Connection other = TestDatabase.in(directory).open();
        assertThat(values(other, "SELECT count(*) FROM person")).containsExactly(2);
        run(other, "INSERT INTO person (name) VALUES ('c')");
        await(other.close());
    }

    @Test
    void aChangeRunsToItsEndEvenIfItsResultIsNotConsumed() {
        Mono.from(connection
                        .createStatement("INSERT INTO person (name) VALUES ('a')")
                        .execute())
                .block(PATIENCE);
        assertThat(values(connection, "SELECT count(*) FROM person")).containsExactly(1);
    }

    @Test
    void aScriptRunsItsStatementsInOrder() {
        Flux<Long> counts = Flux.from(connection.createStatement("""
                        INSERT INTO person VALUES (1, 'a;b'); -- a comment; with a semicolon
                        CREATE TRIGGER shout AFTER INSERT ON person BEGIN
                          UPDATE person SET name = CASE WHEN name = 'x' THEN 'X;' ELSE upper(name) END WHERE id = new.id;
                        END;
                        INSERT INTO person VALUES (2, 'x'), (3, 'y');
                        """).execute()).concatMap(Result::getRowsUpdated);
        StepVerifier.create(counts).expectNext(1L, 2L).verifyComplete();
        assertThat(values(connection, "SELECT name FROM person ORDER BY id")).containsExactly("a;b", "X;", "Y");
    }

    @Test
    void aQueryInAScriptDoesNotSeeTheChangesThatFollow() {
        run(connection, "INSERT INTO person VALUES (1, 'a'), (2, 'b')");
        Flux<Object> rows = Flux.from(connection
                        .createStatement("SELECT name FROM person; DELETE FROM person; SELECT count(*) FROM person")
                        .execute())
                .flatMap(result -> result.map((row, metadata) -> row.get(0)));
        StepVerifier.create(rows).expectNext("a", "b", 0).verifyComplete();
    }

    @Test
    void parametersAreSharedByTheStatementsOfAScript() {
        Statement script = connection.createStatement("SELECT :a || :b; SELECT :b || :a");
        StepVerifier.create(column(script.bind("a", "1").bind("b", "2")))
                .expectNext("12", "21")
                .verifyComplete();
    }

    @Test
    void aBatchRunsScriptsInOrderAndStopsAtAnError() {
        Flux<Object> results = Flux.from(connection
                        .createBatch()
                        .add("INSERT INTO person VALUES (1, 'a')")
                        .add("SELECT name FROM person")
                        .add("INSERT INTO nowhere VALUES (1)")
                        .add("INSERT INTO person VALUES (2, 'b')")
                        .execute())
                .concatMap(result -> result.flatMap(segment -> segment instanceof Result.RowSegment row
                        ? Mono.just(row.row().get(0))
                        : Mono.just(((Result.UpdateCount) segment).value())));
        StepVerifier.create(results)
                .expectNext(1L, "a")
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcBadGrammarException.class)
                        .hasMessageContaining("nowhere"))
                .verify(PATIENCE);
        assertThat(values(connection, "SELECT count(*) FROM person")).containsExactly(1);
        assertThatThrownBy(() -> connection.createBatch().add("SELECT ?"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no values to bind");
    }

    @Test
    void anEmptyScriptHasNoResults() {
        StepVerifier.create(connection.createStatement(" ; -- nothing").execute())
                .verifyComplete();
    }

    @Test
    void aWrongStatementFailsWithItsSqlEvenIfTheResultIsNotConsumed() {
        for (String wrong : List.of("SELEC 1", "SELECT * FROM nowhere", "INSERT INTO nowhere VALUES (1)")) {
            StepVerifier.create(connection.createStatement(wrong).execute())
                    .expectErrorSatisfies(error -> {
                        assertThat(error).isInstanceOf(R2dbcBadGrammarException.class);
                        assertThat(((R2dbcBadGrammarException) error).getSql()).isEqualTo(wrong);
                        assertThat(((R2dbcBadGrammarException) error).getSqlState())
                                .isEqualTo("42000");
                    })
                    .verify(PATIENCE);
        }
        assertThat(values(connection, "SELECT 1")).containsExactly(1);
    }

    @Test
    void aColumnThatWasAddedIsSeenByAStatementThatWasPreparedBefore() {
        run(connection, "INSERT INTO person VALUES (1, 'a')");
        String sql = "SELECT * FROM person";
        Flux<Integer> width = Flux.defer(() -> connection.createStatement(sql).execute())
                .concatMap(result -> result.map(
                        (row, metadata) -> metadata.getColumnMetadatas().size()));
        StepVerifier.create(width).expectNext(2).verifyComplete();
        Connection other = TestDatabase.in(directory).open();
        run(other, "ALTER TABLE person ADD COLUMN age INTEGER");
        await(other.close());
        StepVerifier.create(width).expectNext(3).verifyComplete();
    }

    /** SQLite prepares a kept statement again without a word, so nothing may be remembered of its columns. */
    @Test
    void aStatementThatIsKeptSeesWhatAnotherConnectionMakesOfItsTable() {
        assertThat(columns("SELECT * FROM person")).containsExactly("id INTEGER", "name VARCHAR");

        Connection other = TestDatabase.in(directory).open();
        run(other, "ALTER TABLE person ADD COLUMN born DATE", "ALTER TABLE person RENAME COLUMN name TO called");
        await(other.close());

        assertThat(columns("SELECT * FROM person")).containsExactly("id INTEGER", "called VARCHAR", "born DATE");
    }

    private List<String> columns(String sql) {
        run(connection, "DELETE FROM person", "INSERT INTO person (id) VALUES (1)");
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> metadata.getColumnMetadatas()))
                .concatMapIterable(columns -> columns)
                .map(column -> column.getName() + " " + column.getType().getName())
                .collectList()
                .block(PATIENCE);
    }
}
