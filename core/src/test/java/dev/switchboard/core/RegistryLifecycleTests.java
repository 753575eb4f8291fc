package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What becomes of borrowers, waiting borrowers and server sessions when a name is replaced, removed or closed. */
@Tag("once")
class RegistryLifecycleTests {

    private static final Duration LONG = Duration.ofSeconds(10);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final List<Database> databases = new ArrayList<>();

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        databases.forEach(Sessions::awaitNone);
        databases.forEach(Database::close);
    }

    /** A database whose table {@code me} holds its name. */
    private ConnectionDefinition database(Product product, String tag) {
        Database database = Databases.create(product);
        databases.add(database);
        ReactiveConnectionRegistry setUp = ReactiveConnectionRegistry.create().register("x", database.url());
        Mono.usingWhen(
                        setUp.connectionFactory("x").create(),
                        connection -> Borrowing.update(connection, "CREATE TABLE me (tag VARCHAR(20))")
                                .then(Borrowing.update(connection, "INSERT INTO me VALUES ('" + tag + "')")),
                        Connection::close)
                .block(Borrowing.PATIENCE);
        Borrowing.close(setUp);
        return ConnectionDefinition.of("orders", database.url()).withPool(Borrowing::quick);
    }

    private Mono<Object> tag() {
        return Borrowing.query(registry, "orders", "SELECT tag FROM me");
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aReplacedNameServesFromItsNewDefinitionWhileATransactionEndsOnTheOld(Product product) {
        registry.register(database(product, "old"));
        Connection transaction = Borrowing.borrowed(registry, "orders");
        Mono.from(transaction.beginTransaction()).block(LONG);
        assertThat(Borrowing.one(transaction, "SELECT tag FROM me").block(LONG)).isEqualTo("old");

        Mono<Void> replaced = registry.replace(database(product, "new")).cache();
        StepVerifier.create(replaced)
                .expectSubscription()
                .then(() -> assertThat(tag().block(LONG)).isEqualTo("new"))
                .then(() -> {
                    Borrowing.update(transaction, "INSERT INTO me VALUES ('late')")
                            .block(LONG);
                    Mono.from(transaction.commitTransaction()).block(LONG);
                    assertThat(Borrowing.one(transaction, "SELECT count(*) FROM me")
                                    .block(LONG))
                            .hasToString("2");
                })
                .then(() -> assertThat(tag().block(LONG)).isEqualTo("new"))
                .then(() -> Borrowing.close(transaction))
                .expectComplete()
                .verify(LONG);
        Sessions.awaitNone(databases.get(0));
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 2));
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsForAReplacedNameIsServedByItsNewDefinition(Product product) {
        registry.register(database(product, "old").withPool(pool -> pool.maxSize(1)));
        Connection holder = Borrowing.borrowed(registry, "orders");
        ConnectionDefinition next = database(product, "new");
        StepVerifier.create(tag())
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> registry.replace(next).subscribe())
                .expectNext("new")
                .expectComplete()
                .verify(LONG);
        Borrowing.close(holder);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void anUnregisteredNameFailsWhoWaitsAtOnceAndLetsWhoHoldsFinish(Product product) {
        registry.register(database(product, "old").withPool(pool -> pool.maxSize(1)));
        Connection holder = Borrowing.borrowed(registry, "orders");
        Mono<Void> unregistered = registry.unregister("orders").cache();
        StepVerifier.create(tag())
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(unregistered::subscribe)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ConnectionDrainingException.class)
                        .hasMessageContaining("'orders' is draining"))
                .verify(Duration.ofSeconds(2));
        StepVerifier.create(tag()).verifyError(UnknownConnectionException.class);
        assertThat(Borrowing.one(holder, "SELECT tag FROM me").block(LONG)).isEqualTo("old");
        StepVerifier.create(unregistered)
                .expectSubscription()
                .then(() -> Borrowing.close(holder))
                .expectComplete()
                .verify(LONG);
        Sessions.awaitNone(databases.get(0));
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aBorrowerThatNeverReturnsItsConnectionLosesItWhenTheDrainTimesOut(Product product) {
        registry.register(database(product, "old").withPool(pool -> pool.drainTimeout(Duration.ofMillis(300))));
        Connection holder = Borrowing.borrowed(registry, "orders");
        StepVerifier.create(registry.unregister("orders")).expectComplete().verify(LONG);
        Sessions.awaitNone(databases.get(0));
        StepVerifier.create(Borrowing.one(holder, "SELECT tag FROM me"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ConnectionDrainingException.class)
                        .hasMessageContaining("'orders'"))
                .verify(LONG);
        Borrowing.close(holder);
        StepVerifier.create(registry.quiescent()).expectComplete().verify(LONG);
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aBusyConnectionIsEndedOnTheServerTooWhenTheDrainTimesOut(Product product) {
        registry.register(database(product, "old").withPool(pool -> pool.drainTimeout(Duration.ofMillis(300))));
        Connection holder = Borrowing.borrowed(registry, "orders");
        String sleep = product == Product.POSTGRESQL ? "SELECT pg_sleep(60)" : "SELECT sleep(60)";
        StepVerifier.create(Borrowing.one(holder, sleep))
                .expectSubscription()
                .then(() -> registry.unregister("orders").block(LONG))
                .then(() -> Sessions.awaitNone(databases.get(0)))
                .expectErrorSatisfies(failure -> assertThat(failure).isInstanceOf(R2dbcException.class))
                .verify(LONG);
        Borrowing.close(holder);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aDisposedNameClosesItsConnectionsAndOpensAgainWhenItIsUsed(Product product) {
        registry.register(database(product, "old"));
        for (Function<ReactiveConnectionRegistry, Mono<Void>> ending :
                List.<Function<ReactiveConnectionRegistry, Mono<Void>>>of(
                        all -> all.dispose("orders"),
                        ReactiveConnectionRegistry::disposeAll,
                        all -> all.recreate("orders"))) {
            assertThat(tag().block(LONG)).isEqualTo("old");
            assertThat(registry.status("orders").open()).isTrue();
            StepVerifier.create(ending.apply(registry)).expectComplete().verify(LONG);
            assertThat(registry.status("orders").open()).isFalse();
            Sessions.awaitNone(databases.get(0));
        }
        assertThat(tag().block(LONG)).isEqualTo("old");
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void closingWaitsForWhoHoldsAndRefusesWhoWaitsAndWhoComes(Product product) {
        registry.register(database(product, "old").withPool(pool -> pool.maxSize(1)));
        Connection holder = Borrowing.borrowed(registry, "orders");
        Mono<Void> closed = registry.close().cache();
        StepVerifier.create(tag())
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(closed::subscribe)
                .expectError(RegistryClosedException.class)
                .verify(Duration.ofSeconds(2));
        StepVerifier.create(tag()).verifyError(RegistryClosedException.class);
        assertThat(Borrowing.one(holder, "SELECT tag FROM me").block(LONG)).isEqualTo("old");
        StepVerifier.create(closed)
                .expectSubscription()
                .then(() -> Borrowing.close(holder))
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(registry.close()).expectComplete().verify(LONG);
        Sessions.awaitNone(databases.get(0));
    }

    private void awaitWaiting(int borrowers) {
        Waiting.until(
                borrowers + " waiting", () -> registry.status("orders").counts().waiting() == borrowers);
    }
}
