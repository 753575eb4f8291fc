package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** Each isolation level is the database's own, shown by what another transaction can and cannot do to this one. */
@Tag("once")
class IsolationTests extends TransactionsOnEveryProduct {

    /** What two transactions at once can see of each other, after the SQL standard; write skew after Berenson and others (1995). */
    enum Anomaly {
        DIRTY_READ,
        NON_REPEATABLE_READ,
        WRITE_SKEW
    }

    private static final Map<Product, Map<IsolationLevel, Set<Anomaly>>> ALLOWED = Map.of(
            // PostgreSQL knows no dirty reads: its READ UNCOMMITTED is READ COMMITTED.
            Product.POSTGRESQL,
            Map.of(
                    IsolationLevel.READ_UNCOMMITTED, Set.of(Anomaly.NON_REPEATABLE_READ, Anomaly.WRITE_SKEW),
                    IsolationLevel.READ_COMMITTED, Set.of(Anomaly.NON_REPEATABLE_READ, Anomaly.WRITE_SKEW),
                    IsolationLevel.REPEATABLE_READ, Set.of(Anomaly.WRITE_SKEW),
                    IsolationLevel.SERIALIZABLE, Set.of()),
            Product.MYSQL,
            lockingEngine(),
            Product.MARIADB,
            lockingEngine(),
            // Its SERIALIZABLE is a snapshot, which its documentation says does not order writes.
            Product.H2,
            Map.of(
                    IsolationLevel.READ_UNCOMMITTED, Set.of(Anomaly.values()),
                    IsolationLevel.READ_COMMITTED, Set.of(Anomaly.NON_REPEATABLE_READ, Anomaly.WRITE_SKEW),
                    IsolationLevel.REPEATABLE_READ, Set.of(Anomaly.WRITE_SKEW),
                    IsolationLevel.SERIALIZABLE, Set.of(Anomaly.WRITE_SKEW)),
            // One writer at a time, and every reader keeps its snapshot.
            Product.SQLITE,
            Map.of(
                    IsolationLevel.READ_UNCOMMITTED, Set.of(),
                    IsolationLevel.READ_COMMITTED, Set.of(),
                    IsolationLevel.REPEATABLE_READ, Set.of(),
                    IsolationLevel.SERIALIZABLE, Set.of()));

    private static Map<IsolationLevel, Set<Anomaly>> lockingEngine() {
        return Map.of(
                IsolationLevel.READ_UNCOMMITTED, Set.of(Anomaly.values()),
                IsolationLevel.READ_COMMITTED, Set.of(Anomaly.NON_REPEATABLE_READ, Anomaly.WRITE_SKEW),
                IsolationLevel.REPEATABLE_READ, Set.of(Anomaly.WRITE_SKEW),
                IsolationLevel.SERIALIZABLE, Set.of());
    }

    static List<IsolationLevel> levels() {
        return List.of(
                IsolationLevel.READ_UNCOMMITTED,
                IsolationLevel.READ_COMMITTED,
                IsolationLevel.REPEATABLE_READ,
                IsolationLevel.SERIALIZABLE);
    }

    @BeforeEach
    void twoNotes() {
        fleet.execute("a", "INSERT INTO note (id, body) VALUES (1, 'first'), (2, 'first')");
    }

    private static Mono<String> body(int id) {
        return db.sql("SELECT body FROM note WHERE id = :id")
                .bind("id", id)
                .map(String.class)
                .one();
    }

    private static Mono<Long> change(int id) {
        return db.sql("UPDATE note SET body = 'second' WHERE id = :id")
                .bind("id", id)
                .rowsUpdated();
    }

    /** A transaction that would wait for the one around it gives up soon. */
    private TransactionOptions beside(IsolationLevel level) {
        return TransactionOptions.defaults()
                .withPropagation(Propagation.REQUIRES_NEW)
                .withIsolationLevel(level)
                .withTimeout(Duration.ofMillis(250));
    }

    private TransactionOptions at(IsolationLevel level) {
        return TransactionOptions.defaults().withIsolationLevel(level);
    }

    /** SQLite lends its writing connection once, so a second transaction can only be one that reads. */
    private TransactionOptions reading(TransactionOptions options) {
        return product == Product.SQLITE ? options.withReadOnly(true) : options;
    }

    private static boolean happens(Supplier<Mono<Boolean>> attempt) {
        return Boolean.TRUE.equals(attempt.get()
                .onErrorResume(R2dbcException.class, refused -> Mono.just(false))
                .as(TransactionsOnEveryProduct::onA)
                .block(PATIENCE));
    }

    @ParameterizedTest
    @MethodSource("levels")
    void aLevelAllowsAndPreventsWhatTheProductSaysOfIt(IsolationLevel level) {
        Set<Anomaly> allowed = ALLOWED.get(product).get(level);
        assertThat(happens(() -> dirtyRead(level))).as("dirty read").isEqualTo(allowed.contains(Anomaly.DIRTY_READ));
        assertThat(happens(() -> nonRepeatableRead(level)))
                .as("non-repeatable read")
                .isEqualTo(allowed.contains(Anomaly.NON_REPEATABLE_READ));
        fleet.execute("a", "UPDATE note SET body = 'first'");
        assertThat(happens(() -> writeSkew(level))).as("write skew").isEqualTo(allowed.contains(Anomaly.WRITE_SKEW));
    }

    /** A reader sees what a writer has not committed, and never will. */
    private Mono<Boolean> dirtyRead(IsolationLevel level) {
        return db.inTransaction(tx -> change(1)
                .then(db.inTransaction(body(1), reading(beside(level))))
                .map("second"::equals)
                .onErrorReturn(false)
                .doOnNext(read -> tx.setRollbackOnly()));
    }

    /** A reader reads twice, and a writer commits in between. */
    private Mono<Boolean> nonRepeatableRead(IsolationLevel level) {
        Mono<Long> writer = db.inTransaction(change(1), beside(IsolationLevel.READ_COMMITTED))
                .onErrorReturn(0L);
        return db.inTransaction(
                body(1).flatMap(before -> writer.then(body(1)).map(after -> !after.equals(before))),
                reading(at(level)));
    }

    /** Each reads both rows and changes one of them for what it has read; one after the other that could not be. */
    private Mono<Boolean> writeSkew(IsolationLevel level) {
        Mono<String> both = body(1).zipWith(body(2), (one, other) -> one + other);
        Mono<Boolean> other =
                db.inTransaction(both.flatMap(seen -> change(2).thenReturn(seen.equals("firstfirst"))), beside(level));
        return db.inTransaction(
                both.flatMap(seen -> other.flatMap(wrote -> change(1).thenReturn(wrote && seen.equals("firstfirst")))),
                at(level));
    }

    @ParameterizedTest
    @MethodSource("levels")
    void whatOneProductIgnoresIsRefusedThere(IsolationLevel level) {
        Mono<String> work = onA(db.inTransaction(body(1), at(level).withReadOnly(true)));
        if (product == Product.H2) {
            assertThatThrownBy(() -> work.block(PATIENCE)).hasMessageContaining("a read-only transaction");
        } else {
            assertThat(work.block(PATIENCE)).isEqualTo("first");
        }
    }
}
