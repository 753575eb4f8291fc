package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.test.StepVerifier;

/** What may go wrong while a connection goes to another name, and which connections must not go. */
@Tag("once")
class MovingEdgesTests {

    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private MovingHost host = new MovingHost(Product.MARIADB, 0);

    @AfterEach
    void close() {
        Borrowing.close(registry);
        host.close();
    }

    private void open(Product product, UnaryOperator<ConnectionBudget.Builder> caps) {
        Borrowing.close(registry);
        host.close();
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

    @Test
    void whatAFunctionLeftInASessionUnseenIsGoneOnTheOtherSide() {
        open(Product.POSTGRESQL, caps -> caps);
        host.run(0, """
                CREATE FUNCTION public.leave() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                  PERFORM set_config('app.tenant', 'place0', false);
                  PERFORM pg_advisory_lock(7);
                  CREATE TEMP TABLE hidden (a int);
                  EXECUTE 'PREPARE hidden AS SELECT 1';
                  RETURN 1; END $$""");
        one(0, "SELECT public.leave()");
        Object left = one(1, """
                SELECT coalesce(current_setting('app.tenant', true), '')
                  || (SELECT count(*) FROM pg_prepared_statements)
                  || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
                  || (SELECT count(*) FROM pg_class WHERE relname = 'hidden')""");
        assertThat(status().moved()).isEqualTo(1);
        assertThat(left).isEqualTo("000");
        // What somebody did to the driver's connection itself is not known at all.
        Connection open = Borrowing.borrowed(registry, "place1");
        assertThat(((SwitchboardConnection) open).unwrap(PostgresqlConnection.class))
                .isNotNull();
        Borrowing.close(open);
        assertThat(tag(2)).isEqualTo(2);
        assertThat(status().moved()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"MYSQL", "MARIADB"})
    void theNumberOfTheLastRowStaysBehind(Product product) {
        open(product, caps -> caps);
        host.run(0, "CREATE TABLE numbered (id INT PRIMARY KEY AUTO_INCREMENT, a INT)");
        Borrowing.query(registry, "place0", "INSERT INTO numbered (a) VALUES (1)")
                .onErrorComplete()
                .block(Borrowing.PATIENCE);
        Object last = one(1, "SELECT last_insert_id()");
        assertThat(status().moved()).isEqualTo(1);
        assertThat(((Number) last).intValue()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void whereTheSwitchFailsTheConnectionIsClosedAndOneIsOpenedThatSaysWhy(Product product) {
        open(product, caps -> caps);
        assertThat(tag(0)).isZero();
        host.drop(1);
        StepVerifier.create(MovingHost.tag(registry, 1))
                .expectErrorSatisfies(why -> assertThat(why)
                        .isInstanceOfAny(InvalidDefinitionException.class, CannotConnectException.class)
                        .hasMessageContaining("place1"))
                .verify(Borrowing.PATIENCE);
        assertThat(status().moved()).isEqualTo(1);
        assertThat(status().counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, Integer.MAX_VALUE));
        // The next one of that name costs nobody a connection.
        assertThat(tag(2)).isEqualTo(2);
        StepVerifier.create(MovingHost.tag(registry, 1)).expectError().verify(Borrowing.PATIENCE);
        assertThat(status().moved()).isEqualTo(1);
        assertThat(status().counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, Integer.MAX_VALUE));
        assertThat(tag(0)).isZero();
    }

    @Test
    void atACapTheWaitingNameGetsTheConnectionItselfAndNobodyClosesOne() {
        open(Product.MARIADB, caps -> caps.total(1).controlPermits(0).reserve(0));
        Connection held = Borrowing.borrowed(registry, "place0");
        CompletableFuture<Integer> waiting = MovingHost.tag(registry, 1).toFuture();
        Waiting.until("somebody waits", () -> status().counts().waiting() == 1);
        Borrowing.close(held);
        assertThat(waiting).succeedsWithin(Borrowing.PATIENCE).isEqualTo(1);
        assertThat(status()).isEqualTo(new BudgetStatus("the registry", 1, new PoolCounts(0, 1, 0, 0, 1), 0, 1));
        // Whoever keeps one ready gives it away at a cap only.
        registry.replace(host.definition(1).withPool(pool -> pool.minIdle(1))).block(Borrowing.PATIENCE);
        assertThat(List.of(tag(1), tag(0))).containsExactly(1, 0);
        assertThat(status().moved()).isEqualTo(2);
        registry.budget().limit(host.budget().total(5).build());
        assertThat(tag(1)).isEqualTo(1);
        registry.quiescent().block(Borrowing.PATIENCE);
        long moved = status().moved();
        assertThat(tag(2)).isEqualTo(2);
        assertThat(status().moved()).isEqualTo(moved);
    }

    @Test
    void theCapOfANameHoldsAndALoweredCapClosesWhatCame() {
        open(Product.MARIADB, caps -> caps.total(4).controlPermits(0).reserve(0));
        registry.replace(host.definition(1).withPool(pool -> pool.maxSize(1))).block(Borrowing.PATIENCE);
        List<Connection> held = List.of(Borrowing.borrowed(registry, "place0"), Borrowing.borrowed(registry, "place0"));
        Borrowing.close(held);
        Connection first = Borrowing.borrowed(registry, "place1");
        CompletableFuture<Integer> second = MovingHost.tag(registry, 1).toFuture();
        assertThat(status().moved()).isEqualTo(1);
        assertThat(second).isNotDone();
        Borrowing.close(first);
        assertThat(second).succeedsWithin(Borrowing.PATIENCE).isEqualTo(1);
        assertThat(status().open()).isEqualTo(2);
        registry.budget()
                .limit(host.budget().total(1).controlPermits(0).reserve(0).build());
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(status().open()).isEqualTo(1);
    }

    @Test
    void aConnectionOlderThanTheCallThatEndsThoseOfANameDoesNotComeToIt() {
        open(Product.MARIADB, caps -> caps);
        assertThat(tag(0)).isZero();
        registry.connections().softInvalidate("place1").block(Borrowing.PATIENCE);
        assertThat(tag(1)).isEqualTo(1);
        assertThat(status().moved()).isZero();
        // One that has moved ends with those of its new name.
        assertThat(tag(2)).isEqualTo(2);
        assertThat(status().moved()).isEqualTo(1);
        registry.connections().softInvalidate("place2").block(Borrowing.PATIENCE);
        assertThat(status().open()).isEqualTo(1);
    }

    @Test
    void whoeverHasThePoolInTheMiddleKeepsWhatIsInIt() {
        open(Product.MARIADB, caps -> caps);
        assertThat(tag(0)).isZero();
        registry.pool("place0").block(Borrowing.PATIENCE);
        assertThat(tag(1)).isEqualTo(1);
        assertThat(status().moved()).isZero();
    }

    @Test
    void theEndOfANameDoesNotTouchWhatHasLeftIt() {
        open(Product.MARIADB, caps -> caps);
        assertThat(List.of(tag(0), tag(1))).containsExactly(0, 1);
        registry.unregister("place0").block(Borrowing.PATIENCE);
        assertThat(tag(1)).isEqualTo(1);
        assertThat(host.sessions()).isEqualTo(1);
        registry.replace(host.definition(1)).block(Borrowing.PATIENCE);
        assertThat(status().open()).isZero();
    }

    /** Held up on its way by a network that does not answer. */
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void aBorrowerThatLeavesDuringTheSwitchLeavesNothingBehindAndALateSwitchEndsTheConnection(Product product) {
        open(product, caps -> caps);
        try (FaultProxy proxy = new FaultProxy(host.host(), host.port())) {
            Borrowing.close(registry);
            registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                    .budget(ConnectionBudget.builder()
                            .moving("localhost:" + proxy.port())
                            .build())
                    .build());
            for (int place = 0; place < 3; place++) {
                registry.register(host.definition(place)
                        .withHost("localhost")
                        .withPort(proxy.port())
                        .withPool(pool -> pool.resetTimeout(Duration.ofSeconds(1))));
            }
            assertThat(tag(0)).isZero();
            proxy.stall();
            Disposable leaving = MovingHost.tag(registry, 1).subscribe();
            Waiting.until("it is on its way", () -> status().moved() == 1);
            leaving.dispose();
            proxy.resume();
            registry.quiescent().block(Borrowing.PATIENCE);
            assertThat(status().counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, Integer.MAX_VALUE));
            assertThat(status().open()).isEqualTo(1);
            assertThat(tag(1)).isEqualTo(1);

            proxy.stall();
            CompletableFuture<Integer> late = MovingHost.tag(registry, 2).toFuture();
            Waiting.until(
                    "the switch took too long",
                    () -> registry.budget().names().stream()
                            .anyMatch(name -> name.scope().equals("place2")
                                    && name.counts().opening() == 1));
            proxy.resume();
            assertThat(late).succeedsWithin(Borrowing.PATIENCE).isEqualTo(2);
            registry.quiescent().block(Borrowing.PATIENCE);
            assertThat(status().open()).isEqualTo(1);
            Borrowing.close(registry);
        }
    }
}
