package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readYourWrites;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.Route;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.core.QueryInfo;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** What a write does to its session, and to whoever writes when the primary has gone, on databases that copy nothing. */
@Tag("once")
class ReplicaWritesTests extends ReplicaGroups {

    @Test
    void inATransactionThatMayWriteEverythingStaysOnThePrimary() {
        group(builder -> builder);
        for (String name : List.of("p", "r1", "r2")) {
            db.sql("CREATE TABLE who AS SELECT '" + name + "' AS name")
                    .rowsUpdated()
                    .contextWrite(usingConnection(name))
                    .block(PATIENCE);
        }
        Mono<String> who = db.sql("SELECT name FROM who").map(String.class).one();
        Mono<List<String>> inside = Flux.concat(
                        who,
                        who.contextWrite(readOnly()),
                        who.contextWrite(ReadConsistency.ANY).contextWrite(readOnly()),
                        who.contextWrite(readYourWrites()))
                .collectList();
        StepVerifier.create(db.inTransaction(inside).contextWrite(ORDERS))
                .expectNext(List.of("p", "p", "p", "p"))
                .verifyComplete();
        StepVerifier.create(who.contextWrite(readOnly()).contextWrite(ORDERS))
                .expectNext("r1")
                .verifyComplete();
        TransactionOptions reading = TransactionOptions.defaults().withReadOnly(true);
        Mono<String> stronger = who.contextWrite(ReadConsistency.PRIMARY);
        StepVerifier.create(db.inTransaction(who.then(stronger), reading).contextWrite(ORDERS))
                .as("a replica cannot become fresher under a transaction")
                .verifyError(RouteConflictException.class);
    }

    @Test
    void withoutPositionsAWriteHoldsItsReadsOnThePrimaryForAWhile() {
        group(builder -> builder.writeWindow(Duration.ofSeconds(2)));
        SessionToken token = SessionToken.create();
        db.sql("CREATE TABLE t (id INT)")
                .rowsUpdated()
                .contextWrite(readYourWrites(token))
                .contextWrite(ORDERS)
                .block(PATIENCE);
        Context session = readYourWrites(token).apply(Context.empty());
        Mono<String> name =
                Mono.defer(() -> route(session, false, ORDERS, readOnly())).map(Route::connectionName);
        StepVerifier.create(name).expectNext("p").verifyComplete();
        time.advanceTimeBy(Duration.ofMillis(1999));
        StepVerifier.create(name).expectNext("p").verifyComplete();
        time.advanceTimeBy(Duration.ofMillis(1));
        StepVerifier.create(name).expectNext("r1").verifyComplete();
        assertThat(reader(ReadConsistency.bounded(Duration.ofSeconds(1))))
                .as("nothing is known of how far behind it is")
                .isEqualTo("p");
    }

    @Test
    void aPositionThatIsTooLargeIsNotTakenForNone() {
        group(builder -> builder);
        GroupWatch watch = Objects.requireNonNull(replicas.watch("orders"));
        assertThat(watch.placeOfWrite(ServerState.mariadb(true, ""))).isInstanceOf(WrittenAt.class);
        assertThat(watch.placeOfWrite(ServerState.mariadb(true, "0-1-1,".repeat(65) + "0-1-1")))
                .isNull();
        assertThat(watch.placeOfWrite(ServerState.mariadb(false, "0-1-1"))).isNull();
    }

    @Test
    void aWriteWhoseEndIsNotKnownHoldsItsReadsOnThePrimary() {
        group(builder -> builder);
        SessionToken token = SessionToken.create();
        assertThat(token.need("orders")).isEqualTo(SessionToken.Need.NOTHING);
        Mono<SessionToken.Need> during =
                db.sql("CREATE TABLE t (id INT)").rowsUpdated().then(Mono.fromSupplier(() -> token.need("orders")));
        Mono<SessionToken.Need> inTransaction =
                db.inTransaction(during).contextWrite(readYourWrites(token)).contextWrite(ORDERS);
        StepVerifier.create(inTransaction).expectNext(SessionToken.Need.PRIMARY).verifyComplete();
        assertThat(token.need("orders").position()).isInstanceOf(WrittenAt.class);
    }

    @Test
    void aWriteThatIsSentWhileThePositionIsAskedForIsNotForgotten() {
        group(builder -> builder);
        SessionToken token = SessionToken.create();
        GroupWatch watch = Objects.requireNonNull(replicas.watch("orders"));
        WriteWatch writes = new GroupWrites(replicas, watch, "p", token, false);
        Connection connection = Mono.from(registry.connectionFactory("p").create())
                .blockOptional(PATIENCE)
                .orElseThrow();
        writes.writing(Context.empty());
        Mono<Void> first = writes.written(connection);
        writes.writing(Context.empty());
        first.block(PATIENCE);
        assertThat(token.need("orders")).isEqualTo(SessionToken.Need.PRIMARY);
        writes.written(connection).block(PATIENCE);
        assertThat(token.need("orders").position()).isInstanceOf(WrittenAt.class);
        assertThat(writes.written(connection)).as("nothing was sent since").isSameAs(Mono.<Void>empty());
        Mono.from(connection.close()).block(PATIENCE);
    }

    @Test
    void aWriteWhoseConnectionIsLostHoldsReadsOnThePrimaryUntilALaterOneIsKnown() {
        group(builder -> builder);
        SessionToken token = SessionToken.create();
        GroupWatch watch = Objects.requireNonNull(replicas.watch("orders"));
        HintBinding writer = new HintBinding(
                RoutingRules.of(registry, replicas), readYourWrites(token).apply(ORDERS.apply(Context.empty())), true);
        writer.lost();
        writer.resolve(false).block(PATIENCE);
        writer.sending(Context.empty(), false);
        writer.lost();
        writer.lost();
        assertThat(token.need("orders")).isEqualTo(SessionToken.Need.PRIMARY);
        LogPosition later = new WrittenAt(7);
        new GroupWrites(replicas, watch, "p", token, false).lost();
        token.recorded("orders", later, token.asking(), false);
        assertThat(token.need("orders").position()).isEqualTo(later);
    }

    @Test
    void aConnectionThatWasTakenBeforeItsPrimaryWasReplacedIsFencedWhereTheGroupFollowsIt() {
        group(ReplicaGroup.Builder::followPrimary);
        GroupWatch watch = Objects.requireNonNull(replicas.watch("orders"));
        WriteWatch writes = new GroupWrites(replicas, watch, "p", null, false);
        writes.writing(Context.empty());
        replicas.update("orders", group -> group.mutate().primary("r1").build());
        assertThatThrownBy(writes::committing)
                .isInstanceOf(PrimaryMovedException.class)
                .hasMessage(
                        "Connection 'p' is not the primary of 'orders' any more, and the handle was taken to write there."
                                + " Nothing of this was sent; begin again, with another connection.");
    }

    @Test
    void aSessionThatWroteToTheNewPrimaryIsNotSentToTheOldOne() {
        // In virtual time no wait for a replica would ever end.
        group(builder -> builder.followPrimary().catchUpWait(Duration.ZERO));
        GroupWatch watch = Objects.requireNonNull(replicas.watch("orders"));
        LogPosition written = new WalPosition(2, 100);
        said(watch, "p", true, 1);
        said(watch, "r1", false, 1);
        said(watch, "r2", false, 1);
        assertThat(watch.primaryWith(new WalPosition(1, 100)))
                .as("what was written to it")
                .isEqualTo("p");
        assertThat(watch.primaryWith(written)).as("the timeline of another one").isNull();
        watch.member("r1").failed(new IllegalStateException("no answer"), true);
        assertThat(watch.anyWith(written)).as("one does not answer").isNull();
        said(watch, "r1", true, 2);
        assertThat(watch.anyWith(written)).as("the one that was promoted").isEqualTo("r1");
        said(watch, "p", true, 3);
        assertThat(watch.primaryWith(written)).as("promoted later").isEqualTo("p");
        SessionToken token = SessionToken.create();
        token.recorded("orders", new WalPosition(4, 100), token.asking(), false);
        registry.unregister("r2").block(PATIENCE);
        StepVerifier.create(route(
                        readYourWrites(token).apply(Context.empty()),
                        false,
                        ORDERS,
                        readOnly(),
                        ReadConsistency.SESSION))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NoReplicaException.class)
                        .hasMessageStartingWith("No member of 'orders' that answers has what this session wrote"))
                .verify(PATIENCE);
    }

    private static void said(GroupWatch watch, String member, boolean writable, long timeline) {
        watch.member(member)
                .answered(new ServerState(writable, true, new WalPosition(timeline, 1)), 0, ServerState.Part.REPLICA);
    }

    @Test
    void aWriteThatWaitedForItsConnectionIsFencedAndCountsForNothing() {
        members("r1");
        registry.register(ConnectionDefinition.of("p", "r2dbc:h2:mem:///waits").withPool(pool -> pool.maxSize(1)));
        replicas.replace(
                "orders",
                ReplicaGroup.builder("p").replica("r1").followPrimary().build());
        route(ORDERS).block(PATIENCE);
        Waiting.until("the probe is back", () -> registry.status("p").counts().inUse() == 0);
        SwitchboardConnection holder = registry.connect(new HintBinding(
                RoutingRules.of(registry, null), usingConnection("p").apply(Context.empty()), true));
        holder.open().block(PATIENCE);
        SessionToken token = SessionToken.create();
        CompletableFuture<Long> write = db.sql("CREATE TABLE t (id INT)")
                .rowsUpdated()
                .contextWrite(readYourWrites(token))
                .contextWrite(ORDERS)
                .toFuture();
        Waiting.until(
                "it waits for the connection",
                () -> registry.status("p").counts().waiting() == 1);
        replicas.update("orders", group -> group.mutate().primary("r1").build());
        holder.close().block(PATIENCE);
        assertThat(write).failsWithin(PATIENCE).withThrowableThat().withCauseInstanceOf(PrimaryMovedException.class);
        assertThat(token.isEmpty()).isTrue();
    }

    @Test
    void writersWaitNoLongerThanTheyAreHeldForAPrimaryThatDoesNotAnswer() {
        group(builder -> builder.followPrimary()
                .probe(Duration.ofMillis(10), Duration.ofSeconds(5))
                .holdWriters(Duration.ofSeconds(20)));
        registry.replace(ConnectionDefinition.of("p", "r2dbc:sqlite:///no/such/folder/file"))
                .block(PATIENCE);
        StepVerifier.create(route(ORDERS))
                .then(() -> time.advanceTimeBy(Duration.ofMillis(19_999)))
                .then(() -> time.advanceTimeBy(Duration.ofMillis(1)))
                .expectErrorMessage(
                        "No member of 'orders' takes writes at this moment, and none did for 20000 ms. Try again"
                                + " later, or let writers wait longer with holdWriters(..) of the ReplicaGroup.")
                .verify(PATIENCE);
    }

    @Test
    void aSessionCostsOneStatementForEachConnectionThatWroteAndNothingElse() {
        List<String> sent = new CopyOnWriteArrayList<>();
        Database database = Databases.create(Product.SQLITE);
        databases.add(database);
        registry.register(ConnectionDefinition.of(
                "counted",
                ProxyConnectionFactory.builder(ConnectionFactories.get(database.url()))
                        .onAfterQuery(execution -> execution.getQueries().stream()
                                .map(QueryInfo::getQuery)
                                .forEach(sent::add))
                        .build()));
        replicas.replace(
                "orders",
                ReplicaGroup.builder("counted")
                        .probe(Duration.ofHours(1), Duration.ofMinutes(1))
                        .build());
        Mono<Long> write = db.sql("INSERT INTO t VALUES (1)").rowsUpdated();
        db.sql("CREATE TABLE t (id INT)").rowsUpdated().contextWrite(ORDERS).block(PATIENCE);
        Waiting.until("the only probe of the hour", () -> sent.contains("SELECT 1"));

        sent.clear();
        db.inTransaction(write.then(write)).then(write).contextWrite(ORDERS).block(PATIENCE);
        assertThat(sent).as("without a session").hasSize(3).doesNotContain("SELECT 1");
        sent.clear();
        write.contextWrite(readYourWrites()).contextWrite(ORDERS).block(PATIENCE);
        assertThat(sent).containsExactly("INSERT INTO t VALUES (1)", "SELECT 1");
        sent.clear();
        db.inTransaction(write.then(write))
                .contextWrite(readYourWrites())
                .contextWrite(ORDERS)
                .block(PATIENCE);
        assertThat(sent).containsExactly("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "SELECT 1");
    }

    @Test
    void aWriterThatIsHeldFollowsAChangeOfTheGroup() {
        group(builder -> builder.followPrimary()
                .probe(Duration.ofMillis(10), Duration.ofSeconds(5))
                .holdWriters(Duration.ofSeconds(20)));
        registry.replace(ConnectionDefinition.of("p", "r2dbc:sqlite:///no/such/folder/file"))
                .block(PATIENCE);
        StepVerifier.create(route(ORDERS).map(Route::connectionName))
                .then(() -> replicas.update(
                        "orders", group -> group.mutate().primary("r1").build()))
                .expectNext("r1")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whatOnlyReadsMovesNoToken() {
        group(builder -> builder);
        SessionToken token = SessionToken.create();
        Mono<Integer> one = db.sql("SELECT 1").map(Integer.class).one();
        one.contextWrite(readOnly())
                .contextWrite(readYourWrites(token))
                .contextWrite(ORDERS)
                .block(PATIENCE);
        db.inTransaction(one, TransactionOptions.defaults().withReadOnly(true))
                .contextWrite(readYourWrites(token))
                .contextWrite(ORDERS)
                .block(PATIENCE);
        one.contextWrite(readYourWrites(token))
                .contextWrite(usingConnection("r1"))
                .block(PATIENCE);
        assertThat(token.isEmpty()).isTrue();
        one.contextWrite(readYourWrites(token)).contextWrite(ORDERS).block(PATIENCE);
        assertThat(token.isEmpty()).as("a query that is not marked may write").isFalse();
    }

    @Test
    void anOuterSessionIsTheSessionOfEverythingInside() {
        SessionToken token = SessionToken.create();
        Context outer = readYourWrites(token).apply(Context.empty());
        assertThat(SessionToken.from(readYourWrites().apply(outer))).isSameAs(token);
        Context chosen = readYourWrites().apply(ReadConsistency.ANY.apply(Context.empty()));
        assertThat(RouteHints.from(chosen).get(ReadConsistency.class)).isEqualTo(ReadConsistency.ANY);
        assertThat(SessionToken.from(readYourWrites().apply(Context.empty())))
                .isNotSameAs(SessionToken.from(readYourWrites().apply(Context.empty())));
    }
}
