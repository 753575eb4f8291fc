package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.context.Context;

/** A query for each row of a result that is still open, on the same connection: it works or explains, and never hangs. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class NestedQueryTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration OVERLAP = Duration.ofMillis(200);
    /** Where Reactor looks for a chain's own hook for errors that come too late. */
    private static final String DROPPED_HOOK = "reactor.onErrorDropped.local";

    private static final int ROWS = 10_000;

    private static Database database;
    private static ReactiveConnectionRegistry registry;
    private static ReactiveConnectionRegistry strict;

    @Parameter
    Product product;

    /** How the inner queries are attached to the outer rows. */
    enum Operator {
        FLAT_MAP,
        CONCAT_MAP;

        <T> Flux<T> apply(Flux<Integer> ids, Function<Integer, Publisher<T>> inner) {
            return this == FLAT_MAP ? ids.flatMap(inner) : ids.concatMap(inner);
        }
    }

    /** Whether there is a transaction around both queries. */
    enum Around {
        AUTO_COMMIT,
        TRANSACTION
    }

    @BeforeParameterizedClassInvocation
    static void fill(Product product) {
        database = Databases.create(product);
        registry = registry(false);
        strict = registry(true);
        Flux.usingWhen(connections(registry).create(), NestedQueryTests::fill, Connection::close)
                .blockLast(PATIENCE);
    }

    private static ReactiveConnectionRegistry registry(boolean strictOverlap) {
        ExchangeOptions options = ExchangeOptions.builder()
                .overlapTimeout(OVERLAP)
                .strictOverlap(strictOverlap)
                .build();
        return ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().exchange(options).build())
                .register(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.maxSize(1)));
    }

    /** Rows that are large enough to fill every buffer on the way, in words that every product knows. */
    private static Mono<Void> fill(Connection connection) {
        List<String> statements = new ArrayList<>();
        statements.add("CREATE TABLE item (id INT PRIMARY KEY, filler VARCHAR(300))");
        String filler = "'" + "x".repeat(200) + "'";
        for (int from = 0; from < ROWS; from += 1_000) {
            List<String> rows = IntStream.range(from, from + 1_000)
                    .mapToObj(id -> "(" + id + ", " + filler + ")")
                    .toList();
            statements.add("INSERT INTO item VALUES " + String.join(", ", rows));
        }
        return Sql.run(connection, statements.toArray(String[]::new));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        Borrowing.close(registry);
        Borrowing.close(strict);
        database.close();
    }

    static Stream<Arguments> sizes() {
        return Stream.of(100, 1_000, 10_000)
                .flatMap(rows -> Stream.of(Operator.values())
                        .flatMap(operator ->
                                Stream.of(Around.values()).map(around -> Arguments.of(rows, operator, around))));
    }

    private static ConnectionFactory connections(ReactiveConnectionRegistry of) {
        return of.connectionFactory("orders");
    }

    private static Flux<Integer> ids(Connection connection, int rows) {
        return Flux.from(connection
                        .createStatement("SELECT id, filler FROM item WHERE id < " + rows + " ORDER BY id")
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> ((Number) row.get(0, Object.class)).intValue()));
    }

    private static Mono<Integer> sameId(Connection connection, int id) {
        return Borrowing.one(connection, "SELECT id FROM item WHERE id = " + id)
                .map(found -> ((Number) found).intValue());
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void aQueryForEachRowOfAnOpenResultWorksOrExplains(int rows, Operator operator, Around around) {
        List<Integer> answers = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        Long afterwards = Mono.usingWhen(
                        connections(registry).create(),
                        connection -> begin(connection, around)
                                .thenMany(operator.apply(ids(connection, rows), id -> sameId(connection, id)))
                                .doOnNext(answers::add)
                                .onErrorResume(failure -> Mono.fromRunnable(() -> failures.add(failure)))
                                .then(Mono.defer(() -> count(connection)))
                                .flatMap(count -> commit(connection, around).thenReturn(count)),
                        Connection::close)
                .contextWrite(Context.of(DROPPED_HOOK, (Consumer<Throwable>) dropped::add))
                .block(PATIENCE);
        assertThat(afterwards).as("the connection answers afterwards").isEqualTo(ROWS);
        assertThat(dropped).as("errors that nobody could take").isEmpty();
        if (rows == 100 && operator == Operator.FLAT_MAP) {
            assertThat(failures)
                    .as("what existing code does with small results")
                    .isEmpty();
        }
        if (failures.isEmpty()) {
            assertThat(answers)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, rows).boxed().toList());
        } else {
            assertThat(failures).hasSize(1);
            assertThat(failures.get(0))
                    .isInstanceOf(OverlappingStatementException.class)
                    .hasMessageContaining("'orders'")
                    .hasMessageContaining("SELECT id, filler FROM item")
                    .hasMessageContaining("collectList()");
        }
        assertTheOnlySlotIsUsable(registry);
    }

    @Test
    void tenRowsWorkWithAConcatMapThatReadsAhead() {
        List<Integer> answers = Flux.usingWhen(
                        connections(registry).create(),
                        connection -> ids(connection, 10).concatMap(id -> sameId(connection, id), 32),
                        Connection::close)
                .collectList()
                .block(PATIENCE);
        assertThat(answers)
                .containsExactlyElementsOf(IntStream.range(0, 10).boxed().toList());
    }

    @Test
    void theCureThatTheErrorNamesWorksForEverySize() {
        List<Integer> answers = Flux.usingWhen(
                        connections(registry).create(),
                        connection -> ids(connection, 2_000)
                                .collectList()
                                .flatMapIterable(all -> all)
                                .flatMap(id -> sameId(connection, id)),
                        Connection::close)
                .collectList()
                .block(PATIENCE);
        assertThat(answers)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 2_000).boxed().toList());
    }

    @ParameterizedTest
    @EnumSource(Around.class)
    void theStrictModeRefusesTheInnerQueryAtOnce(Around around) {
        List<Throwable> failures = new ArrayList<>();
        Long afterwards = Mono.usingWhen(
                        connections(strict).create(),
                        connection -> begin(connection, around)
                                .thenMany(Operator.FLAT_MAP.apply(ids(connection, ROWS), id -> sameId(connection, id)))
                                .onErrorResume(failure -> Mono.fromRunnable(() -> failures.add(failure)))
                                .then(Mono.defer(() -> count(connection)))
                                .flatMap(count -> commit(connection, around).thenReturn(count)),
                        Connection::close)
                .block(PATIENCE);
        assertThat(afterwards).isEqualTo(ROWS);
        assertThat(failures)
                .singleElement()
                .isInstanceOfSatisfying(
                        OverlappingStatementException.class,
                        refused -> assertThat(refused.waited()).isZero());
        assertTheOnlySlotIsUsable(strict);
    }

    @Test
    void aReaderThatPausesForLessThanTheTimeOutFailsNobody() {
        try (Paused paused = new Paused()) {
            TestSubscriber<Integer> waiting = paused.second();
            for (int rows = 200; rows <= 1_000; rows += 100) {
                paused.time.advanceTimeBy(OVERLAP.minusMillis(1));
                assertThat(waiting.isTerminatedOrCancelled()).isFalse();
                paused.read(100, rows);
            }
            paused.readToTheEnd();
            waiting.block(PATIENCE);
            assertThat(waiting.getReceivedOnNext()).containsExactly(7);
        }
    }

    @Test
    void aReaderThatPausesForTheWholeTimeOutFailsTheNextStatementAndGoesOnUnharmed() {
        try (Paused paused = new Paused()) {
            TestSubscriber<Integer> waiting = paused.second();
            paused.time.advanceTimeBy(OVERLAP.minusMillis(1));
            assertThat(waiting.isTerminatedOrCancelled()).isFalse();
            paused.time.advanceTimeBy(Duration.ofMillis(1));
            assertThat(waiting.expectTerminalError()).isInstanceOf(OverlappingStatementException.class);
            paused.readToTheEnd();
            TestSubscriber<Integer> next = paused.second();
            next.block(PATIENCE);
            assertThat(next.getReceivedOnNext()).containsExactly(7);
        }
    }

    private static Mono<Void> begin(Connection connection, Around around) {
        return around == Around.TRANSACTION ? Mono.from(connection.beginTransaction()) : Mono.empty();
    }

    private static Mono<Void> commit(Connection connection, Around around) {
        return around == Around.TRANSACTION ? Mono.from(connection.commitTransaction()) : Mono.empty();
    }

    private static Mono<Long> count(Connection connection) {
        return Borrowing.one(connection, "SELECT count(*) FROM item").map(count -> ((Number) count).longValue());
    }

    private static void assertTheOnlySlotIsUsable(ReactiveConnectionRegistry of) {
        of.quiescent().block(PATIENCE);
        assertThat(of.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
        assertThat(Borrowing.query(of, "orders", "SELECT 1").block(PATIENCE)).hasToString("1");
        of.quiescent().block(PATIENCE);
    }

    /** An open result of 1,000 rows of which 100 have been read, in a time that only the test moves on. */
    private static final class Paused implements AutoCloseable {

        private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
        private final ReactiveConnectionRegistry ofPaused = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                        .exchange(ExchangeOptions.builder()
                                .overlapTimeout(OVERLAP)
                                .build())
                        .timer(time)
                        .build())
                .register("orders", database.url());
        private final Connection connection = Borrowing.borrowed(ofPaused, "orders");
        private final TestSubscriber<Integer> reader =
                TestSubscriber.builder().initialRequest(0).build();

        Paused() {
            ids(connection, 1_000).subscribe(reader);
            read(100, 100);
        }

        void read(int more, int total) {
            reader.request(more);
            Waiting.until(total + " rows", () -> reader.getReceivedOnNext().size() == total);
        }

        /** A driver may keep the end of its result until somebody asks for more than the last row. */
        void readToTheEnd() {
            reader.request(Long.MAX_VALUE);
            reader.block(PATIENCE);
            assertThat(reader.getReceivedOnNext()).hasSize(1_000);
        }

        TestSubscriber<Integer> second() {
            TestSubscriber<Integer> second = TestSubscriber.create();
            sameId(connection, 7).subscribe(second);
            return second;
        }

        @Override
        public void close() {
            reader.cancel();
            Borrowing.close(connection);
            Borrowing.close(ofPaused);
        }
    }
}
