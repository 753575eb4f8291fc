package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.core.QueryInfo;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** r2dbc-proxy between this library and a driver: it hears every statement, and nothing else changes. */
@Tag("once")
class ProxiedDriverTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<String> heard = new CopyOnWriteArrayList<>();

    private ConnectionFactory proxied(ConnectionFactory inner) {
        return ProxyConnectionFactory.builder(inner)
                .onAfterQuery(execution ->
                        execution.getQueries().stream().map(QueryInfo::getQuery).forEach(heard::add))
                .build();
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aDefinitionMadeFromAProxiedDriverServesLikeAnyOther(Product product) {
        try (Database database = Databases.create(product)) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                    .register(ConnectionDefinition.of("orders", proxied(ConnectionFactories.get(database.url())))
                            .withPool(pool -> pool.maxSize(1)));
            assertThat(registry.product("orders")).isEqualTo(product.productName());
            assertThat(Borrowing.query(registry, "orders", "SELECT 7").block(PATIENCE))
                    .hasToString("7");
            assertThat(heard).contains("SELECT 7");
            assertThat(registry.acquire("orders", DriverTypes.of(product))
                            .useOne(connection -> Borrowing.one(connection, "SELECT 8"))
                            .block(PATIENCE))
                    .hasToString("8");
            Flux.usingWhen(
                            Mono.from(registry.connectionFactory("orders").create())
                                    .cast(SwitchboardConnection.class),
                            connection -> connection
                                    .beginTransaction()
                                    .thenMany(Sql.query(connection, "SELECT 9").take(1))
                                    .concatWith(connection.commitTransaction().cast(Object.class)),
                            SwitchboardConnection::close)
                    .blockLast(PATIENCE);
            assertThat(heard).contains("SELECT 9");
            Borrowing.close(registry);
            Sessions.awaitNone(database);
        }
    }

    @Test
    void aCancelStillReachesTheServerThroughTheProxy() {
        try (Database database = Databases.create(Product.POSTGRESQL)) {
            ExchangeOptions hasty = ExchangeOptions.builder()
                    .drainTimeout(Duration.ofMillis(50))
                    .serverCancelTimeout(PATIENCE)
                    .build();
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
                            RegistryOptions.builder().exchange(hasty).build())
                    .register(ConnectionDefinition.of("orders", proxied(ConnectionFactories.get(database.url())))
                            .withPool(pool -> pool.maxSize(1)));
            Object before = Borrowing.query(registry, "orders", "SELECT pg_backend_pid()")
                    .block(PATIENCE);
            Borrowing.query(registry, "orders", "SELECT pg_sleep(3600)")
                    .takeUntilOther(Mono.delay(Duration.ofMillis(200)))
                    .block(PATIENCE);
            registry.quiescent().block(PATIENCE);
            assertThat(Borrowing.query(registry, "orders", "SELECT pg_backend_pid()")
                            .block(PATIENCE))
                    .as("the session survives")
                    .isEqualTo(before);
            Borrowing.close(registry);
        }
    }

    @Test
    void aProxyHidesNeitherAPoolNorARegistry() {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        assertThatThrownBy(() -> ConnectionDefinition.of("orders", proxied(registry.connectionFactory("orders"))))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("is a routing one");
    }
}
