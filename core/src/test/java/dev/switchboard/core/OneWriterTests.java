package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.ContextView;

/** A SQLite file behind one name: one connection that writes, the others only query, and nobody has to say which. */
class OneWriterTests extends OneWriterFile {

    private static final int WRITERS = 64;

    @Test
    void manyWritersWaitInOrderWithoutAConnectionWhileReadersGoOn() {
        Connection holder = writing();
        Mono<List<Long>> writers = Flux.range(1, WRITERS)
                .flatMap(
                        i -> i % 2 == 0 ? write(insert(i)) : using(connection -> inTransaction(connection, i)), WRITERS)
                .collectList();
        StepVerifier.create(writers)
                .expectSubscription()
                .then(() -> awaitWaiting(WRITERS))
                .then(() -> assertThat(rows()).isEqualTo(0))
                .then(() -> assertThat(read(ONLY_QUERIES).block(LONG)).isEqualTo(1))
                .then(() -> assertThat(counts()).isEqualTo(new PoolCounts(1, 1, 0, WRITERS, 4)))
                .then(() -> run(holder.commitTransaction()))
                .then(() -> Borrowing.close(holder))
                .assertNext(written -> assertThat(written).hasSize(WRITERS).containsOnly(1L))
                .expectComplete()
                .verify(LONG);
        Object order = read("SELECT group_concat(v) FROM (SELECT v FROM t WHERE rowid > 1 ORDER BY rowid)")
                .block(LONG);
        assertThat(order).isEqualTo(String.join(",", numbers()));
        assertThat(counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 4));
    }

    private static List<String> numbers() {
        return IntStream.rangeClosed(1, WRITERS).mapToObj(Integer::toString).toList();
    }

    private static Mono<Long> inTransaction(Connection connection, int value) {
        return Mono.from(connection.beginTransaction())
                .then(Borrowing.update(connection, insert(value)))
                .flatMap(rows -> Mono.from(connection.commitTransaction()).thenReturn(rows));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (1)",
                "WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one",
                "SELECT 0; INSERT INTO t VALUES (1)",
                "SELECT 0; WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one",
                "/* one */ INSERT INTO t VALUES (1) RETURNING v"
            })
    void aStatementThatWritesMovesItsHandleToTheWriter(String sql) {
        Connection handle = handle();
        assertThat(onlyQueries(handle)).isEqualTo(1);
        run(Flux.from(handle.createStatement(sql).execute()).concatMap(result -> result.getRowsUpdated()));
        assertThat(rows()).isEqualTo(1);
        assertThat(onlyQueries(handle)).isEqualTo(0);
        assertThat(Borrowing.one(handle, "SELECT last_insert_rowid()").block(LONG))
                .isEqualTo(1);
        assertThat(counts()).isEqualTo(new PoolCounts(1, 1, 0, 0, 4));
        Borrowing.close(handle);
        assertThat(read("SELECT 'reads'").block(LONG)).isEqualTo("reads");
        assertThat(read(ONLY_QUERIES).block(LONG)).isEqualTo(1);
    }

    private UUID id(Connection connection) {
        return Objects.requireNonNull(registry.connections().info(connection)).id();
    }

    private List<UUID> inFlight() {
        return registry.connections().inFlight().stream()
                .map(InFlight::connection)
                .toList();
    }

    @Test
    void aStatementThatIsSentAgainIsSeenOnTheWriterAndNotOnWhoeverHasTheReaderNext() {
        Connection holder = writing();
        // Nobody has read the answer to its insert.
        UUID writer = id(holder);
        Connection handle = handle();
        onlyQueries(handle);
        UUID reader = id(handle);
        Connection next = handle();
        Sinks.Empty<Void> read = Sinks.empty();
        StepVerifier.create(seenAgain(handle))
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> assertThat(inFlight()).as("while it waits").containsExactly(writer))
                .then(() -> readsUntil(next, read))
                .then(() -> assertThat(inFlight()).containsExactlyInAnyOrder(writer, reader))
                .then(() -> Borrowing.close(holder))
                .assertNext(seen -> assertThat(seen).containsExactlyInAnyOrder(reader, id(handle)))
                .expectComplete()
                .verify(LONG);
        assertThat(id(handle)).isEqualTo(writer);
        assertThat(inFlight()).containsExactly(reader);
        read.tryEmitEmpty();
        Borrowing.close(List.of(handle, next));
        assertThat(inFlight()).isEmpty();
    }

    /** What is in flight while a statement returns a row that a reader has refused. */
    private Flux<List<UUID>> seenAgain(Connection handle) {
        String sql = "WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one RETURNING v";
        return Flux.from(handle.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> inFlight()));
    }

    /** Begins to read and does not end before the time. */
    private static void readsUntil(Connection connection, Sinks.Empty<Void> end) {
        Sinks.Empty<Void> reading = Sinks.empty();
        Flux.from(connection.createStatement("SELECT 1").execute())
                .concatMap(result -> result.map((row, metadata) -> 1))
                .concatMap(row -> {
                    reading.tryEmitEmpty();
                    return end.asMono();
                })
                .subscribe();
        reading.asMono().block(LONG);
    }

    @Test
    void aStatementThatWasNotSentAgainTakesNothingFromWhoeverHasTheReaderNext() {
        Connection holder = writing();
        Connection handle = handle();
        onlyQueries(handle);
        UUID reader = id(handle);
        Connection next = handle();
        Sinks.Empty<Void> read = Sinks.empty();
        StepVerifier.create(seenAgain(handle))
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> readsUntil(next, read))
                .thenCancel()
                .verify(LONG);
        Borrowing.close(List.of(handle, holder));
        assertThat(inFlight()).containsExactly(reader);
        read.tryEmitEmpty();
        Borrowing.close(next);
    }

    @Test
    void aBatchThatWritesAnywhereRunsOnTheWriterAsAWhole() {
        Connection handle = handle();
        Flux<Object> batch = Flux.from(handle.createBatch()
                        .add("SELECT count(*) FROM t")
                        .add("WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one RETURNING v")
                        .add("SELECT count(*) FROM t")
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> ((Number) row.get(0)).intValue()));
        StepVerifier.create(batch).expectNext(0, 1, 1).expectComplete().verify(LONG);
        assertThat(onlyQueries(handle)).isEqualTo(0);
        Borrowing.close(handle);
    }

    @Test
    void pragmasSavepointsTransactionsAndTheDriverItselfAreForTheWriter() {
        List<Function<Connection, Publisher<?>>> ways = List.of(
                handle -> Borrowing.update(handle, "PRAGMA user_version = 1"),
                handle -> Borrowing.update(handle, "BEGIN"),
                handle -> handle.createSavepoint("one"),
                handle -> handle.setAutoCommit(false),
                handle -> handle.beginTransaction(),
                handle -> ((SwitchboardConnection) handle)
                        .unwrapped(Connection.class)
                        .then());
        for (Function<Connection, Publisher<?>> way : ways) {
            Connection handle = handle();
            assertThat(onlyQueries(handle)).isEqualTo(1);
            run(way.apply(handle));
            assertThat(onlyQueries(handle)).isEqualTo(0);
            Borrowing.close(handle);
        }
        assertThat(read("SELECT user_version FROM pragma_user_version").block(LONG))
                .isEqualTo(1);
    }

    @Test
    void aHandleOpensWithTheConnectionThatItsStatementWillTake() {
        SwitchboardConnection reading = registry.connect(new Siblings.Fixed(Route.to("file")));
        SwitchboardConnection writing = registry.connect(new Siblings.Fixed(Route.to("file")));
        run(reading.openFor("SELECT 1"));
        run(writing.openFor("DELETE FROM t"));
        assertThat(onlyQueries(reading)).isEqualTo(1);
        assertThat(onlyQueries(writing)).isEqualTo(0);
        Borrowing.close(List.of(reading, writing));
    }

    @Test
    void aReadOnlyTransactionGoesToAReaderAndAWriteInItIsRefusedInWords() {
        Connection holder = writing();
        Connection reader = handle();
        run(reader.beginTransaction(attribute(TransactionDefinition.READ_ONLY, true)));
        assertThat(onlyQueries(reader)).isEqualTo(1);
        for (String sql : List.of(insert(1), "WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one")) {
            StepVerifier.create(Borrowing.update(reader, sql))
                    .expectErrorSatisfies(refused -> assertThat(refused)
                            .isInstanceOf(R2dbcPermissionDeniedException.class)
                            .hasMessageContaining("only reads"))
                    .verify(LONG);
        }
        assertThat(Borrowing.one(reader, "SELECT count(*) FROM t").block(LONG)).isEqualTo(0);
        run(reader.commitTransaction());
        Borrowing.close(holder);
        assertThat(Borrowing.update(reader, insert(1)).block(LONG)).isEqualTo(1);
        Borrowing.close(reader);
    }

    @Test
    void aReadOnlyRouteStaysWithTheReadersAsItWouldWithAReplica() {
        SwitchboardConnection handle = registry.connect(new Siblings.Fixed(new Route("file", true, null)));
        run(handle.beginTransaction());
        assertThat(onlyQueries(handle)).isEqualTo(1);
        run(handle.rollbackTransaction());
        StepVerifier.create(Borrowing.update(handle, insert(1)))
                .expectErrorSatisfies(refused ->
                        assertThat(((R2dbcException) refused).getSqlState()).isEqualTo("25006"))
                .verify(LONG);
        Borrowing.close(handle);
    }

    @Test
    void whatWasSetOnTheHandleHoldsOnTheWriterAndIsGoneFromTheReader() {
        String endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        again(file(2, pool -> pool));
        Connection handle = handle();
        run(handle.setStatementTimeout(Duration.ofMillis(30)));
        run(handle.setTransactionIsolationLevel(IsolationLevel.READ_COMMITTED));
        assertThat(onlyQueries(handle)).isEqualTo(1);
        assertThat(Borrowing.update(handle, insert(1)).block(LONG)).isEqualTo(1);
        StepVerifier.create(Borrowing.one(handle, endless))
                .expectError(StatementTimeoutException.class)
                .verify(LONG);
        StepVerifier.create(read(endless.replace(" FROM n) SELECT", " FROM n WHERE i < 400000) SELECT")))
                .expectNext(400_000)
                .expectComplete()
                .verify(LONG);
        assertThat(counts()).isEqualTo(new PoolCounts(1, 1, 0, 0, 2));
        Borrowing.close(handle);
    }

    @Test
    void whatHasOneConnectionOrNoWriterOrSaysItselfWhoQueriesIsNotSplit() {
        ConnectionDefinition file = file(4, pool -> pool);
        Option<Object> queryOnly = Option.valueOf("queryOnly");
        assertThat(OneWriter.of(file)).isNotNull();
        assertThat(List.of(
                        file(1, pool -> pool),
                        ConnectionDefinition.of("memory", "r2dbc:sqlite:mem:///one-writer"),
                        file.withOption(queryOnly, "true"),
                        file.withOption(queryOnly, false),
                        file.withOption(Option.valueOf("readOnly"), "on"),
                        file.withOption(Option.valueOf("immutable"), true),
                        file.withOption(Option.valueOf("mode"), "ro"),
                        file.withPreparation(new TemporaryTable()),
                        ConnectionDefinition.of("factory", new CountingFactory(database.url())),
                        ConnectionDefinition.of("h2", "r2dbc:h2:mem:///one-writer")))
                .allSatisfy(whole -> assertThat(OneWriter.of(whole)).isNull());
        again(file.withPreparation(new TemporaryTable()));
        assertThat(read("SELECT count(*) FROM mine").block(LONG)).isEqualTo(0);
        again(file.withOption(queryOnly, false));
        assertThat(read(ONLY_QUERIES).block(LONG)).isEqualTo(0);
        assertThat(write(insert(1)).block(LONG)).isEqualTo(1);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 4));
    }

    /** Writes, if only what nobody else sees. */
    private static final class TemporaryTable implements SessionPreparation {

        @Override
        public Object wanted(Route route, ContextView context) {
            return "a table";
        }

        @Override
        public Publisher<Void> prepare(Connection connection, Object wanted) {
            return Borrowing.update(connection, "CREATE TEMP TABLE IF NOT EXISTS mine (v INTEGER)")
                    .then();
        }
    }
}
