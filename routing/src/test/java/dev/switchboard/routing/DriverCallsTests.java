package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.core.MethodExecutionInfo;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** What reaches the statement of the driver, heard by a proxy in front of it: the answer alone would not tell. */
class DriverCallsTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<String> calls = new CopyOnWriteArrayList<>();

    private ConnectionFactory heard(Database database) {
        return ProxyConnectionFactory.builder(ConnectionFactories.get(database.url()))
                .onBeforeMethod(this::note)
                .build();
    }

    private void note(MethodExecutionInfo call) {
        if (call.getTarget() instanceof Statement) {
            Object[] arguments = call.getMethodArgs();
            calls.add(call.getMethod().getName() + (arguments == null ? "[]" : Arrays.toString(arguments)));
        }
    }

    private <T> T answer(Mono<T> work) {
        calls.clear();
        return work.contextWrite(usingConnection("a")).blockOptional(PATIENCE).orElseThrow();
    }

    private void withDatabase(Product product, Consumer<SqlClient> test) {
        try (Database database = Databases.create(product)) {
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register(ConnectionDefinition.of("a", heard(database)));
            test.accept(SqlClient.over(RoutingConnectionFactory.over(registry)));
            registry.close().block(PATIENCE);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.switchboard.databases.Databases#available")
    void theFetchSizeReachesTheDriver(Product product) {
        withDatabase(product, db -> {
            SqlStatement seven = db.sql("SELECT 7");
            assertThat(answer(seven.fetchSize(42).map(Integer.class).one())).isEqualTo(7);
            assertThat(calls).contains("fetchSize[42]");

            assertThat(answer(seven.map(Integer.class).one())).isEqualTo(7);
            assertThat(calls).noneMatch(call -> call.startsWith("fetchSize"));
        });
    }

    @ParameterizedTest
    @MethodSource("dev.switchboard.databases.Databases#available")
    void aBatchIsOneExecutionWhereTheDriverTakesManyRowsAndOneForEachRowElsewhere(Product product) {
        List<Map<String, Object>> rows = IntStream.range(0, 40)
                .mapToObj(n -> Map.<String, Object>of("n", n))
                .toList();
        // Its driver takes many rows too, and then neither goes on nor ends when one of them fails.
        int executions = product == Product.POSTGRESQL ? 40 : 1;
        withDatabase(product, db -> {
            assertThat(answer(db.sql("CREATE TABLE many (n INT PRIMARY KEY)").rowsUpdated()))
                    .isZero();
            assertThat(answer(db.sql("INSERT INTO many VALUES (:n)").batch(rows).rowsUpdated()))
                    .isEqualTo(40);
            assertThat(calls).filteredOn("execute[]"::equals).hasSize(executions);
            assertThat(calls).filteredOn("add[]"::equals).hasSize(40 - executions);
        });
    }
}
