package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.Route;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** From a name that stands for a primary and its replicas to a member, on databases that copy nothing. */
@Tag("once")
class ReplicaRouterTests extends ReplicaGroups {

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

    @Test
    void aWriterAfterAPauseDoesNotTrustWhatWasKnownBefore() {
        group(builder -> builder.followPrimary()
                .probe(Duration.ofMillis(10), Duration.ofSeconds(5))
                .holdWriters(Duration.ofSeconds(20)));
        StepVerifier.create(route(ORDERS)).expectNext(Route.to("p")).verifyComplete();
        time.advanceTimeBy(Duration.ofMinutes(2));
        Waiting.until("the watching has ended", () -> {
            time.advanceTimeBy(Duration.ofSeconds(2));
            return !Boolean.TRUE.equals(isWatched());
        });
        registry.replace(ConnectionDefinition.of("p", "r2dbc:sqlite:///no/such/folder/file"))
                .block(PATIENCE);
        StepVerifier.create(route(ORDERS))
                .then(() -> time.advanceTimeBy(Duration.ofSeconds(20)))
                .expectError(NoPrimaryException.class)
                .verify(PATIENCE);
    }

    @Test
    void aGroupThatFollowsItsPrimaryIsWatchedWhileAConnectionToItIsHeld() {
        group(ReplicaGroup.Builder::followPrimary);
        SwitchboardConnection held = registry.connect(
                new HintBinding(RoutingRules.of(registry, replicas), ORDERS.apply(Context.empty()), true));
        held.open().block(PATIENCE);
        GroupWatch watch = Objects.requireNonNull(replicas.watch("orders"));
        time.advanceTimeBy(Duration.ofMinutes(2));
        assertThat(watch.goesOn()).isTrue();
        held.close().block(PATIENCE);
        Waiting.until("the probes are back and nobody holds one", () -> !watch.goesOn());
    }

    @Test
    void whatAMemberSaidAsAPrimaryIsNoMeasureOfItAsAReplica() {
        ReplicaMember member = new ReplicaMember("r1", registry, time);
        ServerState state = ServerState.mariadb(true, "0-1-100");
        member.answered(state, 0, ServerState.Part.PRIMARY);
        assertThat(member.positionWithin(PATIENCE)).isNull();
        member.answered(state, 0, ServerState.Part.REPLICA);
        assertThat(member.positionWithin(PATIENCE)).isEqualTo(state.position());
    }

    @Test
    void aFullPoolExcusesAFewProbesAndNotAllOfThem() {
        registry.register(
                ConnectionDefinition.of("full", "r2dbc:h2:mem:///full").withPool(pool -> pool.maxSize(1)));
        SwitchboardConnection held = registry.connect(new HintBinding(
                RoutingRules.of(registry, null), usingConnection("full").apply(Context.empty()), true));
        held.open().block(PATIENCE);
        ReplicaMember member = new ReplicaMember("full", registry, time);
        for (int i = 0; i < ReplicaMember.MOST_BUSY; i++) {
            member.failed(new IllegalStateException("no connection"), false);
            assertThat(member.isFailing()).isFalse();
        }
        member.failed(new IllegalStateException("no connection"), false);
        assertThat(member.isFailing()).isTrue();
        member.answered(new ServerState(null, false, null), 0, ServerState.Part.REPLICA);
        member.failed(new IllegalStateException("no connection"), false);
        assertThat(member.isFailing()).as("it has answered since").isFalse();
        held.close().block(PATIENCE);
    }

    private Boolean isWatched() {
        GroupWatch watch = replicas.watch("orders");
        return watch != null && watch.isWatching();
    }
}
