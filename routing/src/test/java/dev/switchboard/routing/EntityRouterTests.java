package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static dev.switchboard.routing.Routing.usingEntity;
import static dev.switchboard.routing.Routing.usingShardKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Queries go where their entity lives. */
@Tag("once")
class EntityRouterTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String WHO = "SELECT name FROM who";

    @Retention(RetentionPolicy.RUNTIME)
    @interface Stored {
        String at();
    }

    private static class Customer {}

    private static class Company extends Customer {}

    private static final class Invoice {}

    @Stored(at = "orders")
    private static class Order {}

    @Stored(at = "crm")
    private static final class Complaint extends Customer {}

    private static final class Unknown {}

    private static final Fleet FLEET = Fleet.of(Product.SQLITE, "crm", "crm_read", "orders", "other");
    private static final EntityRouter ENTITIES =
            Router.byEntity(entities -> entities.entity(Customer.class, "crm_read", "crm")
                    .entity(Invoice.class, "crm_read", "crm")
                    .annotated(Stored.class, stored -> EntityRouter.Names.of(stored.at())));
    private static final SqlClient DB = over(ENTITIES);

    private static SqlClient over(Router router) {
        return SqlClient.over(RoutingConnectionFactory.over(FLEET.registry(), router));
    }

    @AfterAll
    static void stop() {
        FLEET.close();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        FLEET.awaitRest();
        assertThat(FLEET.inUse()).isZero();
    }

    private static Mono<String> read(Class<?> type) {
        return DB.forEntity(type).query(WHO).map(String.class).one();
    }

    private static Mono<String> write(Class<?> type) {
        return DB.forEntity(type).update(WHO).map(String.class).one();
    }

    private static Mono<String> plain(SqlClient db) {
        return db.sql(WHO).map(String.class).one();
    }

    private static void expect(Mono<String> query, String name) {
        StepVerifier.create(query).expectNext(name).expectComplete().verify(PATIENCE);
    }

    private static void expectConflict(Mono<String> query) {
        StepVerifier.create(query).expectError(RouteConflictException.class).verify(PATIENCE);
    }

    @Test
    void whatReadsGoesToTheReadNameAndWhatWritesToTheWriteName() {
        expect(read(Customer.class), "crm_read");
        expect(write(Customer.class), "crm");
        expect(read(Order.class), "orders");
        expect(write(Order.class), "orders");
        expect(read(Company.class), "crm_read");
        expect(read(Complaint.class), "crm");
        expect(plain(DB).contextWrite(usingEntity(Customer.class)), "crm");
        expect(plain(DB).contextWrite(readOnly()).contextWrite(usingEntity(Customer.class)), "crm_read");
        StepVerifier.create(DB.forEntity(Order.class)
                        .insertInto("note")
                        .rows(List.of(new Note(1, "x")))
                        .rowsUpdated()
                        .then(FLEET.notes().contextWrite(usingConnection("orders"))))
                .expectNext(List.of(1))
                .expectComplete()
                .verify(PATIENCE);
    }

    record Note(int id, String body) {}

    @Test
    void theScopeAroundSaysHowItReadsAndNeverLetsAPreventedWriteThrough() {
        expect(read(Customer.class).contextWrite(readWrite()), "crm");
        expect(write(Customer.class).contextWrite(readOnly()), "crm");
        expect(write(Customer.class).contextWrite(preventWrites()), "crm_read");
        StepVerifier.create(DB.forEntity(Customer.class)
                        .update("INSERT INTO note (id, body) VALUES (1, 'x')")
                        .rowsUpdated()
                        .contextWrite(preventWrites()))
                .expectError()
                .verify(PATIENCE);
    }

    @Test
    void aNameBesideAnEntityIsOneOfItsNamesOrRefused() {
        expect(read(Customer.class).contextWrite(usingConnection("crm_read")), "crm_read");
        expect(read(Customer.class).contextWrite(usingConnection("crm")), "crm");
        expect(write(Customer.class).contextWrite(usingConnection("crm")), "crm");
        expectConflict(write(Customer.class).contextWrite(usingConnection("crm_read")));
        expectConflict(read(Customer.class).contextWrite(usingConnection("orders")));
        expectConflict(read(Customer.class).contextWrite(usingDefaultConnection()));
        StepVerifier.create(read(Customer.class).contextWrite(usingConnection("orders")))
                .expectErrorMessage(
                        "This scope holds the route of the entity Customer, and connection 'orders' was asked for"
                                + " inside. It is read at 'crm_read'. Remove the name from the scope, or the entity.")
                .verify(PATIENCE);
    }

    @Test
    void anEntityWithoutARuleIsNoOpinion() {
        expect(read(Unknown.class).contextWrite(usingConnection("other")), "other");
        StepVerifier.create(read(Unknown.class))
                .expectError(NoRouteException.class)
                .verify(PATIENCE);
        SqlClient others = over(Router.byEntity(entities -> entities.otherwise("crm_read", "crm")));
        expect(others.forEntity(Unknown.class).query(WHO).map(String.class).one(), "crm_read");
        expect(others.forEntity(Unknown.class).update(WHO).map(String.class).one(), "crm");
        StepVerifier.create(plain(others)).expectError(NoRouteException.class).verify(PATIENCE);
    }

    @Test
    void anEntityThatNobodyKnowsAnythingAboutIsAnError() {
        StepVerifier.create(plain(FLEET.db())
                        .contextWrite(usingEntity(Customer.class))
                        .contextWrite(usingConnection("crm")))
                .expectErrorMessage(
                        "No connection was chosen: the Context only has [entity Customer, connection 'crm']. Nobody"
                                + " here knows where entities live. Give the factory a router that does,"
                                + " RoutingConnectionFactory.over(registry, Router.byEntity(..)), or remove the entity.")
                .verify(PATIENCE);
    }

    @Test
    void theFirstRouterWithAnOpinionDecidesAndTheOthersAreNotAsked() {
        AtomicInteger asked = new AtomicInteger();
        Router same = (soFar, hints) ->
                Mono.just(hints.get(Shard.class) == null ? soFar : soFar.withConnectionName(soFar.connectionName()));
        Router last = (soFar, hints) -> {
            asked.incrementAndGet();
            return Mono.just(soFar.withConnectionName("other"));
        };
        SqlClient db = over(Router.firstOf(ENTITIES, same, last));

        expect(plain(db).contextWrite(usingEntity(Order.class)), "orders");
        expect(plain(db).contextWrite(new Shard(1)).contextWrite(usingConnection("crm")), "crm");
        assertThat(asked).hasValue(0);
        expect(plain(db).contextWrite(usingEntity(Unknown.class)).contextWrite(usingConnection("crm")), "other");
        assertThat(asked).hasValue(1);
        expect(plain(over(Router.firstOf(ENTITIES))).contextWrite(usingConnection("crm")), "crm");
    }

    @Test
    void aTransactionIsAboutTheEntityOfItsFirstStatementAndServesThoseThatLiveThere() {
        Mono<String> both = write(Customer.class).then(read(Invoice.class));

        expect(DB.inTransaction(both), "crm");
        expect(DB.inTransaction(both).contextWrite(usingEntity(Company.class)), "crm");
        expectConflict(DB.inTransaction(write(Customer.class).then(write(Order.class))));
        expectConflict(DB.inTransaction(write(Customer.class)).contextWrite(usingConnection("orders")));
        expect(
                DB.inTransaction(
                        read(Customer.class), TransactionOptions.defaults().withReadOnly(true)),
                "crm_read");
    }

    @Test
    void aTransactionThatHasRunSomethingElseTakesNoEntityIn() {
        expectConflict(DB.inTransaction(plain(DB).then(write(Customer.class))).contextWrite(usingConnection("crm")));
        expectConflict(DB.inTransaction(write(Customer.class).then(plain(DB).contextWrite(usingEntity(Order.class)))));
    }

    @Test
    void aRouterThatMayKnowEntitiesIsNotGuessedAbout() {
        Router unknown = (soFar, hints) -> Mono.just(soFar);
        SqlClient db = over(ENTITIES.then(unknown));
        Mono<String> customer =
                db.forEntity(Customer.class).update(WHO).map(String.class).one();
        Mono<String> invoice =
                db.forEntity(Invoice.class).update(WHO).map(String.class).one();

        expect(db.inTransaction(customer.then(customer)), "crm");
        expectConflict(db.inTransaction(customer.then(invoice)));
        SqlClient replicated =
                over(ENTITIES.then(ShardRouter.over(FLEET.registry())).then(ReplicaRouter.over(FLEET.registry())));
        expect(
                replicated.inTransaction(replicated
                        .forEntity(Customer.class)
                        .update(WHO)
                        .map(String.class)
                        .one()
                        .then(replicated
                                .forEntity(Invoice.class)
                                .update(WHO)
                                .map(String.class)
                                .one())),
                "crm");
    }

    @Test
    void anEntityMayLiveInShards() {
        ShardRouter shards = ShardRouter.over(FLEET.registry())
                .replace("all", ShardMap.hash("crm", "orders"))
                .replace("fallback", ShardMap.hash("other"))
                .defaultLogicalName("fallback");
        SqlClient db = over(Router.byEntity(
                        entities -> entities.entity(Customer.class, "all").entity(Invoice.class, "crm_read"))
                .then(shards));
        Mono<List<String>> found = Flux.range(0, 20)
                .concatMap(key -> db.forEntity(Customer.class)
                        .query(WHO)
                        .map(String.class)
                        .one()
                        .contextWrite(usingShardKey(key)))
                .distinct()
                .sort()
                .collectList();

        StepVerifier.create(found)
                .expectNext(List.of("crm", "orders"))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(plain(db).contextWrite(usingShardKey(1)))
                .expectNext("other")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(db.forEntity(Invoice.class)
                        .query(WHO)
                        .map(String.class)
                        .one()
                        .contextWrite(usingShardKey(1)))
                .as("a key for what has no shards is not led to those of the default")
                .expectError(NoShardException.class)
                .verify(PATIENCE);
    }

    @Test
    void severalDatabasesAreToldApartByWhereEntitiesLive() {
        TransactionOptions several = TransactionOptions.defaults().withGuarantee(TransactionGuarantee.BEST_EFFORT);
        Mono<List<String>> three = Flux.concat(write(Customer.class), write(Invoice.class), write(Order.class))
                .collectList();

        StepVerifier.create(DB.inTransaction(three, several))
                .expectNext(List.of("crm", "crm", "orders"))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void anExplanationNamesTheEntityAndDecidesNothing() {
        RoutingConnectionFactory routed = RoutingConnectionFactory.over(FLEET.registry(), ENTITIES);
        SqlClient db = SqlClient.over(routed);
        Mono<String> explained = routed.explain()
                .map(RouteExplanation::toString)
                .contextWrite(readOnly())
                .contextWrite(usingEntity(Customer.class));

        expect(
                explained,
                "Route to 'crm_read', only reading, for [READ_ONLY, entity Customer]; no name: the default of the registry;"
                        + " 'crm_read': where the entity Customer is read");
        expect(
                db.inTransaction(explained.then(
                        db.forEntity(Order.class).update(WHO).map(String.class).one())),
                "orders");
    }

    @Test
    void aRuleNeedsNamesThatCanBe() {
        assertThatThrownBy(() -> Router.byEntity(entities -> entities.entity(Order.class, " ")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(ENTITIES).hasToString("EntityRouter[3 rules]");
        assertThat(ENTITIES.names(Unknown.class)).isNull();
    }
}
