package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.readYourWrites;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.core.Route;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.context.Context;

/** From a name that stands for a primary and its replicas to a member, on databases that copy nothing. */
@Tag("once")
class ReplicaRouterTests {

    private static final RoutingHint ORDERS = usingConnection("orders");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().timer(time).build());
    private final ReplicaRouter replicas = ReplicaRouter.over(registry);
    private final SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, replicas));
    private final List<Database> databases = new ArrayList<>();

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
        databases.forEach(Database::close);
        time.dispose();
    }

    private void members(String... names) {
        for (String name : names) {
            Database database = Databases.create(Product.SQLITE);
            databases.add(database);
            registry.register(name, database.url());
        }
    }

    /** Quick by the clock of the test, and with a time-out that this clock does not reach while a database answers. */
    private void group(UnaryOperator<ReplicaGroup.Builder> settings) {
        members("p", "r1", "r2");
        replicas.replace(
                "orders",
                settings.apply(ReplicaGroup.builder("p")
                                .replica("r1")
                                .replica("r2")
                                .probe(Duration.ofMillis(10), Duration.ofMinutes(1)))
                        .build());
    }

    private Mono<Route> route(RoutingHint... hints) {
        return route(Context.empty(), false, hints);
    }

    private Mono<Route> route(Context outer, boolean readOnlyTransaction, RoutingHint... hints) {
        Context context = outer;
        for (RoutingHint hint : hints) {
            context = hint.apply(context);
        }
        return new HintBinding(RoutingRules.of(registry, replicas), context, true).resolve(readOnlyTransaction);
    }

    private String reader(RoutingHint... more) {
        List<RoutingHint> hints = new ArrayList<>(List.of(ORDERS, readOnly()));
        hints.addAll(List.of(more));
        return route(hints.toArray(RoutingHint[]::new))
                .map(Route::connectionName)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    private Map<String, Integer> readers(int times) {
        Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < times; i++) {
            counts.merge(reader(), 1, Integer::sum);
        }
        return counts;
    }

    /** Lets the members be probed, and waits until all have answered or failed. */
    private void probed(String state, BooleanSupplier reached) {
        Waiting.until(state, () -> {
            time.advanceTimeBy(Duration.ofMillis(10));
            route(ORDERS).block(PATIENCE);
            return reached.getAsBoolean();
        });
    }

    private boolean inRotation(String name) {
        return replicas.replicas("orders").stream()
                .anyMatch(replica -> replica.connectionName().equals(name) && replica.inRotation());
    }

    @Test
    void whatWritesGoesToThePrimaryAndWhatReadsToAReplica() {
        group(builder -> builder);
        StepVerifier.create(route(ORDERS)).expectNext(Route.to("p")).verifyComplete();
        StepVerifier.create(route(ORDERS, readWrite()))
                .expectNext(Route.to("p"))
                .verifyComplete();
        StepVerifier.create(route(ORDERS, readOnly()))
                .expectNext(new Route("r1", true, null))
                .verifyComplete();
        StepVerifier.create(route(Context.empty(), true, ORDERS))
                .as("a transaction that only reads")
                .expectNext(new Route("r2", true, null))
                .verifyComplete();
        StepVerifier.create(route(ORDERS, readOnly(), ReadConsistency.PRIMARY))
                .expectNext(new Route("p", true, null))
                .verifyComplete();
        StepVerifier.create(route(ORDERS, readOnly(), ReadConsistency.SESSION))
                .as("a session without a token")
                .expectNext(new Route("p", true, null))
                .verifyComplete();
        StepVerifier.create(route(usingConnection("r2"), readOnly()))
                .as("a replica by its own name")
                .expectNext(new Route("r2", true, null))
                .verifyComplete();
    }

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
    void selectorsSpreadTheReads() {
        group(builder -> builder);
        assertThat(readers(10)).isEqualTo(Map.of("r1", 5, "r2", 5));
        replicas.update(
                "orders",
                group -> group.mutate()
                        .selector(list -> list.get(list.size() - 1))
                        .build());
        assertThat(readers(3)).isEqualTo(Map.of("r2", 3));
        replicas.update(
                "orders",
                group -> group.mutate()
                        .withoutReplica("r2")
                        .replica("r2", 0)
                        .selector(ReplicaSelector.weighted())
                        .build());
        assertThat(readers(10)).isEqualTo(Map.of("r1", 10));
    }

    @Test
    void theLeastUsedAndTheQuickestReplicaIsChosenByWhatIsKnownOfIt() {
        Replica idle = new Replica("idle", 1, 0, Duration.ofMillis(9), null, true);
        Replica busy = new Replica("busy", 1, 3, Duration.ofMillis(1), null, true);
        Replica fresh = new Replica("fresh", 1, 1, null, null, true);
        assertThat(ReplicaSelector.leastInUse().select(List.of(busy, idle, fresh)))
                .isEqualTo(idle);
        assertThat(ReplicaSelector.lowestLatency().select(List.of(idle, busy))).isEqualTo(busy);
        assertThat(ReplicaSelector.lowestLatency().select(List.of(idle, busy, fresh)))
                .isEqualTo(fresh);
    }

    @Test
    void aReplicaThatDoesNotAnswerLeavesTheRotationAndComesBack() {
        group(builder -> builder);
        registry.unregister("r1").block(PATIENCE);
        assertThat(readers(4)).isEqualTo(Map.of("r2", 4));
        registry.register("r1", "r2dbc:sqlite:///no/such/folder/file");
        probed("r1 has failed its probe", () -> !inRotation("r1"));
        assertThat(readers(4)).isEqualTo(Map.of("r2", 4));
        registry.replace(ConnectionDefinition.of("r1", databases.get(1).url())).block(PATIENCE);
        probed("r1 is back", () -> inRotation("r1"));
        assertThat(readers(4)).isEqualTo(Map.of("r1", 2, "r2", 2));
    }

    @Test
    void withoutAnyReplicaThePrimaryServesOrTheReadFails() {
        members("p");
        replicas.replace("orders", ReplicaGroup.of("p"));
        assertThat(reader()).isEqualTo("p");
        assertThat(reader(ReadConsistency.bounded(Duration.ofSeconds(1)))).isEqualTo("p");
        replicas.update(
                "orders",
                group -> group.mutate()
                        .withoutReplica(ReplicaGroup.WithoutReplica.ERROR)
                        .build());
        StepVerifier.create(route(ORDERS, readOnly()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NoReplicaException.class)
                        .hasMessage(
                                "'orders' has no replica in its rotation, of 0: they do not answer their probes, or are too"
                                        + " far behind. Try again later, read with ReadConsistency.PRIMARY, or let the group use its"
                                        + " primary with withoutReplica(PRIMARY)."))
                .verify();
        assertThat(reader(ReadConsistency.PRIMARY)).isEqualTo("p");
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

    @Test
    void aGroupCanPreventWritesOnItsReads() {
        group(ReplicaGroup.Builder::preventWrites);
        StepVerifier.create(route(ORDERS, readOnly()).map(Route::preventsWrites))
                .expectNext(true)
                .verifyComplete();
        StepVerifier.create(route(ORDERS).map(Route::preventsWrites))
                .expectNext(false)
                .verifyComplete();
        StepVerifier.create(route(usingConnection("p"), preventWrites()))
                .expectNext(new Route("p", true, null, null, true))
                .verifyComplete();
    }

    @Test
    void groupsChangeWhileTheyAreUsed() {
        group(builder -> builder);
        assertThat(replicas.version("orders")).isEqualTo(1);
        members("r3");
        assertThat(replicas.update(
                        "orders", group -> group.mutate().replica("r3").build()))
                .isEqualTo(2);
        assertThat(readers(6)).isEqualTo(Map.of("r1", 2, "r2", 2, "r3", 2));
        replicas.update("orders", group -> group.mutate().withoutReplica("r1").build());
        assertThat(readers(4)).isEqualTo(Map.of("r2", 2, "r3", 2));
        replicas.update("orders", group -> group.mutate().primary("r2").build());
        StepVerifier.create(route(ORDERS)).expectNext(Route.to("r2")).verifyComplete();
        assertThat(readers(2)).isEqualTo(Map.of("r3", 2));
        assertThat(replicas.remove("orders").version("orders")).isZero();
        StepVerifier.create(route(ORDERS)).expectNext(Route.to("orders")).verifyComplete();
    }

    @Test
    void aShardCanHaveReplicas() {
        members("s1", "s2", "s1copy");
        ShardRouter shards = ShardRouter.over(registry)
                .replace(
                        "customers",
                        ShardMap.list().shard("s1", "a").shard("s2", "b").build());
        replicas.replace("s1", ReplicaGroup.of("s1", "s1copy"));
        Context key =
                Routing.usingShardKey("a").apply(usingConnection("customers").apply(Context.empty()));
        HintBinding reading = new HintBinding(
                RoutingRules.of(registry, shards.then(replicas)), readOnly().apply(key), true);
        StepVerifier.create(reading.resolve(false))
                .expectNext(new Route("s1copy", true, null))
                .verifyComplete();
        HintBinding writing = new HintBinding(RoutingRules.of(registry, shards.then(replicas)), key, true);
        StepVerifier.create(writing.resolve(false)).expectNext(Route.to("s1")).verifyComplete();
    }

    @Test
    void aWrongGroupIsRefusedInWords() {
        members("p", "r1");
        assertThatThrownBy(() -> replicas.replace("orders", ReplicaGroup.of("p", "nobody")))
                .hasMessage(
                        "The replica group of 'orders' was refused: no connection 'nobody' is registered. Register it before"
                                + " it becomes a member, or look it up once where a directory knows it.");
        assertThatThrownBy(() -> replicas.replace("r1", ReplicaGroup.of("p")))
                .hasMessage(
                        "The replica group of 'r1' was refused: a connection is registered under that name itself and is not"
                                + " the primary. Choose a name for the whole that no connection has, or make that connection the"
                                + " primary.");
        assertThatThrownBy(() -> ReplicaGroup.of("p", "r1", "r1"))
                .hasMessage("The replica group was refused: 'r1' is a member already. Name each server once.");
        assertThatThrownBy(() -> ReplicaGroup.of("p", "p")).isInstanceOf(InvalidReplicaGroupException.class);
        assertThatThrownBy(() -> ReplicaGroup.builder("p").replica("r1", 1001))
                .hasMessage(
                        "The replica group was refused: replica 'r1' came with weight 1001 beside 0 others. Give weights from"
                                + " 0 to 1,000 to at most 100 replicas.");
        assertThatThrownBy(() -> ReplicaGroup.builder("p").probe(Duration.ZERO, Duration.ofSeconds(1)))
                .hasMessage("The replica group was refused: interval is PT0S. Give one from PT0.01S to PT1H.");
        assertThatThrownBy(() -> replicas.update("orders", group -> group))
                .hasMessage(
                        "The replica group of 'orders' was refused: the name has none that could be changed. Give it one with"
                                + " replace(..).");
        assertThatThrownBy(() -> ReadConsistency.bounded(Duration.ofMinutes(2)))
                .hasMessage("A replica was to be at most PT2M behind. Allowed: longer than zero and at most PT1M."
                        + " ReadConsistency.ANY takes a replica however far behind, PRIMARY takes none.");
        replicas.replace(
                "orders",
                ReplicaGroup.builder("p")
                        .replica("r1")
                        .selector(list -> new Replica("r9", 1, 0, null, null, true))
                        .build());
        StepVerifier.create(route(ORDERS, readOnly()))
                .expectErrorMessage(
                        "The replica group of 'orders' was refused: its selector chose none of the 1 replicas that it"
                                + " was given. Let it return one of the list.")
                .verify();
    }

    @Test
    void aGroupIsProbedWhileItIsUsedAndNotAfterwards() {
        group(builder -> builder);
        assertThat(registry.status("r1").open()).as("before the first route").isFalse();
        probed(
                "all are probed",
                () -> replicas.replicas("orders").stream().allMatch(replica -> replica.latency() != null));
        time.advanceTimeBy(Duration.ofMinutes(2));
        Waiting.until("the watching has ended", () -> {
            time.advanceTimeBy(Duration.ofSeconds(2));
            return !Boolean.TRUE.equals(isWatched());
        });
        route(ORDERS).block(PATIENCE);
        assertThat(isWatched()).isTrue();
    }

    private Boolean isWatched() {
        GroupWatch watch = replicas.watch("orders");
        return watch != null && watch.isWatching();
    }
}
