package dev.switchboard.core.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.BudgetStatus;
import dev.switchboard.core.ConnectionBudget;
import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ValidationDepth;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What Micrometer shows of pools that are used, and that nothing is left of a pool that is gone. */
class MicrometerMetricsTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().metrics(MicrometerMetrics.of(meters, 2)).build());

    /** The first socket of a JVM reads a file, which must not happen on a thread that may not block. */
    @BeforeAll
    static void openTheFirstSocket() throws IOException {
        new ServerSocket(0).close();
    }

    @AfterEach
    void closeEverything() {
        registry.close().block(PATIENCE);
    }

    private Connection borrowed(String name) {
        Connection connection = Objects.requireNonNull(
                Mono.<Connection>from(registry.connectionFactory(name).create()).block(PATIENCE));
        Flux.from(connection.createStatement("SELECT 1").execute())
                .flatMap(result -> result.map(row -> 1))
                .blockLast(PATIENCE);
        return connection;
    }

    private void close(Connection connection) {
        Mono.from(connection.close()).block(PATIENCE);
    }

    private double gauge(String name, String connection) {
        return meters.get("r2dbc.pool." + name).tag("name", connection).gauge().value();
    }

    private Timer timer(String name, String connection, String outcome) {
        return meters.get("r2dbc.pool." + name)
                .tag("name", connection)
                .tag("outcome", outcome)
                .timer();
    }

    private List<String> names() {
        return meters.getMeters().stream()
                .map(Meter::getId)
                .map(id -> id.getTag("name"))
                .filter(Objects::nonNull)
                .distinct()
                .sorted()
                .toList();
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aPoolIsSeenWhileItIsUsedAndLeavesWithoutATrace(Product product) {
        try (Database database = Databases.create(product)) {
            int size = product == Product.SQLITE ? 3 : 2; // one of SQLite's is kept for writing
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPool(pool -> pool.maxSize(size).maxWaiting(7)));
            assertThat(meters.getMeters()).isEmpty();
            Connection first = borrowed("orders");
            Connection second = borrowed("orders");
            close(first);
            assertThat(gauge("acquired", "orders")).isEqualTo(1);
            assertThat(gauge("idle", "orders")).isEqualTo(1);
            assertThat(gauge("allocated", "orders")).isEqualTo(2);
            assertThat(gauge("pending", "orders")).isZero();
            assertThat(gauge("max.allocated", "orders")).isEqualTo(size);
            assertThat(gauge("max.pending", "orders")).isEqualTo(7);
            close(second);
            assertThat(timer("acquire", "orders", "success").count()).isEqualTo(2);
            assertThat(timer("connect", "orders", "success").count()).isEqualTo(2);
            assertThat(timer("connect", "orders", "success").totalTime(TimeUnit.NANOSECONDS))
                    .isPositive();
            assertThat(meters.get("r2dbc.pool.hold").timer().count()).isEqualTo(2);
            registry.dispose("orders").block(PATIENCE);
            assertThat(meters.getMeters()).isEmpty();
        }
    }

    @Test
    void whoGetsNoConnectionIsCountedAsAFailure() {
        registry.register(ConnectionDefinition.of("nobody", "r2dbc:postgresql://app@127.0.0.1:1/x"));
        StepVerifier.create(Flux.usingWhen(
                        registry.connectionFactory("nobody").create(),
                        connection -> connection.createStatement("SELECT 1").execute(),
                        Connection::close))
                .expectError()
                .verify(PATIENCE);
        assertThat(timer("acquire", "nobody", "failure").count()).isEqualTo(1);
        assertThat(timer("connect", "nobody", "failure").count()).isEqualTo(1);
        assertThat(timer("acquire", "nobody", "success").count()).isZero();
    }

    @Test
    void namesBeyondTheBoundAreCountedTogetherUntilThereIsRoom() {
        for (String name : List.of("a", "b", "c", "d")) {
            registry.register(name, "r2dbc:h2:mem:///metrics-" + name);
            close(borrowed(name));
        }
        assertThat(names()).containsExactly("a", "b", "other");
        assertThat(gauge("idle", "other")).isEqualTo(2);
        assertThat(gauge("max.allocated", "other")).isEqualTo(20);
        registry.unregister("c").block(PATIENCE);
        assertThat(gauge("idle", "other")).isEqualTo(1);
        registry.unregister("a").block(PATIENCE);
        registry.register("e", "r2dbc:h2:mem:///metrics-e");
        close(borrowed("e"));
        assertThat(names()).containsExactly("b", "e", "other");
    }

    private double host(String name, String host) {
        return meters.get("switchboard.host." + name).tag("host", host).gauge().value();
    }

    private long hosts() {
        return meters.find("switchboard.host.open").gauges().size();
    }

    @Test
    void eachHostIsShownWhileItHasAPoolAndFurtherOnesTogether() {
        registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .metrics(MicrometerMetrics.of(meters, 2))
                .budget(ConnectionBudget.builder().perHost(3).build())
                .build());
        // Without hosts and ports each database of H2 counts as a host of its own.
        for (String name : List.of("a", "b", "c", "d")) {
            registry.register(name, "r2dbc:h2:mem:///metrics-host-" + name);
        }
        String first = "mem:metrics-host-a";
        assertThat(hosts()).isZero();
        Connection held = borrowed("a");
        close(borrowed("a"));
        assertThat(registry.budget().hosts()).extracting(BudgetStatus::scope).containsExactly(first);
        assertThat(host("open", first)).isEqualTo(2);
        assertThat(host("used", first)).isEqualTo(1);
        assertThat(host("idle", first)).isEqualTo(1);
        assertThat(host("waiting", first)).isZero();
        assertThat(host("cap", first)).isEqualTo(3);
        registry.budget().limit(ConnectionBudget.builder().build());
        assertThat(host("cap", first)).isNaN();
        close(held);
        for (String name : List.of("b", "c", "d")) {
            close(borrowed(name));
        }
        assertThat(hosts()).isEqualTo(3);
        assertThat(host("open", "other")).isEqualTo(2);
        registry.unregister("a").block(PATIENCE);
        registry.unregister("c").block(PATIENCE);
        assertThat(hosts()).isEqualTo(2);
        assertThat(host("open", "other")).isEqualTo(1);
        registry.close().block(PATIENCE);
        assertThat(meters.getMeters()).isEmpty();
    }

    @Test
    void aReplacedPoolKeepsTheMetersOfItsName() {
        registry.register("a", "r2dbc:h2:mem:///metrics-a");
        Connection old = borrowed("a");
        registry.replace(ConnectionDefinition.of("a", "r2dbc:h2:mem:///metrics-a2"))
                .timeout(Duration.ofMillis(20))
                .onErrorComplete()
                .block(PATIENCE);
        Connection fresh = borrowed("a");
        assertThat(gauge("acquired", "a")).isEqualTo(2);
        close(old);
        registry.quiescent().block(PATIENCE);
        assertThat(gauge("acquired", "a")).isEqualTo(1);
        assertThat(timer("acquire", "a", "success").count()).isEqualTo(2);
        close(fresh);
    }

    @Test
    void aLeakIsCounted() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .timer(time)
                .metrics(MicrometerMetrics.of(meters))
                .build());
        registry.register(ConnectionDefinition.of("a", "r2dbc:h2:mem:///metrics-leak")
                .withPool(pool -> pool.leakThreshold(Duration.ofMinutes(1))));
        Connection kept = borrowed("a");
        time.advanceTimeBy(Duration.ofMinutes(1));
        assertThat(meters.get("r2dbc.pool.leaks").tag("name", "a").counter().count())
                .isEqualTo(1);
        close(kept);
    }

    @Test
    void aRegistryAsAWholeIsShownUntilItsMetersAreRemoved() {
        try (Database database = Databases.create(Product.H2)) {
            ReactiveConnectionRegistry capped = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                    .budget(ConnectionBudget.builder().total(2).build())
                    .build());
            Disposable bound = MicrometerMetrics.bind(meters, capped);
            capped.register("orders", database.url());
            Connection connection = Objects.requireNonNull(
                    Mono.<Connection>from(capped.connectionFactory("orders").create())
                            .block(PATIENCE));
            Mono.from(connection.validate(ValidationDepth.REMOTE)).block(PATIENCE);
            assertThat(meters.get("switchboard.budget.open").gauge().value()).isEqualTo(1);
            assertThat(meters.get("switchboard.budget.cap").gauge().value()).isEqualTo(2);
            assertThat(meters.get("switchboard.statements.running").gauge().value())
                    .isZero();
            assertThat(meters.get("switchboard.events.lost").functionCounter().count())
                    .isZero();
            close(connection);
            assertThat(meters.get("switchboard.budget.idle").gauge().value()).isEqualTo(1);
            bound.dispose();
            assertThat(meters.getMeters()).isEmpty();
            capped.close().block(PATIENCE);
        }
    }
}
