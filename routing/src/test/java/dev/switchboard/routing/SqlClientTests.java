package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.UnknownConnectionException;
import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The SQL face, the same on every product. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.switchboard.databases.Databases#available")
class SqlClientTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Fleet fleet = new Fleet();

    @Parameter
    Product product;

    record Customer(int id, String firstName, @Nullable Long score) {}

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a", "b");
        fleet.execute("a", "CREATE TABLE customer (id INT PRIMARY KEY, first_name VARCHAR(40), score BIGINT)");
        fleet.execute(
                "a",
                "INSERT INTO customer (id, first_name, score) VALUES (1, 'Ada', 10), (2, 'Bob', NULL), (3, 'Cyd', 30)");
        fleet.execute("a", "CREATE TABLE many (n INT PRIMARY KEY)");
        List<String> rows =
                IntStream.range(0, 5000).mapToObj(n -> "(" + n + ")").toList();
        fleet.execute("a", "INSERT INTO many (n) VALUES " + String.join(", ", rows));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
    }

    private static SqlStatement sql(String sql) {
        return fleet.db().sql(sql);
    }

    private static <T> Mono<T> onA(Mono<T> work) {
        return work.contextWrite(usingConnection("a"));
    }

    private static <T> Flux<T> onA(Flux<T> work) {
        return work.contextWrite(usingConnection("a"));
    }

    @Test
    void theSameChainRunsWhereTheContextSays() {
        StepVerifier.create(fleet.who().contextWrite(usingConnection("a")))
                .expectNext("a")
                .verifyComplete();
        StepVerifier.create(fleet.who().contextWrite(usingConnection("b")))
                .expectNext("b")
                .verifyComplete();
    }

    @Test
    void rowsBecomeRecords() {
        StepVerifier.create(onA(sql("SELECT id, first_name, score FROM customer WHERE id < :limit ORDER BY id")
                        .bind("limit", 3)
                        .map(Customer.class)
                        .all()))
                .expectNext(new Customer(1, "Ada", 10L), new Customer(2, "Bob", null))
                .verifyComplete();
    }

    @Test
    void oneNameMayStandInManyPlaces() {
        StepVerifier.create(
                        onA(sql("SELECT id FROM customer WHERE id = :id OR (score > :score AND id > :id) ORDER BY id")
                                .bind("score", 5)
                                .bind("id", 1)
                                .map(Integer.class)
                                .all()))
                .expectNext(1, 3)
                .verifyComplete();
    }

    @Test
    void rowsBecomeWhatAFunctionMakesOfThem() {
        StepVerifier.create(onA(sql("SELECT first_name, score FROM customer ORDER BY id")
                        .map(row -> row.get("first_name") + "/"
                                + Optional.ofNullable(row.get("score")).isPresent())
                        .all()))
                .expectNext("Ada/true", "Bob/false", "Cyd/true")
                .verifyComplete();
    }

    @Test
    void nullIsBoundWithItsType() {
        StepVerifier.create(onA(sql("UPDATE customer SET score = :score WHERE id = :id")
                        .bindNull("score", Long.class)
                        .bind("id", 2)
                        .rowsUpdated()))
                .expectNext(1L)
                .verifyComplete();
        assertThatThrownBy(() -> sql("SELECT :x").bind("x", nothing()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "The value of :x is null, and a null has no SQL type. Call bindNull(\"x\", String.class) with"
                                + " the type of the column instead.");
    }

    @SuppressWarnings("NullAway") // what a caller without null checks does
    private static Object nothing() {
        return null;
    }

    @Test
    void oneIsEmptyWithoutRowsAndRefusesASecondRow() {
        StepVerifier.create(onA(sql("SELECT id FROM customer WHERE id = 99")
                        .map(Integer.class)
                        .one()))
                .verifyComplete();
        StepVerifier.create(onA(sql("SELECT id FROM customer WHERE id = 1")
                        .map(Integer.class)
                        .one()))
                .expectNext(1)
                .verifyComplete();
        StepVerifier.create(
                        onA(sql("SELECT id FROM customer").map(Integer.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                MoreThanOneRowException.class,
                                found -> assertThat(found.connectionName()).isEqualTo("a")))
                .verify();
    }

    @Test
    void firstTakesOneRowAndGivesTheConnectionBackBeforeItAnswers() {
        for (int i = 0; i < 10; i++) {
            Integer first = onA(sql("SELECT n FROM many ORDER BY n")
                            .map(Integer.class)
                            .first())
                    .block(PATIENCE);
            assertThat(first).isZero();
            assertThat(fleet.inUse()).isZero();
        }
        StepVerifier.create(onA(
                        sql("SELECT n FROM many WHERE n < 0").map(Integer.class).first()))
                .verifyComplete();
    }

    @Test
    void allAsksForNoMoreRowsThanItsSubscriber() {
        AtomicInteger mapped = new AtomicInteger();
        Flux<Integer> rows = onA(sql("SELECT n FROM many ORDER BY n")
                .map(row -> {
                    mapped.incrementAndGet();
                    return 1;
                })
                .all());

        StepVerifier.create(rows, 0)
                .thenRequest(3)
                .expectNextCount(3)
                .then(() -> assertThat(mapped.get()).isLessThanOrEqualTo(3))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void allDeliversEveryRowOnce() {
        StepVerifier.create(onA(sql("SELECT n FROM many ORDER BY n")
                                .map(Integer.class)
                                .all())
                        .limitRate(7)
                        .collectList())
                .assertNext(all -> assertThat(all)
                        .isEqualTo(IntStream.range(0, 5000).boxed().toList()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void rowsUpdatedCountsWhatChanged() {
        StepVerifier.create(onA(sql("UPDATE customer SET first_name = first_name WHERE id <= :id")
                        .bind("id", 0)
                        .rowsUpdated()))
                .expectNext(0L)
                .verifyComplete();
    }

    @Test
    void aConnectionIsGivenBackAfterAnError() {
        for (int i = 0; i < 6; i++) {
            StepVerifier.create(onA(
                            sql("SELECT nothing FROM nowhere").map(String.class).all()))
                    .expectError()
                    .verify(PATIENCE);
        }
        StepVerifier.create(onA(fleet.who())).expectNext("a").verifyComplete();
    }

    @Test
    void everySubscriptionRunsAnew() {
        SqlRows<Integer> rows =
                sql("SELECT id FROM customer WHERE id = :id").bind("id", 1).map(Integer.class);

        StepVerifier.create(onA(rows.one()).concatWith(onA(rows.one())))
                .expectNext(1, 1)
                .verifyComplete();
    }

    @Test
    void aStatementIsAValueThatCanBeBoundAgain() {
        SqlStatement statement = sql("SELECT id FROM customer WHERE id = :id");

        SqlStatement one = statement.bind("id", 1);
        SqlStatement two = one.bind("id", 2);

        StepVerifier.create(onA(one.map(Integer.class).one())).expectNext(1).verifyComplete();
        StepVerifier.create(onA(two.map(Integer.class).one())).expectNext(2).verifyComplete();
        StepVerifier.create(onA(statement.map(Integer.class).one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                SqlParameterException.class,
                                found -> assertThat(found.missing()).containsExactly("id")))
                .verify();
    }

    @Test
    void aValueThatNoParameterTakesIsAnErrorThatNamesIt() {
        StepVerifier.create(onA(sql("SELECT id FROM customer WHERE id = :id")
                        .bind("id", 1)
                        .bind("di", 2)
                        .map(Integer.class)
                        .one()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                SqlParameterException.class,
                                found -> assertThat(found.unknown()).containsExactly("di")))
                .verify();
    }

    @Test
    void anUnknownNameFailsAndOpensNothing() {
        StepVerifier.create(fleet.who().contextWrite(usingConnection("c")))
                .expectError(UnknownConnectionException.class)
                .verify();
        StepVerifier.create(fleet.who()).expectError(NoRouteException.class).verify();
    }

    @Test
    void valuesAreNeverPartOfTheSql() {
        String attack = "'; DROP TABLE who; -- :id";

        StepVerifier.create(onA(sql("SELECT count(*) FROM customer WHERE first_name = :name")
                        .bind("name", attack)
                        .map(Long.class)
                        .one()))
                .expectNext(0L)
                .verifyComplete();
        StepVerifier.create(onA(fleet.who())).expectNext("a").verifyComplete();
    }
}
