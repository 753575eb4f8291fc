package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.FaultProxy;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Borrowers of many names want a connection at once while their server is dead, and none of them has any patience: each asks
 * again as soon as it has failed. A proxy in front of the server counts who connects. No bound depends on a fast machine: a
 * slow one only connects later.
 */
@Tag("once")
class ConnectStormTests {

    private static final int NAMES = 30;
    private static final int BORROWERS = 60;
    private static final int AT_A_TIME = 8;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Log log = new Log();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
            .budget(ConnectionBudget.builder().openingsPerHost(AT_A_TIME).build())
            .circuitBreakers(address -> log)
            .build());

    static Stream<Product> servers() {
        return TestSize.of(1, 3) == 1
                ? Stream.of(Product.POSTGRESQL)
                : Stream.of(Product.POSTGRESQL, Product.MYSQL, Product.MARIADB);
    }

    /** Everyone keeps the connection that it gets. */
    private Mono<List<Connection>> storm() {
        return Flux.range(0, BORROWERS)
                .flatMap(i -> Borrowing.borrow(registry, "shard" + i % NAMES).retry(), BORROWERS)
                .collectList()
                .cache();
    }

    @ParameterizedTest
    @MethodSource("servers")
    void anOutageIsKnockedAtMoreAndMoreSeldomAndItsEndIsNoStampede(Product product) {
        try (DatabaseServer server = Databases.startServer(product);
                Database database = server.createDatabase();
                FaultProxy proxy = new FaultProxy(server.host(), server.port())) {
            proxy.whenConnected(log::connects);
            for (int i = 0; i < NAMES; i++) {
                registry.register(ConnectionDefinition.of("shard" + i, database.url())
                        .withHost("127.0.0.1")
                        .withPort(proxy.port())
                        .withPool(pool -> pool.maxSize(BORROWERS / NAMES).acquireTimeout(PATIENCE)));
            }
            server.kill();
            Mono<List<Connection>> all = storm();
            all.subscribe(null, failure -> {});
            for (int pauses = 7; pauses <= TestSize.of(7, 49); pauses += 7) {
                int attempts = AT_A_TIME + pauses;
                Waiting.until("it is knocked at", () -> log.attempts() >= attempts);
            }
            List<Long> outage = log.times();
            server.restart();
            List<Connection> held = Objects.requireNonNull(all.block(PATIENCE));
            System.out.printf(
                    "%s: %d borrowers, %d attempts in %d ms of the outage, then %d more, at most %d at a time%n",
                    product,
                    BORROWERS,
                    outage.size(),
                    Duration.ofNanos(outage.get(outage.size() - 1) - outage.get(0))
                            .toMillis(),
                    log.attempts() - outage.size(),
                    log.most);
            assertThat(Sessions.in(server, database)).hasSize(BORROWERS);
            assertThat(log.attempts()).as("nobody connects in vain").isEqualTo(log.failed + BORROWERS);
            knockedSeldom(outage);
            assertThat(log.most).isBetween(2, AT_A_TIME);
            assertThat(log.hasty)
                    .as("more at a time than twice as many with each success")
                    .isEmpty();
            Borrowing.close(held);
            Borrowing.close(registry);
            assertThat(registry.budget().total().open()).isZero();
        }
    }

    /** The shortest pauses there may be: half of 25 ms that double up to half a second. Those who began together fail as one. */
    private static void knockedSeldom(List<Long> times) {
        long shortest = IntStream.range(0, times.size() - AT_A_TIME)
                .mapToLong(i -> Math.min(25L << Math.min(i, 10), 500) * 1_000_000 / 2)
                .sum();
        assertThat(times.get(times.size() - 1) - times.get(0)).isGreaterThanOrEqualTo(shortest);
        if (TestSize.isFull()) {
            List<Long> pauses = IntStream.range(AT_A_TIME + 8, times.size())
                    .mapToObj(i -> (times.get(i) - times.get(i - 1)) / 1_000_000)
                    .toList();
            System.out.println("pauses in ms: " + pauses);
            assertThat(pauses.stream().mapToLong(pause -> pause).max().orElseThrow()
                            - pauses.stream().mapToLong(pause -> pause).min().orElseThrow())
                    .as("jitter")
                    .isGreaterThan(100);
        }
    }

    /** What the proxy saw, beside what became of it as the breaker of the address was told, before anybody else may connect. */
    private static final class Log implements CircuitBreakers.Breaker {

        private final List<Long> times = new ArrayList<>();
        private final List<String> hasty = new ArrayList<>();
        private int failed;
        private int succeeded;
        private int most;

        /** From the first success on, when nobody fails any more. */
        synchronized void connects() {
            times.add(System.nanoTime());
            int onTheirWay = times.size() - failed - succeeded;
            most = Math.max(most, onTheirWay);
            if (succeeded > 0 && onTheirWay > 1 << Math.min(succeeded, 10)) {
                hasty.add(onTheirWay + " after " + succeeded);
            }
        }

        synchronized int attempts() {
            return times.size();
        }

        synchronized List<Long> times() {
            return List.copyOf(times);
        }

        @Override
        public boolean isOpen() {
            return false;
        }

        @Override
        public boolean tryAcquirePermission() {
            return true;
        }

        @Override
        public synchronized void succeeded(long nanos) {
            succeeded++;
        }

        @Override
        public synchronized void failed(long nanos, Throwable failure) {
            failed++;
        }

        @Override
        public void released() {}

        @Override
        public void closed() {}
    }
}
