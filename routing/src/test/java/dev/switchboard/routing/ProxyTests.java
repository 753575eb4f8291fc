package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.RegistryOptions;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.core.UnknownConnectionException;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.core.QueryInfo;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** r2dbc-proxy around the routed factory, over a registry that knows one name itself and asks a directory for the other. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class ProxyTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static Database database;
    private static ReactiveConnectionRegistry registry;

    @Parameter
    Product product;

    private final List<String> heard = new CopyOnWriteArrayList<>();

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                        .directory(name -> name.equals("found")
                                ? Mono.just(ConnectionDefinition.of("found", database.url()))
                                : Mono.empty())
                        .build())
                .register(ConnectionDefinition.of("registered", database.url()));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        registry.close().block(PATIENCE);
        database.close();
    }

    private ConnectionFactory proxied(ConnectionFactory routed) {
        return ProxyConnectionFactory.builder(routed)
                .onAfterQuery(execution ->
                        execution.getQueries().stream().map(QueryInfo::getQuery).forEach(heard::add))
                .build();
    }

    private static Flux<Object> seven(Connection connection) {
        return Flux.from(connection.createStatement("SELECT 7").execute())
                .concatMap((Result result) -> result.map((row, metadata) -> row.get(0)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"registered", "found"})
    void aProxyAroundTheRoutedFactoryHearsEveryStatementAndTheContextStillRoutes(String name) {
        ConnectionFactory factory =
                proxied(RoutingConnectionFactory.over(registry).forProduct(product.productName()));
        Object answer = Flux.usingWhen(
                        Mono.<Connection>from(factory.create()),
                        connection -> Mono.from(connection.beginTransaction())
                                .thenMany(seven(connection))
                                .concatWith(Mono.from(connection.commitTransaction())
                                        .cast(Object.class))
                                .doOnComplete(
                                        () -> assertThat(handleOf(connection).connectionName())
                                                .isEqualTo(name)),
                        Connection::close)
                .contextWrite(usingConnection(name))
                .blockLast(PATIENCE);
        assertThat(answer).hasToString("7");
        assertThat(heard).containsExactly("SELECT 7");
    }

    private static SwitchboardConnection handleOf(Connection proxied) {
        return (SwitchboardConnection) ((Wrapped<?>) proxied).unwrap();
    }

    @ParameterizedTest
    @ValueSource(strings = {"registered", "found"})
    void aRouteToAnotherProductIsRefusedThroughTheProxyToo(String name) {
        String other = product == Product.SQLITE ? "PostgreSQL" : "SQLite";
        ConnectionFactory factory =
                proxied(RoutingConnectionFactory.over(registry).forProduct(other));
        StepVerifier.create(
                        Flux.usingWhen(Mono.<Connection>from(factory.create()), ProxyTests::seven, Connection::close)
                                .contextWrite(usingConnection(name)))
                .expectError(ProductMismatchException.class)
                .verify(PATIENCE);
        StepVerifier.create(
                        Flux.usingWhen(Mono.<Connection>from(factory.create()), ProxyTests::seven, Connection::close)
                                .contextWrite(usingConnection("unheard-of")))
                .expectError(UnknownConnectionException.class)
                .verify(PATIENCE);
    }
}
