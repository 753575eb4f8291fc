package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.FailureClass;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.core.WritePreventedException;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.R2dbcException;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Where writes are prevented the session itself refuses them, and the next borrower of the connection notices nothing. */
@Tag("once")
class PreventWritesTests {

    private static final Map<Product, Fleet> FLEETS = new EnumMap<>(Product.class);

    @AfterAll
    static void close() {
        FLEETS.values().forEach(Fleet::close);
        FLEETS.clear();
    }

    /** One connection, so that all borrowers get the same. */
    private static Fleet fleet(Product product) {
        return FLEETS.computeIfAbsent(product, any -> new Fleet().add(product, "one", 1));
    }

    private static <T> Mono<T> on(Mono<T> work, RoutingHint hint) {
        return work.contextWrite(hint).contextWrite(usingConnection("one"));
    }

    @ParameterizedTest
    @EnumSource
    void aWriteIsRefusedAndTheNextBorrowerMayWrite(Product product) {
        Fleet fleet = fleet(product);
        fleet.clearNotes();
        StepVerifier.create(on(fleet.write(1), preventWrites()))
                .expectErrorSatisfies(failure -> assertThat(FailureClass.of(failure))
                        .as(failure.toString())
                        .isEqualTo(FailureClass.WRONG_NODE))
                .verify();
        StepVerifier.create(on(fleet.who(), preventWrites())).expectNext("one").verifyComplete();
        StepVerifier.create(on(fleet.write(2), readWrite())).expectNext(1L).verifyComplete();
        StepVerifier.create(on(fleet.write(3), preventWrites())).verifyError(R2dbcException.class);
        assertThat(fleet.notesIn("one")).containsExactly(2);
    }

    @ParameterizedTest
    @EnumSource
    void aWriteInATransactionIsRefusedToo(Product product) {
        Fleet fleet = fleet(product);
        fleet.clearNotes();
        Mono<Long> readAndWrite = fleet.who().then(fleet.write(1));
        StepVerifier.create(on(fleet.db().inTransaction(readAndWrite), preventWrites()))
                .verifyError(R2dbcException.class);
        assertThat(fleet.notesIn("one")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aTransactionThatSaysItWritesIsRefusedInWords(Product product) {
        Fleet fleet = fleet(product);
        TransactionOptions writing = TransactionOptions.defaults().withReadOnly(false);
        StepVerifier.create(on(fleet.db().inTransaction(fleet.who(), writing), preventWrites()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionStateException.class)
                        .hasMessageContaining("where writes are prevented"))
                .verify();
        StepVerifier.create(on(fleet.who(), readWrite())).expectNext("one").verifyComplete();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB", "SQLITE"})
    void theSessionRefusesAWriteThatBeginsLikeAQuery(Product product) {
        Fleet fleet = fleet(product);
        fleet.clearNotes();
        String sql = product == Product.POSTGRESQL
                ? "WITH gone AS (INSERT INTO note (id) VALUES (1) RETURNING id) SELECT id FROM gone"
                : product == Product.SQLITE
                        ? "WITH x AS (SELECT 1 AS id) INSERT INTO note (id) SELECT id FROM x"
                        : "INSERT INTO note (id) VALUES (1)";
        StepVerifier.create(on(fleet.db().sql(sql).rowsUpdated(), preventWrites()))
                .verifyError(R2dbcException.class);
        // Behind a transaction that only reads the session refuses still.
        TransactionOptions reading = TransactionOptions.defaults().withReadOnly(true);
        StepVerifier.create(on(
                        fleet.db()
                                .inTransaction(fleet.who(), reading)
                                .then(fleet.db().sql(sql).rowsUpdated()),
                        preventWrites()))
                .verifyError(R2dbcException.class);
        assertThat(fleet.notesIn("one")).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = "H2")
    void theGuardTellsWhatItRefused(Product product) {
        Fleet fleet = fleet(product);
        StepVerifier.create(on(fleet.write(1), preventWrites()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(WritePreventedException.class)
                        .hasMessage(
                                "Connection 'one' only reads here, since writes are prevented, and a statement came that does"
                                        + " not begin like a query: [INSERT INTO note (id, body) VALUES ($1, $2)]. Begin it with SELECT,"
                                        + " VALUES or WITH, or write outside of this scope, with readWrite()."))
                .verify();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "H2"})
    void aWeakerHintFurtherInDoesNotLiftIt(Product product) {
        Fleet fleet = fleet(product);
        fleet.clearNotes();
        StepVerifier.create(on(fleet.write(1).contextWrite(readOnly()), preventWrites()))
                .verifyError(R2dbcException.class);
        StepVerifier.create(on(fleet.write(2).contextWrite(readWrite()), preventWrites()))
                .expectNext(1L)
                .verifyComplete();
        StepVerifier.create(on(fleet.db().inTransaction(fleet.who().contextWrite(preventWrites())), readWrite()))
                .as("a session that writes cannot begin to refuse it")
                .verifyError(RouteConflictException.class);
    }
}
