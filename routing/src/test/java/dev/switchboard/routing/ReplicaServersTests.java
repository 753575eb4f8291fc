package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readYourWrites;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.FailureClass;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** With real replicas whose replay is paused and resumed: a session sees what it has written, and writes follow the primary. */
@Tag("once")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReplicaServersTests {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int PAIRS = TestSize.of(48, 10_000);
    private static final int WRITERS = 4;
    private static final Map<Product, ReplicaPair> PAIRS_OF_SERVERS = new EnumMap<>(Product.class);
    private static final AtomicInteger IDS = new AtomicInteger();

    private final AtomicInteger stale = new AtomicInteger();
    private final AtomicInteger byReplica = new AtomicInteger();
    private final AtomicInteger byPrimary = new AtomicInteger();

    @AfterAll
    static void close() {
        PAIRS_OF_SERVERS.values().forEach(ReplicaPair::close);
        PAIRS_OF_SERVERS.clear();
    }

    private static ReplicaPair pair(Product product) {
        return PAIRS_OF_SERVERS.computeIfAbsent(product, ReplicaPair::new);
    }

    /** Writes and reads again and again; between the turns the replay stops and goes on. */
    private void writeAndRead(ReplicaPair pair, int all, ReadConsistency consistency, boolean inTransaction) {
        ReplicaPair.Node node = pair.node();
        int turns = TestSize.of(2, 20);
        for (int turn = 0; turn < turns; turn++) {
            if (turn % 2 == 0) {
                pair.servers().pauseReplay();
            } else {
                pair.servers().resumeReplay();
            }
            int pairs = all / turns / WRITERS;
            Flux.range(0, WRITERS)
                    .flatMap(writer -> writer(pair, node, pairs, inTransaction)
                            .contextWrite(readYourWrites())
                            .contextWrite(consistency)
                            .contextWrite(usingConnection("orders")))
                    .blockLast(PATIENCE);
        }
    }

    private Flux<ReplicaPair.Shown> writer(ReplicaPair pair, ReplicaPair.Node node, int pairs, boolean inTransaction) {
        int id = IDS.incrementAndGet();
        return node.insert(id).thenMany(Flux.range(1, pairs).concatMap(value -> {
            Mono<Long> write = node.write(id, value);
            return (inTransaction ? node.db.inTransaction(write) : write)
                    .then(node.read(id)
                            .defaultIfEmpty(new ReplicaPair.Shown(
                                    -1, pair.servers().replica().port())))
                    .doOnNext(shown -> count(pair, value, shown));
        }));
    }

    private void count(ReplicaPair pair, int written, ReplicaPair.Shown shown) {
        boolean isReplica = shown.port() == pair.servers().replica().port();
        (isReplica ? byReplica : byPrimary).incrementAndGet();
        if (shown.value() != written) {
            stale.incrementAndGet();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aSessionNeverReadsWhatItHasOverwritten(Product product) {
        ReplicaPair pair = pair(product);
        writeAndRead(pair, PAIRS, ReadConsistency.SESSION, false);
        writeAndRead(pair, PAIRS, ReadConsistency.SESSION, true);
        assertThat(stale).hasValue(0);
        // In a few reads it may be too slow each time; that it serves those that it can is shown below.
        assertThat(TestSize.isFull() && byReplica.get() == 0)
                .as("no read by the replica")
                .isFalse();
        assertThat(byPrimary.get()).as("reads by the primary").isPositive();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void theSameReadsAreStaleWithoutASession(Product product) {
        ReplicaPair pair = pair(product);
        writeAndRead(pair, TestSize.of(48, 2_000), ReadConsistency.ANY, false);
        assertThat(stale.get()).isPositive();
        assertThat(byPrimary).hasValue(0);
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aTokenCarriesTheSessionToAnotherNode(Product product) {
        ReplicaPair pair = pair(product);
        SessionTokenCodec codec = SessionTokenCodec.signedWith(new byte[32]);
        ReplicaPair.Node first = pair.node();
        ReplicaPair.Node second =
                pair.newNode(group -> group.catchUpWait(Duration.ofMillis(10)).positionAge(Duration.ZERO));
        int id = IDS.incrementAndGet();
        pair.servers().resumeReplay();
        first.execute("INSERT INTO counter (id, value) VALUES (" + id + ", 0)");
        pair.servers().awaitReplica();
        pair.servers().pauseReplay();
        SessionToken token = SessionToken.create();
        first.write(id, 7)
                .contextWrite(readYourWrites(token))
                .contextWrite(usingConnection("orders"))
                .block(PATIENCE);
        String text = codec.encode(token);

        StepVerifier.create(second.read(id)
                        .contextWrite(readYourWrites(codec.decode(text)))
                        .contextWrite(usingConnection("orders"))
                        .map(ReplicaPair.Shown::value))
                .expectNext(7)
                .verifyComplete();
        StepVerifier.create(second.read(id)
                        .contextWrite(readYourWrites())
                        .contextWrite(usingConnection("orders"))
                        .map(ReplicaPair.Shown::value))
                .as("a session that wrote nothing may read an old row")
                .expectNext(0)
                .verifyComplete();

        pair.servers().resumeReplay();
        pair.servers().awaitReplica();
        StepVerifier.create(second.read(id)
                        .contextWrite(readYourWrites(codec.decode(text)))
                        .contextWrite(usingConnection("orders")))
                .expectNext(new ReplicaPair.Shown(7, pair.servers().replica().port()))
                .verifyComplete();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aBoundedReadGoesToAReplicaOnlyWhileItSurelyKeepsUp(Product product) {
        ReplicaPair pair = pair(product);
        ReplicaPair.Node node = pair.node();
        int id = IDS.incrementAndGet();
        pair.servers().resumeReplay();
        node.execute("INSERT INTO counter (id, value) VALUES (" + id + ", 0)");
        pair.servers().awaitReplica();
        List<RoutingHint> hints = List.of(ReadConsistency.bounded(Duration.ofMillis(500)), usingConnection("orders"));
        Mono<Integer> port = node.read(id)
                .map(ReplicaPair.Shown::port)
                .contextWrite(hints.get(0))
                .contextWrite(hints.get(1));
        Waiting.until("the replica is near", () -> pair.servers().replica().port() == port.block(PATIENCE));

        pair.servers().pauseReplay();
        node.execute("UPDATE counter SET value = 1 WHERE id = " + id);
        Waiting.until(
                "the replica is too far behind", () -> pair.servers().primary().port() == port.block(PATIENCE));
        assertThat(port.repeat(20).distinct().collectList().block(PATIENCE))
                .containsExactly(pair.servers().primary().port());
        pair.servers().resumeReplay();
    }

    private static boolean fenced(ReplicaPair.Node node) {
        GroupWatch watch = node.replicas.watch("orders");
        return watch != null && watch.isFenced("primary");
    }

    /** A transaction that has written and goes on only then. */
    private static CompletableFuture<Long> openTransaction(ReplicaPair.Node node, int id, Mono<Void> goOn) {
        CompletableFuture<Long> written = new CompletableFuture<>();
        CompletableFuture<Long> open = node.db
                .inTransaction(node.write(id, 1).doOnNext(written::complete).flatMap(one -> goOn.thenReturn(one)))
                .contextWrite(usingConnection("orders"))
                .toFuture();
        assertThat(written).succeedsWithin(PATIENCE);
        return open;
    }

    /** The last one, since its pair is none any more. */
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    @Order(Integer.MAX_VALUE)
    void writesFollowThePrimaryAndTheOldOneGetsNoMore(Product product) {
        ReplicaPair pair = pair(product);
        ReplicaPair.Node node = pair.newNode(group -> group.followPrimary()
                .probe(Duration.ofMillis(50), Duration.ofMinutes(1))
                .holdWriters(Duration.ofSeconds(30)));
        int id = IDS.incrementAndGet();
        pair.servers().resumeReplay();
        node.execute("INSERT INTO counter (id, value) VALUES (" + id + ", 0)");
        pair.servers().awaitReplica();

        Sinks.Empty<Void> moved = Sinks.empty();
        CompletableFuture<Long> open = openTransaction(node, id, moved.asMono());
        CompletableFuture<Long> held = new CompletableFuture<>();
        if (product != Product.POSTGRESQL) {
            pair.servers().demotePrimary();
            Waiting.until("the old primary is fenced", () -> fenced(node));
            held = node.write(id, 2).contextWrite(usingConnection("orders")).toFuture();
            assertThat(held).as("a writer while nobody takes writes").isNotDone();
        }
        pair.servers().promoteReplica();
        Waiting.until("the other one is the primary", () -> "replica".equals(node.replicas.primary("orders")));

        moved.tryEmitEmpty();
        assertThatThrownBy(open::get)
                .cause()
                .isInstanceOf(PrimaryMovedException.class)
                .satisfies(
                        failure -> assertThat(FailureClass.of(failure)).isEqualTo(FailureClass.RETRYABLE_TRANSACTION));

        if (product == Product.POSTGRESQL) {
            held = node.write(id, 2).contextWrite(usingConnection("orders")).toFuture();
        }
        assertThat(held).succeedsWithin(PATIENCE).isEqualTo(1L);
        assertThat(pair.valueOn(pair.servers().replica(), id)).isEqualTo("2");
        assertThat(pair.valueOn(pair.servers().primary(), id)).isEqualTo("0");
        Mono<ReplicaPair.Shown> session = node.write(id, 3).then(node.read(id)).contextWrite(readYourWrites());
        StepVerifier.create(session.contextWrite(usingConnection("orders")))
                .expectNext(new ReplicaPair.Shown(3, pair.servers().replica().port()))
                .verifyComplete();
    }
}
