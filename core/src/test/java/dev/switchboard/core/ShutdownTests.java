package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A registry is closed while its connections are in use: who may finish, who hears what, and what is told of it. */
@Tag("once")
@ParameterizedClass(name = "{0}")
@EnumSource(
        value = Product.class,
        names = {"POSTGRESQL", "MYSQL", "MARIADB"})
class ShutdownTests {

    private static final Duration LIMIT = Duration.ofMinutes(1);
    /** What is left then is for closing by force. */
    private static final Duration PATIENCE_OF_THE_REGISTRY = Duration.ofSeconds(58);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .timer(time)
            .budget(ConnectionBudget.builder().total(8).build())
            .build());

    @Parameter
    Product product;

    private Database database;

    @BeforeEach
    void register() {
        database = Databases.create(product);
        registry.register(ConnectionDefinition.of("orders", database.url())
                .withPool(pool -> pool.maxSize(2).drainTimeout(Duration.ofMinutes(5))));
    }

    @AfterEach
    void nothingIsLeft() {
        Borrowing.close(registry);
        assertThat(registry.budget().total().open()).isZero();
        Sessions.awaitNone(database);
        database.close();
    }

    private String sleep(int seconds) {
        return product == Product.POSTGRESQL ? "SELECT pg_sleep(" + seconds + ")" : "SELECT sleep(" + seconds + ")";
    }

    @Test
    void whatIsUnderWayEndsAndWhatIsNewIsRefused() {
        Connection transaction = Borrowing.borrowed(registry, "orders");
        Mono.from(transaction.beginTransaction()).block(Borrowing.PATIENCE);
        Borrowing.one(transaction, "SELECT 1").block(Borrowing.PATIENCE);
        Connection unused = Objects.requireNonNull(
                Mono.from(registry.connectionFactory("orders").create()).block(Borrowing.PATIENCE));
        Connection other = Borrowing.borrowed(registry, "orders");
        Mono<Object> waiting = Borrowing.query(registry, "orders", "SELECT 1").cache();
        waiting.subscribe(null, failure -> {});
        Waiting.until("it waits", () -> registry.status("orders").counts().waiting() == 1);

        Mono<ShutdownReport> closed = registry.close(LIMIT).cache();
        closed.subscribe();

        for (Mono<Object> refused :
                List.of(waiting, Borrowing.one(unused, "SELECT 1"), Borrowing.query(registry, "orders", "SELECT 1"))) {
            StepVerifier.create(refused)
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(RegistryClosedException.class)
                            .hasMessageContaining("closed and hands out no connections any more"))
                    .verify(Borrowing.PATIENCE);
        }
        assertThatThrownBy(() -> registry.register("late", database.url())).isInstanceOf(RegistryClosedException.class);
        assertThat(Borrowing.one(transaction, "SELECT 2").block(Borrowing.PATIENCE))
                .hasToString("2");
        Mono.from(transaction.commitTransaction()).block(Borrowing.PATIENCE);
        Borrowing.close(List.of(transaction, unused, other));
        ShutdownReport report = Objects.requireNonNull(closed.block(Borrowing.PATIENCE));
        assertThat(report.isClean()).isTrue();
        assertThat(registry.budget().total().open())
                .as("before anybody hears of it")
                .isZero();
    }

    @Test
    void whatDoesNotEndIsClosedByForceAndToldByName() throws Exception {
        Heard heard = Heard.of(registry);
        Connection busy = Borrowing.borrowed(registry, "orders");
        Connection idle = Borrowing.borrowed(registry, "orders");
        UUID busyId = Objects.requireNonNull(registry.connections().info(busy)).id();
        UUID idleId = Objects.requireNonNull(registry.connections().info(idle)).id();
        Mono<Object> endless = Borrowing.one(busy, sleep(60)).cache();
        endless.subscribe(null, failure -> {});
        Sessions.awaitSleeping(database);

        Mono<ShutdownReport> closed = registry.close(LIMIT).cache();
        closed.subscribe();
        time.advanceTimeBy(PATIENCE_OF_THE_REGISTRY.minusMillis(1));
        assertThat(Borrowing.one(idle, "SELECT 1").block(Borrowing.PATIENCE)).hasToString("1");
        time.advanceTimeBy(Duration.ofMillis(1));
        ShutdownReport report = Objects.requireNonNull(closed.block(Borrowing.PATIENCE));

        assertThat(report.isComplete()).isTrue();
        assertThat(report.isClean()).isFalse();
        assertThat(report.took()).isEqualTo(PATIENCE_OF_THE_REGISTRY);
        assertThat(report.forced())
                .containsExactlyInAnyOrder(
                        new ShutdownReport.Forced("orders", busyId, sleep(60)),
                        new ShutdownReport.Forced("orders", idleId, null));
        StepVerifier.create(endless)
                // Now and then the driver tells of its closed socket first.
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfAny(ConnectionDrainingException.class, R2dbcNonTransientResourceException.class))
                .verify(Borrowing.PATIENCE);
        assertThat(heard.untilClosed(registry))
                .filteredOn(ConnectionEvent.Closed.class::isInstance)
                .extracting(ConnectionEvent::reason)
                .containsExactly("drain timed out", "drain timed out");
        Borrowing.close(List.of(busy, idle));
    }

    @Test
    void aServerThatDoesNotAnswerKeepsNobodyFromLeavingInTime() {
        try (FaultProxy proxy = new FaultProxy(database.host(), database.port())) {
            registry.register(ConnectionDefinition.of("silent", database.url())
                    .withHost("127.0.0.1")
                    .withPort(proxy.port())
                    .withPool(pool -> pool.drainTimeout(Duration.ofMinutes(5))));
            Connection held = Borrowing.borrowed(registry, "silent");
            proxy.stall();
            Mono<Object> endless = Borrowing.one(held, "SELECT 1").cache();
            endless.subscribe(null, failure -> {});
            Mono<ShutdownReport> closed = registry.close(LIMIT).cache();
            closed.subscribe();
            time.advanceTimeBy(LIMIT);
            ShutdownReport report = Objects.requireNonNull(closed.block(Borrowing.PATIENCE));
            assertThat(report.took()).isEqualTo(LIMIT);
            assertThat(report.forced()).extracting(ShutdownReport.Forced::name).containsExactly("silent");
            assertThat(report.isComplete()).isFalse();
            proxy.reset();
            time.advanceTimeBy(LIMIT);
            Flux.from(held.close()).blockLast(Borrowing.PATIENCE);
        }
    }
}
