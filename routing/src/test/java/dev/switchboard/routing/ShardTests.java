package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingShardKey;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One logical name over several databases. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
@Tag("once")
class ShardTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final RoutingHint ORDERS = usingConnection("orders");
    private static final List<Integer> IDS =
            IntStream.rangeClosed(1, 60).boxed().toList();

    private static Fleet fleet = new Fleet();

    private final ShardRouter shards =
            ShardRouter.over(fleet.registry()).replace("orders", ShardMap.hash("s1", "s2", "s3"));
    private final SqlClient db = SqlClient.over(RoutingConnectionFactory.over(fleet.registry(), shards));

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "s1", "s2", "s3");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @BeforeEach
    void clear() {
        fleet.clearNotes();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
    }

    private Mono<Long> write(int id) {
        return db.sql("INSERT INTO note (id, body) VALUES (:id, :body)")
                .bind("id", id)
                .bind("body", "note " + id)
                .rowsUpdated();
    }

    private Mono<String> who() {
        return db.sql("SELECT name FROM who").map(String.class).one();
    }

    private Flux<Integer> written() {
        return Flux.fromIterable(IDS)
                .concatMap(id -> write(id).contextWrite(usingShardKey(id)).thenReturn(id))
                .contextWrite(ORDERS);
    }

    @Test
    void whatIsWrittenByAKeyIsFoundByIt() {
        Flux<String> found = Flux.fromIterable(IDS)
                .concatMap(id -> db.sql("SELECT body FROM note WHERE id = :id")
                        .bind("id", id)
                        .map(String.class)
                        .one()
                        .contextWrite(usingShardKey(id)))
                .contextWrite(ORDERS);
        StepVerifier.create(written().thenMany(found))
                .expectNextSequence(IDS.stream().map(id -> "note " + id).toList())
                .expectComplete()
                .verify(PATIENCE);
        for (String shard : List.of("s1", "s2", "s3")) {
            assertThat(fleet.notesIn(shard))
                    .hasSizeBetween(10, 30)
                    .allSatisfy(id -> assertThat(who().contextWrite(usingShardKey(id))
                                    .contextWrite(ORDERS)
                                    .block(PATIENCE))
                            .isEqualTo(shard));
        }
    }

    @Test
    void manyKeysAreOneQueryForEachShard() {
        ConcurrentLinkedQueue<List<Integer>> asked = new ConcurrentLinkedQueue<>();
        Flux<Integer> found = shards.byShard("orders", IDS, ids -> {
            asked.add(ids);
            return db.sql("SELECT id FROM note WHERE id IN (:ids)")
                    .bind("ids", ids)
                    .map(Integer.class)
                    .all();
        });
        StepVerifier.create(written().thenMany(Flux.defer(() -> found)).sort().collectList())
                .expectNext(IDS)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked).hasSize(3);
        assertThat(asked.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(IDS);
        List<List<Integer>> stored = List.of(fleet.notesIn("s1"), fleet.notesIn("s2"), fleet.notesIn("s3"));
        assertThat(asked).containsExactlyInAnyOrderElementsOf(stored);
    }

    @Test
    void noKeyIsNoQueryAndAKeyTwiceIsAskedForOnce() {
        StepVerifier.create(shards.byShard("orders", List.<Integer>of(), ids -> who()))
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(shards.byShard("orders", List.of(7, 7, 7), ids -> who().map(name -> ids.toString())))
                .expectNext("[7]")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aTransactionStaysOnTheShardOfItsKey() {
        int own = IDS.get(0);
        String shard = shardOf(own);
        int foreign = IDS.stream()
                .filter(id -> !shardOf(id).equals(shard))
                .findFirst()
                .orElseThrow();
        Mono<Long> both = db.inTransaction(write(own).then(write(foreign).contextWrite(usingShardKey(foreign))))
                .contextWrite(usingShardKey(own))
                .contextWrite(ORDERS);
        StepVerifier.create(both).expectError(RouteConflictException.class).verify(PATIENCE);
        assertThat(fleet.notesIn(shard)).isEmpty();
    }

    private String shardOf(int id) {
        return who().contextWrite(usingShardKey(id))
                .contextWrite(ORDERS)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }

    @Test
    void aDirectoryInATableLeadsToTheShards() {
        fleet.execute("s1", "CREATE TABLE place (id INT PRIMARY KEY, shard VARCHAR(40))");
        fleet.execute("s1", "INSERT INTO place VALUES (1, 's2'), (2, 's3')");
        shards.replace(
                "orders",
                ShardMap.directory(
                        List.of("s2", "s3"),
                        key -> db.sql("SELECT shard FROM place WHERE id = :id")
                                .bind("id", key.value())
                                .map(String.class)
                                .one()
                                .contextWrite(usingConnection("s1"))));
        StepVerifier.create(Flux.just(1, 2, 1)
                        .concatMap(id -> who().contextWrite(usingShardKey(id)))
                        .contextWrite(ORDERS))
                .expectNext("s2", "s3", "s2")
                .expectComplete()
                .verify(PATIENCE);
        StepVerifier.create(who().contextWrite(usingShardKey(3)).contextWrite(ORDERS))
                .expectError(NoShardException.class)
                .verify(PATIENCE);
    }

    @Test
    void aMapThatChangesMeanwhileLeadsTheRestOfTheKeysByTheNewOne() {
        ShardMap before = ShardMap.by(List.of("s1", "s2", "s3"), key -> "s" + (1 + (Long) key.value() % 3));
        ShardMap after = ShardMap.by(List.of("s1", "s2", "s3"), key -> "s" + (1 + ((Long) key.value() + 1) % 3));
        shards.replace("orders", before);
        ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
        Flux<String> found = shards.<Integer, String>byShard("orders", List.of(0, 1, 2), ids -> {
            if (asked.isEmpty()) {
                shards.replace("orders", after);
            }
            return who().map(shard -> ids + " on " + shard).doOnNext(answer -> asked.add(answer));
        });
        StepVerifier.create(found.collectSortedList())
                .assertNext(answers -> assertThat(answers)
                        .contains("[0] on s1")
                        .allSatisfy(answer -> assertThat(
                                        List.of("[0] on s1", "[1] on s2", "[1] on s3", "[2] on s3", "[2] on s1"))
                                .contains(answer)))
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked).hasSize(3);
    }

    @Test
    void aDirectoryIsAskedOutsideOfTheTransactionThatNeedsIt() {
        fleet.execute("s1", "CREATE TABLE home (id INT PRIMARY KEY, shard VARCHAR(40))");
        fleet.execute("s1", "INSERT INTO home VALUES (42, 's2')");
        shards.replace(
                "orders",
                ShardMap.directory(
                        List.of("s2"),
                        key -> db.sql("SELECT shard FROM home WHERE id = :id")
                                .bind("id", key.value())
                                .map(String.class)
                                .one()
                                .contextWrite(usingConnection("s1"))));
        StepVerifier.create(
                        db.inTransaction(who()).contextWrite(usingShardKey(42)).contextWrite(ORDERS))
                .expectNext("s2")
                .expectComplete()
                .verify(PATIENCE);
    }
}
