package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import dev.switchboard.routing.PreparedTransactions.Step;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Databases of several products under names, and what must be left in them after each test: nothing prepared. */
abstract class InSeveralDatabases {

    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final List<String> NAMES = List.of("billing", "orders", "stock");
    static final TransactionOptions BEST_EFFORT =
            TransactionOptions.defaults().withGuarantee(TransactionGuarantee.BEST_EFFORT);

    static Fleet fleet = new Fleet();
    static SqlClient db = fleet.db();

    @BeforeAll
    static void start() {
        fleet = new Fleet()
                .add(Product.MARIADB, "billing")
                .add(Product.SQLITE, "file")
                .add(Product.POSTGRESQL, "orders")
                .add(Product.MYSQL, "stock");
        db = fleet.db();
        coordinator(step -> Mono.empty()).createLog().block(PATIENCE);
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    @AfterEach
    void nothingIsLeft() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
        later().recover().collectList().block(PATIENCE);
        assertThat(prepared()).isEmpty();
        fleet.execute("orders", "DELETE FROM switchboard_decision");
        fleet.clearNotes();
    }

    static PreparedTransactions.Builder builder() {
        return PreparedTransactions.builder(fleet.routed(), "orders")
                .owner("tests")
                .databases("orders", "billing", "stock");
    }

    static PreparedTransactions coordinator(Function<Step, Mono<Void>> steps) {
        return builder().steps(steps).build();
    }

    /** A coordinator of the next hour, to which all that is prepared is abandoned. */
    static PreparedTransactions later() {
        return builder()
                .clock(Clock.fixed(Instant.now().plus(Duration.ofHours(1)), ZoneOffset.UTC))
                .build();
    }

    static TransactionOptions prepared(Function<Step, Mono<Void>> steps) {
        return TransactionOptions.defaults().withPrepared(coordinator(steps));
    }

    /** What is prepared anywhere at all. */
    static List<String> prepared() {
        Mono<List<String>> postgresql = db.sql("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'sb-tests-%'")
                .map(String.class)
                .all()
                .collectList()
                .contextWrite(usingConnection("orders"));
        Flux<String> xa = Flux.just("billing", "stock")
                .concatMap(name -> db.sql("XA RECOVER")
                        .map(row -> String.valueOf(row.get(0)))
                        .all()
                        .contextWrite(usingConnection(name)));
        return Mono.zip(
                        postgresql,
                        xa.collectList(),
                        (one, other) -> Flux.concat(Flux.fromIterable(one), Flux.fromIterable(other))
                                .collectList())
                .flatMap(all -> all)
                .block(PATIENCE);
    }

    static Mono<Long> write(String name, int id) {
        return fleet.write(id).contextWrite(usingConnection(name));
    }

    static Mono<Long> everywhere(int id) {
        return write("orders", id).then(write("billing", id)).then(write("stock", id));
    }

    static void assertNotes(Integer... notes) {
        NAMES.forEach(name -> assertThat(fleet.notesIn(name)).as(name).containsExactly(notes));
    }
}
