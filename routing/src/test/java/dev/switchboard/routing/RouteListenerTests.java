package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** Who hears where the connections of a scope lead. */
@Tag("once")
class RouteListenerTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<String> heard = new CopyOnWriteArrayList<>();

    @TempDir
    Path folder;

    private ReactiveConnectionRegistry registry;
    private SqlClient db;

    @BeforeEach
    void open() {
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.sqlite("orders", folder.resolve("orders.db")));
        db = SqlClient.over(RoutingConnectionFactory.over(registry));
    }

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
    }

    private Mono<Integer> query() {
        return db.sql("SELECT 1").map(Integer.class).one().contextWrite(usingConnection("orders"));
    }

    private RouteListener as(String name) {
        return (route, hints) -> heard.add(name + " " + route.connectionName() + " " + hints);
    }

    @Test
    void theInnerOneHearsFirstAndTheOuterOneAsWell() {
        Mono<Integer> chain = query().contextWrite(RouteListener.listening(as("inner")))
                .contextWrite(RouteListener.listening(as("outer")));
        assertThat(heard).isEmpty();
        assertThat(chain.block(PATIENCE)).isEqualTo(1);
        assertThat(heard).containsExactly("inner orders [connection 'orders']", "outer orders [connection 'orders']");
    }

    @Test
    void oneThatThrowsHurtsNeitherTheQueryNorTheOthers() {
        assertThat(query().contextWrite(RouteListener.listening((route, hints) -> {
                            throw new IllegalStateException("a mistake of the listener");
                        }))
                        .contextWrite(RouteListener.listening(as("outer")))
                        .block(PATIENCE))
                .isEqualTo(1);
        assertThat(heard).hasSize(1);
    }

    @Test
    void aHandleThatIsNeverUsedLeadsNowhere() {
        Mono<String> unused = Mono.usingWhen(
                RoutingConnectionFactory.over(registry).create(),
                handle -> Mono.just("unused"),
                handle -> handle.close());
        assertThat(unused.contextWrite(usingConnection("orders"))
                        .contextWrite(RouteListener.listening(as("outer")))
                        .block(PATIENCE))
                .isEqualTo("unused");
        assertThat(heard).isEmpty();
    }
}
