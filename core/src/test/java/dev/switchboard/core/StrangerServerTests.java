package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

/** The second connection of a pool may lead to another server, where the number of a session belongs to somebody else. */
@Tag("once")
class StrangerServerTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @ParameterizedTest
    @CsvSource({
        "MYSQL, @@hostname, 'elsewhere'",
        "MYSQL, UUID(), '00000000-0000-0000-0000-of another start'",
        "MARIADB, @@hostname, 'elsewhere'",
        "MARIADB, UUID(), '00000000-0000-0000-0000-of another start'"
    })
    void noSessionIsKilledOnAnotherServerOrAfterARestart(Product product, String asked, String answered) {
        try (Database database = Databases.create(product)) {
            CountingFactory factory = abandoned(database, asked, "'" + answered + "'");
            assertThat(factory.opened()).as("somebody asked").isGreaterThan(1);
            assertThat(factory.statements()).noneMatch(sql -> sql.startsWith("KILL"));
        }
    }

    @ParameterizedTest
    @CsvSource({"MYSQL", "MARIADB"})
    void aSessionOnTheSameServerIsStopped(Product product) {
        try (Database database = Databases.create(product)) {
            CountingFactory factory = abandoned(database, "@@hostname", "@@hostname");
            assertThat(factory.statements())
                    .filteredOn(sql -> sql.startsWith("KILL"))
                    .first()
                    .asString()
                    .startsWith("KILL QUERY");
        }
    }

    /** A statement that its reader leaves; connections after the first one are told something else about their server. */
    private static CountingFactory abandoned(Database database, String asked, String answered) {
        AtomicInteger identities = new AtomicInteger();
        CountingFactory factory = new CountingFactory(database.url())
                .rewriting(sql -> sql.contains("CONNECTION_ID") && identities.getAndIncrement() > 0
                        ? sql.replace(asked, answered)
                        : sql);
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                        .exchange(ExchangeOptions.builder()
                                .drainTimeout(Duration.ofMillis(50))
                                .serverCancelTimeout(PATIENCE)
                                .build())
                        .build())
                .register(ConnectionDefinition.of("orders", factory)
                        .withPool(pool -> pool.maxSize(1).resetTimeout(Duration.ofMillis(300))));
        // The connection is there before, so that the statement runs when its reader leaves.
        Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE);
        Borrowing.query(registry, "orders", "SELECT sleep(5)")
                .takeUntilOther(Mono.delay(Duration.ofMillis(100)))
                .block(PATIENCE);
        registry.quiescent().block(PATIENCE);
        assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE))
                .hasToString("1");
        Borrowing.close(registry);
        return factory;
    }
}
