package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Statement;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Idle connections that go to another name of their server: what they take along, what they leave, and which stay. */
@Tag("once")
class MovingTests {

    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private MovingHost host = new MovingHost(Product.MARIADB, 0);

    @AfterEach
    void close() {
        Borrowing.close(registry);
        host.close();
    }

    private void open(Product product, UnaryOperator<ConnectionBudget.Builder> caps) {
        host = new MovingHost(product, 3);
        registry = host.registry(caps.apply(host.budget()));
    }

    private BudgetStatus status() {
        return registry.budget().total();
    }

    private int tag(int place) {
        Integer tag = MovingHost.tag(registry, place).block(Borrowing.PATIENCE);
        return tag == null ? -1 : tag;
    }

    private Object one(int place, String sql) {
        return Borrowing.query(registry, "place" + place, sql).block(Borrowing.PATIENCE);
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void anIdleConnectionGoesToANameThatHasNoneAndKeepsItsId(Product product) throws Exception {
        open(product, caps -> caps);
        Heard heard = Heard.of(registry);
        assertThat(List.of(tag(0), tag(1), tag(2), tag(1), tag(0))).containsExactly(0, 1, 2, 1, 0);
        assertThat(status())
                .isEqualTo(new BudgetStatus("the registry", 1, new PoolCounts(0, 1, 0, 0, Integer.MAX_VALUE), 0, 4));
        assertThat(registry.budget().names())
                .extracting(BudgetStatus::open, BudgetStatus::moved)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(1, 1L),
                        org.assertj.core.groups.Tuple.tuple(0, 2L),
                        org.assertj.core.groups.Tuple.tuple(0, 1L));
        assertThat(host.sessions()).isEqualTo(1);
        Connection last = Borrowing.borrowed(registry, "place2");
        assertThat(registry.connections().info(last))
                .returns("place2", ConnectionInfo::name)
                .returns(6L, ConnectionInfo::uses);
        Borrowing.close(last);
        List<ConnectionEvent> told = heard.untilClosed(registry);
        UUID id = heard.first(ConnectionEvent.Created.class).connection();
        assertThat(told)
                .filteredOn(event -> event.connection() != null)
                .allMatch(event -> id.equals(event.connection()))
                .extracting(event -> event.type() + " " + event.name())
                .startsWith(
                        "Created place0",
                        "Acquired place0",
                        "Returned place0",
                        "MovedAway place0",
                        "MovedIn place1",
                        "Acquired place1")
                .endsWith("MovedAway place0", "MovedIn place2", "Acquired place2", "Returned place2", "Closed place2");
    }

    /** The same text on both, whose columns have other types: in a transaction, where a driver cannot prepare it again. */
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aStatementThatADriverWouldKeepIsAnsweredByTheDatabaseOfItsName(Product product) {
        open(product, caps -> caps);
        for (int place = 0; place < 3; place++) {
            registry.replace(host.preparing(place)).block(Borrowing.PATIENCE);
        }
        String sql = "SELECT tag FROM me WHERE tag < " + (product == Product.POSTGRESQL ? "$1" : "?");
        for (int round = 0; round < 3; round++) {
            for (int place = 0; place < 3; place++) {
                Object tag = Mono.usingWhen(
                                registry.connectionFactory("place" + place).create(),
                                connection -> Mono.from(connection.beginTransaction())
                                        .then(tagged(connection, sql))
                                        .flatMap(one -> Mono.from(connection.commitTransaction())
                                                .thenReturn(one)),
                                Connection::close)
                        .block(Borrowing.PATIENCE);
                assertThat(((Number) tag).intValue()).isEqualTo(place);
            }
        }
        assertThat(status().moved()).isEqualTo(8);
        assertThat(status().open()).isEqualTo(1);
    }

    private static Mono<Object> tagged(Connection connection, String sql) {
        Statement statement = connection.createStatement(sql).bind(0, 100);
        return Flux.from(statement.execute())
                .concatMap(result -> result.map((row, metadata) -> row.get(0)))
                .single();
    }

    private static final Map<Product, List<String>> UNTRACKED = Map.of(
            Product.POSTGRESQL,
            List.of(
                    "SET work_mem = '1MB'",
                    "CREATE TEMP TABLE t (a INT)",
                    "SELECT pg_advisory_lock(1)",
                    "PREPARE p AS SELECT 1",
                    "SELECT 1; SELECT 2"),
            Product.MYSQL,
            List.of(
                    "SET @a = 1",
                    "SELECT @a := 1",
                    "CREATE TEMPORARY TABLE t (a INT)",
                    "SELECT get_lock('a', 0)",
                    "DO 1",
                    "SELECT place.mine(1)",
                    "SELECT sleep(0)"),
            Product.MARIADB,
            List.of("SET @a = 1", "CREATE TEMPORARY TABLE t (a INT)", "SELECT get_lock('a', 0)", "SELECT sleep(0)"));

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aSessionWithAChangeThatNobodyKnowsHowToUndoNeverMoves(Product product) {
        open(product, caps -> caps);
        long moved = 0;
        for (String sql : UNTRACKED.get(product)) {
            Borrowing.query(registry, "place0", sql).onErrorComplete().block(Borrowing.PATIENCE);
            assertThat(tag(1)).isEqualTo(1);
            assertThat(status().moved()).as(sql).isEqualTo(moved);
            // Whatever place 0 has left ends here.
            registry.dispose("place0").then(registry.dispose("place1")).block(Borrowing.PATIENCE);
        }
        // What is known can be undone, and goes.
        assertThat(one(0, "SELECT COUNT(*) FROM me")).isEqualTo(1L);
        assertThat(tag(1)).isEqualTo(1);
        assertThat(status().moved()).isEqualTo(moved + 1);
    }
}
