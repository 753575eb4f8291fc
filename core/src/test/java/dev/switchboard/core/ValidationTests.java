package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** How an idle connection is looked at before it is delivered: with a query, in the driver's own way, or hardly at all. */
class ValidationTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @ParameterizedTest
    @EnumSource(Product.class)
    void aQueryOfOnesOwnIsSentBeforeADelivery(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            CountingFactory factory = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPool(pool -> pool.validateAfterIdle(Duration.ZERO).validationQuery("SELECT 42")));
            Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE);
            Borrowing.query(registry, "orders", "SELECT 2").block(PATIENCE);
            assertThat(factory.statements()).containsSubsequence("SELECT 1", "SELECT 42", "SELECT 2");
            assertThat(factory.opened()).isEqualTo(1);
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aQueryThatFailsCostsTheConnectionAndThenTheBorrower(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPool(pool -> pool.maxSize(1)
                            .validateAfterIdle(Duration.ZERO)
                            .validationQuery("SELECT nonsense FROM nowhere")));
            StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                    .expectError(ValidationFailedException.class)
                    .verify(PATIENCE);
            registry.quiescent().block(PATIENCE);
            assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 1));
            Borrowing.close(registry);
        }
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aLocalValidationAsksNobody(Product product) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try (Database database = Databases.create(product)) {
            CountingFactory factory = new CountingFactory(database.url());
            registry.register(ConnectionDefinition.of("orders", factory)
                    .withPool(pool ->
                            pool.maxSize(1).validateAfterIdle(Duration.ZERO).validation(ValidationDepth.LOCAL)));
            Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE);
            Borrowing.query(registry, "orders", "SELECT 2").block(PATIENCE);
            assertThat(factory.validations()).isNotEmpty().containsOnly(ValidationDepth.LOCAL);
            if (product == Product.MYSQL || product == Product.MARIADB) {
                String asked = "SHOW SESSION STATUS LIKE 'Questions'";
                long before = questions(registry, asked);
                assertThat(questions(registry, asked)).isEqualTo(before + 1);
            }
            Borrowing.close(registry);
        }
    }

    private static long questions(ReactiveConnectionRegistry registry, String sql) {
        return Mono.usingWhen(
                        registry.connectionFactory("orders").create(),
                        connection -> Flux.from(connection.createStatement(sql).execute())
                                .concatMap(result -> result.map((row, metadata) -> row.get(1, String.class)))
                                .single(),
                        Connection::close)
                .map(Long::parseLong)
                .blockOptional(PATIENCE)
                .orElseThrow();
    }
}
